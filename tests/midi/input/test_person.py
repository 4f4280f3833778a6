"""What a person does, as far as it can be known from what comes in."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bachd.midi.input.echo import WINDOW, EchoFilter
from bachd.midi.input.person import Person
from bachd.music.message import note_on
from bachd.realtime.output import TimedMessage


def played(person: Person, *messages: str, source: str = "a keyboard", moment: float = 1.0) -> str:
    return " ".join(
        event.message.data.hex()
        for message in messages
        for event in person.receive(moment, bytes.fromhex(message), source)
    )


def test_keys_pedals_controllers_programs_and_wheels_are_passed_on() -> None:
    sent = ("903c40", "803c40", "b04040", "b00701", "c005", "e00040")
    assert played(Person(), *sent) == " ".join(sent)


def test_a_note_on_without_velocity_ends_a_note() -> None:
    assert played(Person(), "903c40", "903c00") == "903c40 803c40"


def test_a_key_goes_down_once_and_comes_up_once() -> None:
    assert played(Person(), "803c40", "903c40", "903c50", "803c40", "803c40") == "903c40 803c40 903c50 803c40"


def test_aftertouch_clocks_and_sensing_mean_nothing() -> None:
    assert played(Person(), "a03c40", "d040", "f8", "fe", "f07ef7") == ""


def test_two_keyboards_hold_the_same_key_apart() -> None:
    person = Person()
    assert played(person, "903c40", source="left") == "903c40"
    assert played(person, "903c50", source="right") == "903c50"
    assert played(person, "803c40", source="left") == "803c40"
    assert [event.source for event in person.receive(2.0, b"", "right")] == ["right"]


def test_whoever_is_unplugged_lets_go_of_keys_pedals_and_wheels() -> None:
    person = Person()
    played(person, "903c40", "914040", "b0407f", "b0437f", "b04300", "e20060", "b04a7f")
    assert played(person, "904340", source="another") == "904340"
    assert [event.message.data.hex() for event in person.receive(2.0, b"", "a keyboard")] == [
        "803c40",
        "814040",
        "b04000",
        "e20040",
    ]
    assert person.receive(2.0, b"", "a keyboard") == []
    assert [event.message.data.hex() for event in person.release(3.0)] == ["804340"]


def test_all_notes_off_lets_go_of_the_keys_of_its_channel() -> None:
    assert played(Person(), "903c40", "913c40", "b07b00") == "903c40 913c40 803c40"


def test_other_channels_are_left_out() -> None:
    person = Person((2, 3))
    assert played(person, "903c40", "913c40", "b04040", "b24040", "c005") == "913c40 b24040"


def test_what_a_synth_sends_back_is_left_out_once() -> None:
    echo = EchoFilter()
    person = Person(echo=echo)
    echo.sent([TimedMessage(1.0, 0, note_on(0, 60, 64))])
    assert played(person, "903c40", moment=1.0 + WINDOW / 2) == ""
    assert played(person, "803c40", moment=1.0 + WINDOW / 2) == ""  # it was never down
    assert played(person, "903c40", moment=1.0 + WINDOW / 2) == "903c40"


def test_what_comes_later_or_on_another_channel_is_no_echo() -> None:
    echo = EchoFilter()
    echo.sent([TimedMessage(1.0, 0, note_on(0, 60, 64)), TimedMessage(1.0, 0, note_on(0, 62, 64))])
    assert played(Person(echo=echo), "913c40", moment=1.0) == "913c40"
    assert played(Person(echo=echo), "903c40", moment=1.0 + 2 * WINDOW) == "903c40"
    assert played(Person(echo=echo), "903e40", moment=0.9) == "903e40"


MESSAGES = st.tuples(
    st.sampled_from([0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xE0]), st.integers(0, 2), st.integers(58, 66), st.integers(0, 127)
)


@given(st.lists(st.tuples(MESSAGES, st.sampled_from("ab")) | st.sampled_from("ab"), max_size=60))
def test_each_key_that_goes_down_comes_up(stream: list[object]) -> None:
    person, down = Person(), Counter[tuple[str, int, int]]()
    for item in stream:
        if isinstance(item, tuple):
            (kind, channel, one, two), source = item
            data = bytes((kind | channel, one) if kind == 0xC0 else (kind | channel, one, two))
        else:
            data, source = b"", str(item)
        for event in person.receive(0.0, data, source):
            message = event.message
            if message.type in ("note_on", "note_off"):
                down[source, message.channel, message.note] += 1 if message.type == "note_on" else -1
        assert set(down.values()) <= {0, 1}
    for event in person.release(0.0):
        if event.message.type == "note_off":
            down[event.source, event.message.channel, event.message.note] -= 1
    assert set(down.values()) <= {0}
    assert person.release(0.0) == []


def test_release_lets_go_of_all() -> None:
    person = Person()
    played(person, "903c40", "b0407f")
    assert [event.message.data.hex() for event in person.release(0.0)] == ["803c40", "b04000"]
