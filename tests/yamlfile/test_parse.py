"""YAML that was made to break its reader."""

from __future__ import annotations

import contextlib

import pytest
import yaml

from bachd.yamlfile import parse as yaml_parse
from bachd.yamlfile.nodes import MalformedError


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
@pytest.mark.parametrize(
    "bomb", ["[", "{", "- ", "? ", "[a: ", "a:\n", "a: ", "&a ", "'", '"', "\n", ": ", "a\n", "!", "%", "---\n", "|\n"]
)
def test_a_bomb_is_read_or_refused(bomb: str, loader: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_parse, "_LOADER", loader)
    with contextlib.suppress(MalformedError):
        yaml_parse.read(bomb * (100_000 // len(bomb)))
