from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bachd.errors import OutputError
from bachd.midi.speaker import soundfont

WHOLE = b"RIFF" + struct.pack("<I", 12) + b"sfbk" + bytes(8)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "a.sf2: is no soundfont; set speaker.soundfont to an .sf2 file"),
        (b"RIFF\x00\x00\x00\x00WAVE", "a.sf2: is no soundfont; set speaker.soundfont to an .sf2 file"),
        (WHOLE[:-1], "a.sf2: the soundfont is cut off; copy or install it again"),
    ],
    ids=["empty", "a .wav", "cut off"],
)
def test_a_file_that_is_no_soundfont_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "a.sf2").write_bytes(content)
    with pytest.raises(OutputError) as fault:
        soundfont.find(str(tmp_path / "a.sf2"))
    assert str(fault.value).removeprefix(f"{tmp_path}/") == complaint


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.sf2"):
        with pytest.raises(OutputError, match="there is no such soundfont"):
            soundfont.find(str(path))


def test_the_systems_choice_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfont, "FOLDERS", (str(tmp_path),))
    with pytest.raises(OutputError, match="on Debian sudo apt install libfluidsynth3"):
        soundfont.find()
    for name in ("Aaa.sf2", "default-GM.sf2"):
        (tmp_path / name).write_bytes(WHOLE)
    assert soundfont.find().name == "default-GM.sf2"
    (tmp_path / "default-GM.sf2").unlink()
    assert soundfont.find().name == "Aaa.sf2"
