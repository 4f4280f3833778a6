"""Whatever is played, each note is ended and deadlines never decrease."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bachd.errors import ModelError
from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.music.piece import Origin, Step
from tests.realtime.performing import Script, play

NOTES = st.frozensets(st.integers(55, 64), max_size=4)


@st.composite
def step(draw: st.DrawFn) -> Step:
    held = draw(NOTES)
    event = Event(tuple(sorted(draw(NOTES) - held)), tuple(sorted(held)), draw(st.integers(1, 60)))
    return Step(event, Grid().place(0), Origin.MODEL, "a piece")


@given(
    script=st.lists(step() | st.floats(0.0, 2.0) | st.just(ModelError("broken")), max_size=15),
    stop=st.none() | st.floats(0.0, 6.0),
    stall=st.none() | st.tuples(st.floats(0.0, 4.0), st.floats(0.0, 3.0)),
    channels=st.lists(st.integers(1, 16), min_size=1, max_size=4, unique=True),
)
def test_every_note_on_has_its_note_off_and_deadlines_never_decrease(
    script: Script, stop: float | None, stall: tuple[float, float] | None, channels: list[int]
) -> None:
    at = None if stall is None else (stall[0], lambda clock: clock.stall(stall[1]))
    played = play(script, bpm=140, stop=stop, at=at, channels=channels)
    sounding: set[tuple[int, int]] = set()
    for message in played.messages:
        if message.type == "note_on":
            assert (message.channel, message.note) not in sounding
            sounding.add((message.channel, message.note))
        elif message.type == "note_off":
            sounding.remove((message.channel, message.note))
    assert not sounding
    for earlier, later in zip(played.output.messages, played.output.messages[1:], strict=False):
        assert earlier.due <= later.due
        assert earlier.tick <= later.tick
    if stall is None:
        assert min(ahead for ahead, _ in played.calls or [(0.0, 0)]) >= -1e-9, "no deadline is set that has passed"


@given(script=st.lists(step() | st.floats(0.0, 2.0), max_size=15))
def test_what_is_composed_is_played_to_its_end_however_late_it_comes(script: Script) -> None:
    played = play(script, bpm=140)
    composed = [item.event for item in script if isinstance(item, Step)]
    struck = [message.note for message in played.messages if message.type == "note_on"]
    assert Counter(note for event in composed for note in event.starts) <= Counter(struck)
    assert all(timed.tick <= sum(event.ticks for event in composed) for timed in played.output.messages)
