"""What uploaded files are called when they are kept."""

from __future__ import annotations

import pytest

from bachd.service.web.server.music_files.files import stem_of


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Suite 1.mid", "Suite-1"),
        ("\u97f3\u697d.mid", "\u97f3\u697d"),
        ("Pre\u0301lude n\xba 1.kar", "Pr\xe9lude-n\xba-1"),
        ("\u0410\u0440\u0438\u044f/x/\u0410\u0440\u0438\u044f.mid", "\u0410\u0440\u0438\u044f"),
        ("..\\..\\mine.mid", "mine"),
        ("../../etc/passwd", "passwd"),
        ("", "seed"),
        ("a\x00b\u202e\n.mid", "a-b"),
        ("caf\udce9.mid", "caf"),
    ],
)
def test_a_name_keeps_its_letters_and_loses_what_is_dangerous(name: str, stem: str) -> None:
    assert stem_of(name) == stem


def test_a_long_name_fits_into_a_file_system() -> None:
    assert len(f"{stem_of(chr(0x20000) * 300)}-01234567.mid".encode()) <= 255
    assert stem_of("x" * 300) == "x" * 40
