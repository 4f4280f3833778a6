"""What a synth that joins late has to be sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.midi.chase import Chase
from bachd.midi.reset import reset
from bachd.music.message import CLOCK, CONTINUE, START, STOP, songpos

CLOCK_AT_84 = 60 / 84 / 24


def chase(*messages: str) -> Chase:
    """A chase that has seen messages, written as hexadecimal digits; clocks are at a tempo of 84."""
    found = Chase()
    for number, data in enumerate(messages):
        found.see(10 + number * CLOCK_AT_84, bytes.fromhex(data))
    return found


def resumed(found: Chase) -> list[str]:
    resume = found.resume()
    return [] if resume is None else [data.hex() for data in resume.messages]


def clock(*parts: str | int) -> list[str]:
    """Messages of a clock: a number stands for so many F8."""
    return [data for part in parts for data in (["f8"] * part if isinstance(part, int) else [part])]


def test_banks_come_before_their_programs_and_the_last_values_count() -> None:
    found = chase("c013", "b00740", "b00057", "b02040", "c014", "c530", "b00750", "e00040")
    assert [data.hex() for data in found.state()] == ["b00057", "b02040", "c014", "b00750", "e00040", "c530"]


def test_notes_modes_and_a_lifted_pedal_are_not_repeated() -> None:
    found = chase("903c40", "803c40", "d040", "a03c40", *(message.data.hex() for message in reset()))
    assert found.state() == []


def test_without_a_clock_there_is_nothing_to_resume() -> None:
    assert resumed(chase("c013", "f8", "f8")) == []


def test_a_running_clock_is_joined_at_its_next_sixteenth() -> None:
    found = chase(*clock("fa", 96))
    assert resumed(found) == ["f21000", "fb"]
    assert (resume := found.resume()) is not None
    last = 10 + 96 * CLOCK_AT_84
    assert last < resume.due < last + CLOCK_AT_84
    assert not resume.fresh


def test_a_place_between_two_sixteenths_cannot_be_said_and_is_a_beginning() -> None:
    assert resumed(chase(*clock("fa", 97))) == ["fa"]


def test_a_position_beyond_the_furthest_is_a_beginning() -> None:
    assert resumed(chase("f27f7f", *clock("fb", 6))) == ["fa"]
    assert resumed(chase("f27e7f", *clock("fb", 6))) == ["f27f7f", "fb"]


def test_clocks_go_on_counting_from_a_position() -> None:
    assert resumed(chase(*clock("fa", 96, "fc", "f21000", "fb", 24))) == ["f21400", "fb"]


def test_a_clock_that_was_stopped_is_not_joined() -> None:
    assert resumed(chase(*clock("fa", 96, "fc", 12))) == []


def test_a_clock_that_was_taken_back_is_not_joined() -> None:
    found = chase(*clock("fa", 96))
    found.retract()
    assert resumed(found) == []


def test_a_start_that_is_on_its_way_is_fresh() -> None:
    found = chase("f21000", "fb")
    assert (resume := found.resume()) is not None
    assert (resume.fresh, resumed(found)) == (True, ["f21000", "fb"])
    assert resume.due == pytest.approx(10 + CLOCK_AT_84)


def test_after_a_stall_the_position_comes_before_the_next_clock() -> None:
    found = chase(*clock("fa", 95))
    found.see(30.0, CLOCK.data)
    assert (resume := found.resume()) is not None
    assert 30.0 < resume.due < 30.0 + CLOCK_AT_84


def test_what_is_held_back_is_the_running_clock() -> None:
    found = chase(*clock("fa", 3))
    assert [found.holds_back(message.data) for message in (CLOCK, START, CONTINUE, songpos(1), STOP)] == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert not found.holds_back(bytes.fromhex("c013"))
    assert not chase(*clock("fa", 3, "fc")).holds_back(CLOCK.data)


@given(st.lists(st.sampled_from(["f8"] * 8 + ["fa", "fc", "fb", "f20300"]), max_size=80))
def test_a_device_that_is_sent_the_resume_is_where_the_others_are(messages: list[str]) -> None:
    """Both are a counter as the specification has it; only places between two sixteenths begin anew."""

    def follow(data: bytes, running: bool, position: int) -> tuple[bool, int]:
        if data == START.data:
            return True, 0
        if data == CONTINUE.data:
            return True, position
        if data == STOP.data:
            return False, position
        if data[0] == 0xF2:
            return running, 6 * (data[1] | data[2] << 7)
        return running, position + running

    old = (False, 0)
    for data in messages:
        old = follow(bytes.fromhex(data), *old)
    new = (False, 0)
    for data in resumed(chase(*messages)):
        new = follow(bytes.fromhex(data), *new)
    assert new[0] == old[0]
    if old[0]:
        assert new[1] == (0 if old[1] % 6 else old[1])
