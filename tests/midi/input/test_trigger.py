"""What can be steered with, by its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.midi.input.trigger import Trigger, named, parse
from bachd.music.message import Message

TRIGGERS = st.builds(
    Trigger,
    st.just("cc"),
    st.integers(0, 119),
    st.none() | st.integers(1, 16),
) | st.builds(Trigger, st.sampled_from(["note", "program"]), st.integers(0, 127), st.none() | st.integers(1, 16))


@given(TRIGGERS | st.sampled_from([Trigger("bend"), Trigger("program"), Trigger("program", None, 3)]))
def test_what_is_written_is_read(trigger: Trigger) -> None:
    assert parse(str(trigger)) == trigger


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("CC 21", Trigger("cc", 21)),
        ("pedal", Trigger("cc", 64)),
        ("soft  on channel 2", Trigger("cc", 67, 2)),
        ("note 36", Trigger("note", 36)),
        ("note Eb2", Trigger("note", 39)),
        ("program 1", Trigger("program", 0)),
        ("bend", Trigger("bend")),
    ],
)
def test_there_are_several_ways_to_write_one(text: str, trigger: Trigger) -> None:
    assert parse(text) == trigger


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("knob 1", "nothing to steer with; write 'cc 21'"),
        ("cc 120", "no controller; they go from 0 to 119"),
        ("cc", "nothing to steer with"),
        ("note H1", "not a note name"),
        ("note 128", "no note; they go from 0 to 127"),
        ("program 0", "no program; they go from 1 to 128"),
        ("bend on channel 17", "no channel; they go from 1 to 16"),
    ],
)
def test_what_is_none_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)


@pytest.mark.parametrize(
    ("text", "data", "position"),
    [
        ("cc 21", "b0157f", 1.0),
        ("cc 21", "b31500", 0.0),
        ("cc 21 on channel 4", "b3157f", 1.0),
        ("note C2", "902401", 1.0),
        ("program", "c07f", 1.0),
        ("program 3", "c002", 1.0),
        ("bend", "e00000", 0.0),
    ],
)
def test_its_own_messages_have_a_position(text: str, data: str, position: float) -> None:
    trigger, message = parse(text), Message(bytes.fromhex(data))
    assert trigger.matches(message)
    assert trigger.position(message) == position


@pytest.mark.parametrize(
    ("text", "data"),
    [("cc 21", "b0167f"), ("cc 21 on channel 2", "b0157f"), ("note C2", "802440"), ("program 3", "c003")],
)
def test_other_messages_are_not_its_own(text: str, data: str) -> None:
    assert not parse(text).matches(Message(bytes.fromhex(data)))


def test_what_is_pressed_is_on() -> None:
    assert [parse("pedal").is_on(Message(bytes((0xB0, 64, value)))) for value in (0, 63, 64, 127)] == [
        False,
        False,
        True,
        True,
    ]


def test_one_that_stands_for_all_channels_overlaps() -> None:
    assert parse("cc 21").overlaps(parse("cc 21 on channel 2"))
    assert parse("program").overlaps(parse("program 5"))
    assert not parse("cc 21 on channel 1").overlaps(parse("cc 21 on channel 2"))
    assert not parse("cc 21").overlaps(parse("note 21"))


@given(TRIGGERS)
def test_a_message_is_named_by_the_trigger_it_comes_from(trigger: Trigger) -> None:
    status = {"cc": 0xB0, "note": 0x90, "program": 0xC0}[trigger.kind] | (trigger.channel or 1) - 1
    data = (status, trigger.number or 0) if trigger.kind == "program" else (status, trigger.number or 0, 1)
    found = named(Message(bytes(data)))
    assert found is not None
    assert found.matches(Message(bytes(data)))
    assert found.overlaps(trigger)
    assert named(Message(b"\x80\x3c\x40")) is None
