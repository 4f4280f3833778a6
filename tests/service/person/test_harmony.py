"""Harmonising live: the same chords as from a file, at once, and none that hangs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from itertools import pairwise
from random import Random

import pytest

from bachd.config import BOTH, TOGETHER_VOICES, Config, Sampling
from bachd.config_midi import Midi
from bachd.errors import ModelError
from bachd.midi.fan_out import FanOut
from bachd.midi.input.melody import TOGETHER
from bachd.music.event import Event, parse_line
from bachd.neural.harmonise.harmoniser import Harmoniser
from bachd.neural.harmonise.melody import harmonise, top_line
from bachd.realtime.output import TimedMessage
from bachd.realtime.transport import Transport
from bachd.service.factory import open_composer, open_harmoniser
from bachd.service.parts import Parts
from bachd.service.person.harmony import PATIENCE, HarmonyPartner
from bachd.service.person_source import PersonSource
from tests.fakes import FakeClock, RecordingOutput, run
from tests.service.person.cable import Cable
from tests.service.person.inline import Inline

CONFIG = Config(together="harmonise", tempo=60.0)
COMPOSER = open_composer(CONFIG, 1)


class Place:
    """A partner with everything around it, in a loop in which time jumps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, config: Config = CONFIG) -> None:
        self.clock, self.cable = FakeClock(), Cable()
        monkeypatch.setattr("bachd.midi.inputs.open_input", self.cable.open)
        self.output = RecordingOutput(self.clock)
        self.person = PersonSource(config, lambda call, *given: call(*given))
        self.parts = Parts(config, 1, COMPOSER, FanOut([self.output]), person=self.person)
        self.conductor = Transport(60)
        self.sent: list[TimedMessage] = []
        self.expected: list[list[int]] = []
        self.partner = HarmonyPartner(
            self.parts,
            lambda: self.conductor,
            self.clock.now,
            self.sent.extend,
            Inline(),
            lambda pitches: self.expected.append(list(pitches)),
        )
        self.person.on_event = self.partner.take

    async def play(self, *messages: str, then: float = 0.0) -> None:
        """Play at once, and wait a while."""
        self.cable.play(*messages, moment=self.clock.now())
        await asyncio.sleep(then)

    @property
    def sounding(self) -> list[int]:
        """What a listener hears, ascending."""
        found: Counter[int] = Counter()
        for timed in self.output.messages:
            if timed.message.type in ("note_on", "note_off"):
                found[timed.message.note] += 1 if timed.message.type == "note_on" else -1
        assert set(found.values()) <= {0, 1}
        return sorted(note for note, count in found.items() if count)


def test_three_voices_join_a_note_at_once_and_end_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch)
        await place.play("904840", then=0.1)
        assert len(place.sounding) == 3
        assert max(place.sounding) < 72
        assert {timed.due for timed in place.output.messages} == {0.0}
        await place.play("804840", then=0.1)
        assert place.sounding == []

    run(main())


def test_chords_are_those_of_the_same_melody_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    tune = parse_line("G4 A4:0.5 B4:0.5 A4 G4:2 F#4 G4:4")

    async def main() -> None:
        place = Place(monkeypatch)
        heard = []
        for event in tune:
            await place.play(f"90{event.sounding[0]:02x}40", then=0.01)
            heard.append(place.sounding)
            await asyncio.sleep(event.ticks / 24 - 0.01)
            await place.play(f"80{event.sounding[0]:02x}40")
        by_tick, tick = {}, 0
        harmoniser = open_harmoniser(CONFIG, Random(1), model=COMPOSER.model)
        monkeypatch.setattr(harmoniser, "strike", partial(harmoniser.strike, in_time=False))  # too few notes for a beat
        for event in harmonise(harmoniser, top_line(tune)):
            by_tick[tick] = list(event.sounding[:-1])
            tick += event.ticks
        assert heard == [by_tick[turn.tick] for turn in top_line(tune)[:-1]]

    run(main())


def test_three_voices_join_a_bass_and_go_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch, replace(CONFIG, together_voice="bass"))
        heard = []
        for note in (48, 47, 45, 43, 48):
            await place.play(f"90{note:02x}40", then=0.01)
            heard.append(tuple(place.sounding))
            assert len(place.sounding) == 3
            assert min(place.sounding) > note
            await place.play("904840", "804840")  # an octave above and more, it accompanies
            await asyncio.sleep(0.99)
            await place.play(f"80{note:02x}40", then=0.01)
            assert place.sounding == []
        assert len(set(heard)) > 3

    run(main())


def test_another_voice_and_a_split_hold_from_the_next_note_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch)
        await place.play("904840", then=0.1)
        assert max(place.sounding) < 72
        config = replace(CONFIG, together_voice="bass", together_split=60)
        place.partner.use(replace(place.parts, config=config))
        await place.play("804840", "903040", then=0.1)
        assert len(place.sounding) == 3
        assert min(place.sounding) > 48
        await place.play("803040", "904840", then=0.1)  # which accompanies, as it is above the split
        assert place.sounding == []
        await place.play("804840")

    run(main())


def test_both_hands_get_two_voices_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch, replace(CONFIG, together_voice="both", together_split=60))
        await place.play("903040", then=0.5)  # the left hand alone
        assert place.sounding == []
        await place.play("904840", then=0.001)
        first = place.sounding
        assert len(first) == 2
        assert 48 < min(first) < max(first) < 72
        await place.play("803040", "902b40", then=0.2)  # another bass under the note that is held
        assert len(place.sounding) == 2
        assert min(place.sounding) > 43
        await place.play("802b40", "804840", then=0.5)
        assert place.sounding == []
        await place.play("904840", then=TOGETHER / 2)  # the right hand is a little early
        assert place.sounding == []
        await place.play("903040", then=0.001)
        assert len(place.sounding) == 2
        await place.play("803040", "804840", then=0.5)
        await place.play("904840", then=2 * TOGETHER)  # the right hand alone has a bass of bachd's
        assert len(place.sounding) == 3
        await place.play("804840", then=0.1)
        assert place.sounding == []

    run(main())


def test_in_a_duet_the_person_takes_the_bass(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch, replace(CONFIG, together="duet", together_voice="bass"))
        await asyncio.sleep(10.0)
        assert len(place.sounding) == 4
        for note in (43, 45, 47):
            await place.play(f"90{note:02x}40", then=0.5)
            assert len(place.sounding) == 3
            assert min(place.sounding) > note
            await place.play(f"80{note:02x}40", then=0.5)
        await asyncio.sleep(2.0)
        assert len(place.sounding) == 4

    run(main())


def test_voices_move_while_a_note_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch)
        await place.play("904840", then=60.0)
        onsets = {timed.due for timed in place.output.messages if timed.message.type == "note_on"}
        assert len(onsets) > 10
        assert len(place.sounding) == 3
        await place.play("804840", then=5.0)
        assert place.sounding == []
        assert max(timed.due for timed in place.output.messages) == pytest.approx(60.0)

    run(main())


@pytest.mark.parametrize("temperature", [None, 1.0])
def test_what_comes_next_is_known_while_a_note_is_held(
    monkeypatch: pytest.MonkeyPatch, temperature: float | None
) -> None:
    async def main() -> None:
        place = Place(monkeypatch, replace(CONFIG, sampling=Sampling(temperature=temperature)))
        await place.play("904840", then=PATIENCE / 2)
        assert place.expected == []
        seen: list[tuple[list[int], list[int]]] = []
        for _ in range(1000):
            seen.append((place.expected[-1] if place.expected else [], place.sounding))
            await asyncio.sleep(0.01)
        right = [expected == sounding for (expected, _), (new, sounding) in pairwise(seen) if expected and not new]
        assert all(right)
        assert len(right) > 1
        await asyncio.sleep(PATIENCE * 1.5)
        await place.play("804840", then=1.0)
        assert place.expected[-1] == []  # as nothing is held

    run(main())


def test_a_chord_that_stays_as_it_is_does_not_come_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Harmoniser, "preview", lambda *_: Event((), (48, 55, 64, 72), 12))

    async def main() -> None:
        place = Place(monkeypatch)
        await place.play("904840", then=4 * PATIENCE)
        assert place.expected == []

    run(main())


def test_who_plays_fast_is_told_of_no_chord_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch)
        for note in (60, 62, 64, 65, 67):
            await place.play(f"90{note:02x}40", then=PATIENCE * 0.8)
            await place.play(f"80{note:02x}40")
        await asyncio.sleep(1.0)
        assert place.expected == []

    run(main())


def test_without_the_mode_or_an_input_nothing_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch)
        for parts in (
            replace(place.parts, config=replace(CONFIG, together="none")),
            replace(place.parts, person=None),
        ):
            place.partner.use(place.parts)
            await place.play("904840", then=0.1)
            assert len(place.sounding) == 3
            place.partner.use(parts)
            assert place.sounding == []
            await place.play("804840", "904840", then=5.0)
            assert place.sounding == []
            await place.play("804840")

    run(main())


def test_other_outputs_sounds_and_models_are_used_from_the_next_note_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch)
        await place.play("904840", then=0.1)
        another = RecordingOutput(place.clock)
        config = replace(CONFIG, midi=Midi(program=5, channels=(1, 2)), sampling=Sampling(temperature=0.5))
        place.partner.use(replace(place.parts, config=config, outputs=FanOut([another])))
        assert place.sounding == []
        await place.play("804840", "904a40", then=0.1)
        kinds = [timed.message.type for timed in another.messages]
        assert kinds == ["program_change"] * 2 + ["note_on"] * 3
        assert {timed.message.channel for timed in another.messages[2:]} == {1}

    run(main())


def test_a_fault_of_the_network_is_logged_and_the_next_note_is_tried(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        place = Place(monkeypatch)
        with monkeypatch.context() as broken:

            def fail(*_: object, **__: object) -> None:
                raise ModelError("the graph has failed")

            broken.setattr(place.partner._harmoniser, "strike", fail)
            await place.play("904840", then=0.1)
        assert place.sounding == []
        assert "no other voices: the graph has failed" in caplog.text
        await place.play("804840", "904840", then=0.1)
        assert len(place.sounding) == 3

    run(main())


def test_in_a_duet_bachd_plays_on_and_the_person_takes_the_top_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch, replace(CONFIG, together="duet"))
        await asyncio.sleep(20.0)
        alone = {timed.due for timed in place.output.messages if timed.message.type == "note_on"}
        assert len(alone) > 8
        assert len(place.sounding) == 4
        for note in (76, 77, 79):
            await place.play(f"90{note:02x}40", then=0.5)
            assert len(place.sounding) == 3
            assert max(place.sounding) < note
            await place.play(f"80{note:02x}40", then=0.5)
            assert len(place.sounding) == 3  # it may be the person's still
        await asyncio.sleep(2.0)
        assert len(place.sounding) == 4
        before = len(place.output.messages)
        await asyncio.sleep(10.0)
        assert len(place.output.messages) > before
        place.partner.use(replace(place.parts, config=CONFIG))  # harmonise
        await asyncio.sleep(5.0)
        assert place.sounding == []

    run(main())


def test_at_the_end_of_a_run_nothing_is_left_sounding(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch, replace(CONFIG, together="duet"))
        await asyncio.sleep(5.0)
        assert place.sounding
        place.partner.close()
        assert place.sounding == []
        await asyncio.sleep(5.0)
        assert place.sounding == []

    run(main())


def test_a_duet_keeps_its_beat_however_long_bachd_plays_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch, replace(CONFIG, together="duet"))
        await asyncio.sleep(30.3)
        place.output.messages.clear()
        await place.play("905440", then=0.1)
        await place.play("805440", then=4.0)
        assert place.output.messages[0].due == pytest.approx(30.3)  # where bachd's top voice ends
        onsets = {timed.due for timed in place.output.messages if timed.message.type == "note_on"} - {30.3}
        assert all(4 * moment == pytest.approx(round(4 * moment)) for moment in onsets if moment > 30.4)
        assert len(onsets) > 1

    run(main())


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_played_nothing_hangs(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rng = Random(seed)

    async def main() -> None:
        place = Place(monkeypatch)
        for _ in range(1500):
            match rng.randrange(8):
                case 0:
                    data = bytes((0xB0 | rng.randrange(2), rng.choice((64, 64, 1, 123)), rng.randrange(128)))
                case 1 if rng.random() < 0.05:
                    data = b""
                case 2 if rng.random() < 0.1:
                    mode = rng.choice(("none", "harmonise", "duet"))
                    voice, split = rng.choice((*TOGETHER_VOICES, BOTH)), rng.choice((None, 55, 62))
                    config = replace(CONFIG, together=mode, together_voice=voice, together_split=split)
                    place.partner.use(replace(place.parts, config=config))
                    continue
                case kind:
                    status = 0x90 if kind % 2 else 0x80
                    data = bytes((status | rng.randrange(2), rng.randrange(48, 84), rng.randrange(128)))
            await place.play(data.hex(), then=rng.choice((0, 0, 0.01, 0.1, 0.7)))
        place.partner.use(replace(place.parts, config=CONFIG))
        place.person.let_go()
        await asyncio.sleep(10)
        assert place.sounding == []
        assert len(place.output.messages) > 100

    run(main())


def test_voices_pass_between_the_beats_once_the_beat_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch)
        for pitch in [67, 69, 71, 67, 72, 71, 69, 67, 74, 72, 71, 69, 67, 69, 71, 72, 74, 71, 69, 67] * 2:
            await place.play(f"90{pitch:02x}40", then=0.99)
            await place.play(f"80{pitch:02x}40", then=0.01)
        between = {
            timed.due
            for timed in place.output.messages
            if timed.message.type == "note_on" and 0.2 < timed.due % 1 < 0.8
        }
        assert min(between) > 6  # the beat is found from seven notes
        assert len(between) > 3
        assert place.sounding == []

    run(main())


def test_voices_pass_at_once_where_the_beat_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        place = Place(monkeypatch, replace(CONFIG, together="duet"))
        for pitch in [67, 69, 71, 67, 72, 71]:
            await place.play(f"90{pitch:02x}40", then=1.99)
            await place.play(f"80{pitch:02x}40", then=0.01)
        assert any(0.2 < timed.due % 1 < 0.8 for timed in place.output.messages if timed.message.type == "note_on")

    run(main())


class Later:
    """A thread that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[Future[object]] = []

    def submit(self, _: Callable[[], object]) -> Future[object]:
        self.asked.append(Future())
        return self.asked[-1]


def test_a_chord_that_comes_when_all_is_over_is_nobody_s_fault(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    thread = Later()

    async def main() -> None:
        place = Place(monkeypatch)
        monkeypatch.setattr(place.partner, "_thread", thread)
        await place.play("904840", then=0.1)

    run(main())
    assert thread.asked
    for future in thread.asked:
        future.set_result(None)
    assert caplog.messages == []
