from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import main


@pytest.mark.realtime
@pytest.mark.usefixtures("no_midi", "jack")
def test_a_short_run_fills_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["absolute deadlines", "bachd, JACK's cycles"]
    file = tmp_path / "a.json"
    arguments = ["--notes", "10", "--conditions", "idle,a page served", "--json", str(file)]
    assert main([*arguments, "--strategies", "absolute deadlines,bachd"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(" | ")[1:3] == ["idle", "a page served"]
    assert [line.split(" | ")[0].strip("| *") for line in lines[2:]] == names
    cells = json.loads(file.read_text())["cells"]
    assert [cells["idle"][name]["messages"] for name in names] == [20, 20]
    assert all(cell["wrong"] == 0 for row in cells.values() for cell in row.values())
