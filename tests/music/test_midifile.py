"""Reading .mid files: each golden file is an annotated dump, and below '=' the piece that it must give."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd.errors import SeedError
from bachd.music import midifile, smf
from bachd.music.event import print_line
from bachd.music.piece import Piece

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.txt"))

HEADER = "4D546864 00000006 0000 0001 0018 "
NOTE = "00903C40 18803C40 "
END = "00FF2F00"


def undump(text: str) -> bytes:
    """The bytes of a hex dump; '#' opens a comment."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in text.splitlines()))


def track(text: str) -> str:
    """A track chunk around the messages."""
    return f"4D54726B {len(undump(text)):08X} {text}"


def describe(piece: Piece) -> str:
    metres = [f"{metre} at {tick}" if tick else f"{metre}" for tick, metre in piece.grid.changes]
    signs = [f"upbeat {piece.grid.upbeat}"] if piece.grid.upbeat else []
    signs += [f"{piece.bpm:g} bpm"] if piece.bpm is not None else []
    return f"metre {', '.join([*metres, *signs])}\n{print_line(piece.events)}"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_file_reads_as_it_says(path: Path) -> None:
    dump, _, expected = path.read_text().partition("\n=\n")
    piece = midifile.read(undump(dump), "golden")
    assert describe(piece) == expected.strip()
    assert piece.name == "golden"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_was_read_is_written_and_read_again_unchanged(path: Path) -> None:
    piece = midifile.read(undump(path.read_text().partition("\n=\n")[0]), "golden")
    assert midifile.read(midifile.write(piece), "golden") == piece


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_file_cut_short_anywhere_is_refused(path: Path) -> None:
    whole = undump(path.read_text().partition("\n=\n")[0])
    behind = 4 if path.stem == "foreign" else 0  # junk behind the last track, which is not read
    for size in range(len(whole) - behind):
        with pytest.raises(SeedError, match=r"^cut\.mid: (the file is (truncated|empty)|this is no MIDI file)[^\n]*$"):
            midifile.read(whole[:size], "cut.mid")


@pytest.mark.parametrize(
    ("dump", "fault"),
    [
        ("", "the file is empty"),
        ("52494646 04000000 524D4944", "this is no MIDI file: it does not begin with 'MThd'"),
        ("4D546864 00000004 0000 0001", "this is no MIDI file: its header is too short"),
        ("4D546864 00000006 0002 0001 0018", "a MIDI file of format 2 holds no single piece; save it as format 0 or 1"),
        ("4D546864 00000006 0000 0001 0000", "the header is damaged: its ticks have no length (0x00 0x00)"),
        ("4D546864 00000006 0000 0001 E700", "the header is damaged: its ticks have no length (0xe7 0x00)"),
        ("4D546864 00000006 0000 0001 E128", "the header is damaged: its ticks have no length (0xe1 0x28)"),
        ("4D546864 00000006 0001 0000 0018", "there are no notes in this file, drums aside"),
        (HEADER, "the file is truncated: 0 of its 1 tracks are there"),
        (HEADER + "4D54726B 00000010 00903C40", "the file is truncated: track 1 ends 12 bytes after the file"),
        (HEADER + "4D5472", "the file is truncated: track 1 ends 5 bytes after the file"),
        (HEADER + track(NOTE + "00"), "track 1 is damaged: it breaks off within a message"),
        (HEADER + track(NOTE + "00903C"), "track 1 is damaged: it breaks off within a message"),
        (HEADER + track(NOTE + "00FF5103"), "track 1 is damaged: it breaks off within a message"),
        (HEADER + track(NOTE + "00F081"), "track 1 is damaged: it breaks off within a message"),
        (
            HEADER.replace("0000 0001", "0001 0002") + track(NOTE + END) + track("00" + NOTE + END),
            "track 2 is damaged: it begins with a message that has no status",
        ),
        (
            HEADER + track("00908040" + END),
            "track 1 is damaged: it holds a message with a byte above 127: 90 80 40",
        ),
        (HEADER + track("00F4" + END), "track 1 is damaged: it holds a status that is not defined, 0xf4"),
        (HEADER + track("00FF510107" + END), "track 1 is damaged: it holds a meta message 0x51 that is too short"),
        (HEADER + track("9080808000 903C40" + END), "track 1 is damaged: it holds a time of more than four bytes"),
        (HEADER + track("81" * 5000 + NOTE + END), "track 1 is damaged: it holds a time of more than four bytes"),
        (HEADER + track(END), "there are no notes in this file, drums aside"),
        (HEADER + track("00992640 18892640" + END), "there are no notes in this file, drums aside"),
        (
            HEADER + track("00903C40 FFFFFF7F803C40" + END),
            "damaged, or its 11184810 quarter notes really last for more than a day",
        ),
    ],
)
def test_a_file_without_a_piece_is_refused_in_one_line_that_says_why(dump: str, fault: str) -> None:
    with pytest.raises(SeedError) as refused:
        midifile.read(undump(dump), "seed.mid")
    assert str(refused.value) == f"seed.mid: {fault}"


def test_a_file_too_large_for_a_piece_is_refused_unread() -> None:
    with pytest.raises(SeedError, match=r"^big\.mid: the file has more than the 262144 bytes of a long piece; take "):
        midifile.read(bytes(smf.MOST_BYTES + 1), "big.mid")


def test_a_length_without_an_end_is_refused() -> None:
    endless = f"00FF01 {'FF' * 1000}7F"  # a text as long as a number of 2,000 digits
    with pytest.raises(SeedError, match=r"^any\.mid: track 1 is damaged: it holds a length of more than four bytes$"):
        midifile.read(undump(HEADER + track(endless)), "any.mid")
