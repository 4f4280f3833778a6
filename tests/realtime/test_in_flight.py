from __future__ import annotations

from bachd.music.message import Message, marker, note_off, note_on, program_change, set_tempo
from bachd.realtime.in_flight import InFlight, Retracted
from bachd.realtime.output import TimedMessage


def sent(*messages: tuple[float, Message]) -> InFlight:
    """Messages with their deadlines, all sent at 0; ticks are 24 a second."""
    found = InFlight()
    found.add([TimedMessage(due, 24 * due, message) for due, message in messages], 0.0)
    return found


ON, OFF, OTHER = note_on(2, 60, 64), note_off(2, 60), note_on(0, 67, 64)


def test_a_note_sounds_from_its_begin_to_its_end() -> None:
    for now, sounding in ((0.9, {}), (1.0, {60: 2}), (1.9, {60: 2}), (2.0, {})):
        assert sent((1.0, ON), (2.0, OFF)).retract(now).sounding == sounding


def test_what_is_retracted_is_forgotten() -> None:
    found = sent((1.0, ON), (2.0, OFF), (2.0, OTHER))
    assert found.retract(1.5) == Retracted({60: 2}, 24.0, [])
    assert found.retract(9.0).sounding == {60: 2}


def test_settings_that_were_not_delivered_have_to_be_sent_again_and_notes_and_markers_not() -> None:
    program, tempo = program_change(0, 19), set_tempo(96)
    found = sent((1.0, set_tempo(84)), (2.0, program), (3.0, tempo), (3.0, marker("bwv1")), (3.0, ON))
    assert found.retract(1.0).undelivered == [program, tempo]


def test_messages_are_delivered_by_deadline_in_whatever_order_they_were_sent() -> None:
    assert sent((2.0, OFF), (1.0, ON)).retract(3.0) == Retracted({}, 48.0, [])
    assert sent((1.0, OFF), (1.0, ON)).retract(1.0).sounding == {60: 2}


def test_what_is_sent_later_comes_after_what_is_on_its_way() -> None:
    found = sent((1.0, ON))
    found.add([TimedMessage(1.2, 30, OTHER), TimedMessage(1.3, 31, OFF)], 0.5)
    assert found.retract(1.25) == Retracted({60: 2, 67: 0}, 30, [])


def test_nothing_has_been_delivered_at_first() -> None:
    assert InFlight().retract(0.0) == Retracted({}, 0.0, [])
