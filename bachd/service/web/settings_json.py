"""Collect the settings in force, and what there is to choose from, for the page.

Law: nothing here changes anything; a list of ports is made anew at most every few seconds.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

from bachd.config import BOTH, DEVICES, TOGETHER, TOGETHER_VOICES, Config
from bachd.errors import BachdError
from bachd.neural.bundle import bundle
from bachd.neural.bundle.card import read_card
from bachd.service.settings import presets
from bachd.service.settings.draft import Draft
from bachd.service.web.messages import Settings
from bachd.yamlfile.keys import keys, plain

LIMITS: Final = {key.path: list(key.kind.limits) for key in keys(Config) if key.kind and key.kind.limits}
"""Least and largest values, for sliders."""
FRESH: Final = 10.0
"""Seconds for which a list of ports is good enough."""


class SettingsJson:
    """May wait for the disk."""

    def __init__(self, seeds: Path, home: Path) -> None:
        """seeds: the folder of the uploaded pieces. home: that of config.yaml."""
        self._seeds, self._home = seeds, home
        self._chosen: set[str] = set()  # bundles of one's own that have played, wherever they are
        self._ports: tuple[float, list[str]] = (-FRESH, [])

    def of(self, config: Config, draft: Draft) -> Settings:
        """The settings, as config.yaml writes them, and what there is to choose from."""
        return {
            "values": plain(config),
            "unsaved": bool(draft.unsaved),
            "undo": bool(draft.undos),
            "redo": bool(draft.redos),
            "choices": {
                "models": self.models(config.model),
                "pieces": self._pieces(config.model),
                "ports": self._list_ports(),
                "devices": list(DEVICES),
                "together": list(TOGETHER),
                "together_voices": [*TOGETHER_VOICES, BOTH],
            },
            "limits": LIMITS,
            "presets": presets.known(),
        }

    def models(self, model: str) -> list[str]:
        """The bundles to choose from, while `model` plays: names, and paths of one's own."""
        if "/" in model:
            self._chosen.add(model)
        own = {path: None for each in ("", *sorted(self._chosen)) for path in bundle.own(self._home, each)}
        return [*bundle.names(), *own]

    def _pieces(self, model: str) -> list[str]:
        own: list[str] = []
        with suppress(BachdError, OSError):
            own = list(read_card(bundle.folder(model)).seeds)
        return own + sorted(map(str, self._seeds.glob("*.mid")))

    def _list_ports(self) -> list[str]:
        from bachd.midi.systems import list_ports

        if monotonic() - self._ports[0] > FRESH:
            self._ports = (monotonic(), [port.name for port in list_ports()])
        return self._ports[1]
