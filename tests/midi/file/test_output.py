from __future__ import annotations

import io
import os
import time
from contextlib import suppress
from pathlib import Path

import mido
import pytest
from mido import Message, MetaMessage

from bachd.errors import OutputError
from bachd.midi.file.output import FileOutput
from bachd.realtime.output import TimedMessage


def at(tick: int, message: Message | MetaMessage) -> TimedMessage:
    return TimedMessage(tick / 48, tick, message)


def on(tick: int, note: int = 60) -> TimedMessage:
    return at(tick, Message("note_on", note=note))


def off(tick: int, note: int = 60) -> TimedMessage:
    return at(tick, Message("note_off", note=note))


def read(path: Path) -> list[str]:
    """What a file plays, each message with its tick, 24 to the quarter; mido is strict about lengths."""
    midi = mido.MidiFile(file=io.BytesIO(path.read_bytes()))
    assert midi.type == 0
    found, tick = [], 0
    for message in midi.tracks[0]:
        tick += message.time
        if message.type == "end_of_track":
            break
        if message.type != "text":
            found.append(f"{tick * 24 / midi.ticks_per_beat:g} {str(message.copy(time=0)).removesuffix(' time=0')}")
    return found


def test_the_file_plays_what_was_sent(tmp_path: Path) -> None:
    output = FileOutput(tmp_path / "a.mid")
    output.send([at(0, MetaMessage("set_tempo", tempo=500000)), at(0, MetaMessage("marker", text="bwv269"))])
    output.send([at(0, Message("program_change", channel=2, program=19)), on(0)])
    output.send([off(24), on(24, 64)])
    output.send([off(24 * 500, 64)])
    output.close()
    assert read(tmp_path / "a.mid") == [
        "0 MetaMessage('set_tempo', tempo=500000, time=0)",
        "0 MetaMessage('marker', text='bwv269', time=0)",
        "0 program_change channel=2 program=19",
        "0 note_on channel=0 note=60 velocity=64",
        "24 note_off channel=0 note=60 velocity=64",
        "24 note_on channel=0 note=64 velocity=64",
        "12000 note_off channel=0 note=64 velocity=64",
    ]


def test_a_file_holds_no_messages_that_only_ports_know(tmp_path: Path) -> None:
    output = FileOutput(tmp_path / "a.mid")
    output.send([at(0, Message("clock")), at(0, Message("active_sensing")), on(0)])
    output.close()
    assert len(read(tmp_path / "a.mid")) == 1


def test_a_run_without_music_leaves_nothing(tmp_path: Path) -> None:
    new = FileOutput(tmp_path / "new.mid")
    assert read(new.path) == []  # whole from the start, should the process be killed now
    new.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever made it: a user's piece, and a recording of an earlier run, which somebody may want to keep."""
    caplog.set_level("INFO", "bachd")
    mine = tmp_path / "mine.mid"
    mine.write_bytes(b"MThd" + bytes(9))
    before = mine.read_bytes()
    for note in (62, 64):
        output = FileOutput(mine)
        output.send([on(0, note)])
        output.close()
        assert output.wanted == mine
    assert mine.read_bytes() == before
    assert "note=62" in read(tmp_path / "mine-2.mid")[0]
    assert "note=64" in read(tmp_path / "mine-3.mid")[0]
    assert [line.rpartition("recording into ")[2] for line in caplog.messages] == [
        str(tmp_path / "mine-2.mid"),
        str(tmp_path / "mine-3.mid"),
    ]


def test_a_recording_begins_with_what_it_is_sent_first_however_long_the_music_has_played(tmp_path: Path) -> None:
    output = FileOutput(tmp_path / "late.mid")
    output.send([on(10_000), off(10_005)])
    output.close()
    assert [line.split()[0] for line in read(output.path)] == ["0", "5"]


@pytest.mark.parametrize("polls", [0, 1, 2])
def test_music_that_was_polled_is_on_disk_without_closing(tmp_path: Path, polls: int) -> None:
    output = FileOutput(tmp_path / "a.mid")
    for tick in range(polls):
        output.send([on(tick)])
        assert output.poll() == ()
    output.send([on(99)])
    assert len(read(tmp_path / "a.mid")) == polls
    output.close()
    assert len(read(tmp_path / "a.mid")) == polls + 1


class KilledError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("cut", [0, 1, 4, 9])
@pytest.mark.parametrize("survives", range(9))
def test_a_file_reads_at_whatever_moment_its_process_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survives: int, cut: int
) -> None:
    """Each of three batches takes three writes; `survives` succeed, the next is cut after `cut` bytes."""
    path, sent, real = tmp_path / "a.mid", [2, 1, 3], os.pwrite
    writes = 0

    def pwrite(descriptor: int, data: bytes, where: int) -> int:
        nonlocal writes
        writes += 1
        if writes <= survives:
            return real(descriptor, data, where)
        if len(data) > 4:  # what lies within one page is written as a whole or not at all
            real(descriptor, data[:cut], where)
        raise KilledError

    output = FileOutput(path)
    monkeypatch.setattr(os, "pwrite", pwrite)
    with suppress(KilledError):
        for batch, size in enumerate(sent):
            output.send([on(24 * batch)] * size)
            output.poll()
    monkeypatch.undo()
    assert writes == survives + 1
    assert len(read(path)) == sum(sent[: survives // 3])
    output.close()


def test_what_is_retracted_is_not_in_the_file(tmp_path: Path) -> None:
    output = FileOutput(tmp_path / "a.mid")
    due = time.monotonic()
    output.send([TimedMessage(due, 0, Message("note_on", note=60))])
    output.send([TimedMessage(due + 0.1, 24, Message("note_on", note=62))])
    assert output.poll() == ()
    output.retract(due)
    output.send([TimedMessage(due + 0.05, 12, Message("note_off", note=60))])
    output.close()
    assert read(output.path) == [
        "0 note_on channel=0 note=60 velocity=64",
        "12 note_off channel=0 note=60 velocity=64",
    ]


def test_messages_between_two_ticks_keep_their_place_and_no_error_adds_up(tmp_path: Path) -> None:
    output = FileOutput(tmp_path / "a.mid")
    for index in range(1000):
        output.send([TimedMessage(index / 100, index * 0.33, Message("note_on", note=60))])
    output.close()
    ticks = [float(line.split()[0]) for line in read(output.path)]
    assert ticks == [pytest.approx(index * 0.33, abs=0.026) for index in range(1000)]


def test_memory_stays_bounded_when_nobody_polls(tmp_path: Path) -> None:
    output = FileOutput(tmp_path / "a.mid")
    for tick in range(5_000):
        output.send([on(tick)])
    assert (tmp_path / "a.mid").stat().st_size > 15_000
    output.close()
    assert len(read(tmp_path / "a.mid")) == 5_000


def test_the_same_music_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.mid", "b.mid"):
        output = FileOutput(tmp_path / name)
        for tick in range(2_000):
            output.send([on(tick), off(tick + 1), on(tick + 1), off(tick + 2)])
        output.close()
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def test_what_is_no_recording_is_not_replaced(tmp_path: Path) -> None:
    letter = tmp_path / "letter.mid"
    letter.write_text("Dear Anna Magdalena")
    with pytest.raises(OutputError, match=r"letter\.mid: is there already and no \.mid file; choose another name"):
        FileOutput(letter)
    assert letter.read_text() == "Dear Anna Magdalena"


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="choose another name"):
        FileOutput(tmp_path)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"none/a\.mid: cannot be written: there is no folder .*none"):
        FileOutput(tmp_path / "none" / "a.mid")


def test_a_disk_that_fills_up_leaves_the_music_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = FileOutput(tmp_path / "a.mid")
    output.send([on(0)])
    output.poll()
    real = os.pwrite
    room = 10

    def pwrite(descriptor: int, piece: bytes, where: int) -> int:
        nonlocal room
        if room == 0:
            raise OSError(28, "No space left on device")
        written = real(descriptor, piece[:room], where)
        room -= written
        return written

    monkeypatch.setattr(os, "pwrite", pwrite)
    output.send([on(tick) for tick in range(1, 9)])
    (line,) = output.poll()
    assert line.startswith("recording has stopped: ")
    assert "No space left on device" in line
    assert "No space left on device" in output.description
    output.send([on(9)])
    assert output.poll() == ()
    with pytest.raises(OutputError, match="holds the music up to there"):
        output.close()
    assert len(read(tmp_path / "a.mid")) == 1
