"""Unsaved changes over the text of config.yaml, as an immutable value.

Law: there is one truth, the text of config.yaml with the unsaved changes put into it, and it is read as a saved file
would be. What the file says anew wins over an older unsaved change of the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bachd.errors import ConfigError, Fault
from bachd.yamlfile import edit

UNDOS: Final = 50
"""Changes that can be undone."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text of config.yaml, and what is wanted otherwise. Its methods raise ConfigError."""

    text: str
    """What the file says, or said when it could be used last."""
    unsaved: Mapping[str, Any] = field(default_factory=dict)
    """Values that differ from the text's, by keys such as 'seed.piece'."""
    undos: tuple[Mapping[str, Any], ...] = ()
    """What takes back each of the last changes, the last one last."""
    redos: tuple[Mapping[str, Any], ...] = ()
    """What makes each of the changes again that were undone since, the first one last."""

    @property
    def content(self) -> str:
        """The text with the unsaved changes put into it."""
        text = self.text
        for key, value in self.unsaved.items():
            text = _edited(edit.put, text, key, value)
        return text

    def value(self, key: str) -> Any:
        """Return the value of a key as the content writes it; None if it has none."""
        return self.unsaved[key] if key in self.unsaved else _get(self.text, key)

    def rebased(self, text: str) -> Draft:
        """Return the draft over another text of the file; an empty file has been lost, and changes nothing."""
        if not text or text == self.text:
            return self
        unsaved = {key: each for key, each in self.unsaved.items() if _same(_get(text, key), _get(self.text, key))}
        return replace(self, text=text, unsaved=unsaved)

    def changed(self, wanted: Mapping[str, Any], *, continues: bool = False) -> Draft:
        """Return the draft with other values for some keys.

        continues: whether it goes on with the last change, if that was of the same keys, so that both are one to undo.
        """
        inverse = self._present(wanted)
        if all(_same(inverse[key], value) for key, value in wanted.items()):
            return self  # to undo it would change nothing
        if continues and self.undos and self.undos[-1].keys() == wanted.keys():
            return replace(self._with(wanted), redos=())
        return replace(self._with(wanted), undos=(*self.undos, inverse)[-UNDOS:], redos=())

    def undone(self) -> Draft:
        """Return the draft without the last change."""
        if not self.undos:
            raise ConfigError("there is nothing to undo")
        last, undos = self.undos[-1], self.undos[:-1]
        return replace(self._with(last), undos=undos, redos=(*self.redos, self._present(last)))

    def redone(self) -> Draft:
        """Return the draft with the change again that was undone last."""
        if not self.redos:
            raise ConfigError("there is nothing to redo")
        first, redos = self.redos[-1], self.redos[:-1]
        return replace(self._with(first), undos=(*self.undos, self._present(first)), redos=redos)

    def saved(self) -> Draft:
        """Return the draft as it is once its content has been written into the file."""
        return replace(self, text=self.content, unsaved={})

    def _present(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """The present values of the keys that others are wanted for."""
        return {key: self.value(key) for key in wanted}

    def _with(self, wanted: Mapping[str, Any]) -> Draft:
        unsaved = {**self.unsaved, **wanted}
        differing = {key: value for key, value in unsaved.items() if not _same(value, _get(self.text, key))}
        return replace(self, unsaved=differing)


def _get(text: str, key: str) -> Any:
    return _edited(edit.get, text, key)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same as YAML: 96 and 96.0 are, 1 and true are not."""
    return edit.write(one) == edit.write(other)


def _edited(how: Callable[..., Any], text: str, key: str, *value: Any) -> Any:
    try:
        return how(text, key, *value)
    except edit.UneditableError as error:
        raise ConfigError([Fault(None, key, f"cannot be changed: {error}; change config.yaml itself")]) from None
