"""Find a General MIDI soundfont, and see whether a file is one.

Law: a file that FluidSynth could not read is refused in one line, before any sound card is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bachd.errors import OutputError

FOLDERS: Final = (
    "/usr/share/sounds/sf2",
    "/usr/share/soundfonts",
    "/usr/share/sounds/sf3",
    "/opt/homebrew/share/soundfonts",
)
"""Folders in which systems keep General MIDI soundfonts."""
INSTALL: Final = "sudo apt install libfluidsynth3 timgm6mb-soundfont"
"""What gives a Debian its own sound: 6 MB; fluid-soundfont-gm sounds better and has 140 MB."""
_DEFAULT: Final = "default-GM.sf2"
"""What Debian's alternatives call the one that was chosen."""
_HEAD: Final = 12
"""Bytes: 'RIFF', a length, and the form, which is 'sfbk' in soundfonts (SoundFont 2.04, section 3)."""


def find(chosen: str | None = None) -> Path:
    """Return the soundfont to play with: the one that was chosen, or the system's.

    Raises OutputError if it is missing or damaged, or there is none.
    """
    if chosen is not None:
        check(Path(chosen))
        return Path(chosen)
    found = installed()
    if not found:
        raise OutputError(
            f"there is no General MIDI soundfont in {', '.join(FOLDERS)}: on Debian {INSTALL}, "
            "or set speaker.soundfont to an .sf2 file"
        )
    check(found[0])
    return found[0]


def installed() -> list[Path]:
    """Return the soundfonts of this system, the one to take first."""
    found = [font for folder in FOLDERS for font in sorted(Path(folder).glob("*.sf[23]"))]
    return sorted(found, key=lambda font: font.name != _DEFAULT)


def check(path: Path) -> None:
    """Raise OutputError if a file cannot be a soundfont: it is missing, cut off, or something else."""
    try:
        if not path.is_file():  # a pipe would be waited for
            raise OutputError(f"{path}: there is no such soundfont; set speaker.soundfont to an .sf2 file")
        with path.open("rb") as file:
            head = file.read(_HEAD)
        size = path.stat().st_size
    except OSError as fault:
        raise OutputError(f"{path}: the soundfont cannot be read: {fault.strerror}") from None
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise OutputError(f"{path}: is no soundfont; set speaker.soundfont to an .sf2 file")
    if size < 8 + int.from_bytes(head[4:8], "little"):
        raise OutputError(f"{path}: the soundfont is cut off; copy or install it again")
