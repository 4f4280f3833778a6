"""Derive the guidance for the next event from the plan of a piece.

Law: wishes follow from the plan, the place in it and the memory of the piece alone.
"""

from __future__ import annotations

from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.form.character import Character
from bachd.music.form.habits import Cadence
from bachd.music.form.plan import Form, Line, Phrase
from bachd.music.keys import Key
from bachd.neural.features import HOLD, LENGTHS, LOWEST, PITCHES, START
from bachd.neural.memory import Memory, Prediction
from bachd.neural.music_state import MusicState
from bachd.neural.planning.texture import Texture
from bachd.neural.sampling.guidance import Chord, Guidance, Recalled
from bachd.neural.sampling.lean import Lean

BARS: Final = 2
"""Bars after which candidates are compared at the latest."""
STOPPED: Final = 0.04
"""Share of chords in a single line from which its phrases arrive at chords, as on a string instrument."""
UNLIKE: Final = 2.0
"""Weight, for each nat, of how unlike the seed piece a piece has become."""
_INDEX: Final = {ticks: index for index, ticks in enumerate(LENGTHS)}


class Guide:
    """Gives the guidance for each moment of a planned piece."""

    def __init__(
        self,
        form: Form,
        texture: Texture,
        memory: float,
        character: Character | None = None,
        likeness: float = 1.0,
    ) -> None:
        """texture, character: those of the seed piece.

        memory: how much the piece recalls, 0 to 1. likeness: how closely it keeps to the character, 0 to 1.
        """
        self.form = form
        self._voices = 2 if texture.chords >= STOPPED else texture.voices
        self._last = texture.last or self._voices
        self._full = texture.voices if texture.ranges else 0
        self._most = texture.most
        self._memory = memory
        self._character = character
        self._likeness = likeness
        self._arrivals = {phrase.goal: phrase for phrase in form.phrases}

    @property
    def end(self) -> int:
        """Tick at which the piece ends."""
        return self.form.phrases[-1].end

    def until(self, tick: int, bar: int) -> int:
        """Tick up to which to compose before candidates are compared: the end of the phrase, or BARS bars on.

        In music that flows into the next phrase, the chord that the phrase arrives at belongs to it: one tick more.
        """
        arrival = self._arrivals.get(tick)
        phrase = self.form.phrases[self.form.phrase(tick)]
        if arrival is not None and arrival is not phrase:  # a phrase that flowed into this one is not over
            return tick + 1
        end = max(phrase.end, phrase.goal + 1)
        return end if end - tick <= (BARS + 1) * bar else tick + BARS * bar

    def goal(self, tick: int) -> int:
        """The tick at which the phrase that `tick` lies in arrives."""
        return self.form.phrases[self.form.phrase(tick)].goal

    def is_last(self, tick: int) -> bool:
        """Whether `tick` lies in the phrase that ends the piece."""
        return self.form.phrase(tick) == len(self.form.phrases) - 1

    def key(self, tick: int) -> Key:
        """The key that the music is in, or on its way to: from the middle of a phrase on that in which it closes."""
        index = self.form.phrase(tick)
        phrase = self.form.phrases[index]
        if 2 * tick >= phrase.begin + phrase.goal or phrase.cadence is Cadence.FINAL:
            return phrase.key
        return self.form.phrases[index - 1].key if index else self.form.home

    def closing(self, begin: int, last: int) -> Key | None:
        """The key that the bars from `begin` to the tick `last` have to be in; None where it may be on its way.

        In the last phrase that is home. Where voices come and go, it is that of each phrase from its middle on.
        """
        phrase = self.form.phrases[self.form.phrase(begin)]
        if self.is_last(begin):
            return self.form.home
        return phrase.key if not self._full and 2 * last >= phrase.begin + phrase.goal else None

    def wish(self, state: MusicState, lean: Lean | None = None) -> Guidance:
        """Return the guidance for the next event.

        lean: what `lean` returned where these bars began. What returns, and the last phrase, are left alone.
        """
        tick, arrival = state.tick, self._arrivals.get(state.tick)
        index = self.form.phrase(tick)
        phrase = self.form.phrases[index]
        key = self.key(tick)
        before = self.form.phrases[index - 1] if index else None
        breath = tick == phrase.begin and before is not None and before.goal < before.end
        colour = None if key == self.form.home and phrase.cadence is not Cadence.FINAL else key
        if arrival is not None and arrival.end > arrival.goal:
            return Guidance(key=colour, chord=self._chord(arrival), exactly=arrival.end - tick, most=self._full or None)
        limit = phrase.goal - tick if phrase.goal > tick else phrase.end - tick
        beat = min(state.place.metre.beat, TICKS)
        leads = phrase.cadence is not Cadence.HALF and 0 < phrase.goal - tick <= beat
        chord = None
        if arrival is not None:
            chord = self._chord(arrival)
        elif phrase.cadence is not Cadence.HALF and limit > beat:
            limit -= beat
        elif phrase.cadence is not Cadence.HALF:
            chord = self._dominant(phrase)
        memory = state.memory
        quotes = self.form.quotes_at(tick)
        returns = any(quote.line is None for quote in quotes)
        predictions = [] if chord else memory.predict(quotes, self._memory)
        top, bottom, voices, length = self._recalled(predictions)
        lean = None if chord or returns or self.is_last(tick) else lean
        return Guidance(
            key=colour,
            firmly=phrase.cadence is Cadence.FINAL,
            dominant=phrase.key if leads else None,
            chord=chord,
            longest=max(1, limit),
            may_hold=not breath,
            least=self._least(memory, voices if returns else lean.voices if lean else 0),
            most=self._most,
            top=top,
            bottom=bottom,
            voices=voices,
            length=length,
            lean=lean,
        )

    def _least(self, memory: Memory, voices: int) -> int:
        """Notes that the next event has at least. voices: as many as there should be where they come and go."""
        if not self._full:
            return min(voices, self._most or 0)
        return self._full if memory.is_missing(self._full) else self._full - 1

    def unlike(self, state: MusicState, begin: int) -> float:
        """What speaks against the music from `begin` on because of how unlike the seed piece the piece has become.

        Nothing does where the plan has music return, nor in the last phrase, which only has to find home.
        """
        returns = any(
            quote.line is None and quote.at < state.tick and begin < quote.at + quote.ticks
            for quote in self.form.quotes
        )
        if self._character is None or returns or self.is_last(begin):
            return 0.0
        return UNLIKE * self._likeness * self._character.deviation(state.tally)

    def lean(self, state: MusicState) -> Lean | None:
        """What the next bars are drawn to, so that the piece keeps to the character of its seed piece."""
        drift = self._character.drift(state.tally) if self._character else None
        return Lean(drift, self._likeness) if drift else None

    def fill(self, state: MusicState) -> Event | None:
        """The rest of a last chord that no single event is long enough for."""
        phrase = next((phrase for phrase in self.form.phrases if phrase.goal < state.tick < phrase.end), None)
        if phrase is None or not state.last.sounding:
            return None
        left = phrase.end - state.tick
        ticks = max(length for length in LENGTHS if length <= left)
        return Event((), state.last.sounding, ticks)

    def _chord(self, phrase: Phrase) -> Chord:
        key = phrase.key
        if phrase.cadence is Cadence.HALF:
            fifth = (key.tonic + 7) % 12
            third = (key.tonic + 11) % 12
            return Chord(frozenset({fifth, third, (key.tonic + 2) % 12}), fifth, self._voices, third)
        final = phrase.cadence is Cadence.FINAL
        minor = key.minor and not (final and self.form.picardy)
        third = (key.tonic + (3 if minor else 4)) % 12
        triad = Key(key.tonic, minor).triad
        if final:
            return Chord(triad, key.tonic, self._last, third, frozenset({key.tonic}))
        return Chord(triad, key.tonic, self._voices, third)

    def _dominant(self, phrase: Phrase) -> Chord:
        """The dominant of a phrase's key, over its root in three voices or more; the tonic may be held into it."""
        key = phrase.key
        fifth = (key.tonic + 7) % 12
        bass = fifth if self._voices > 2 else None
        if phrase.cadence is not Cadence.FINAL:
            return Chord(key.dominant | {key.tonic}, bass, self._voices)
        # The top goes to the tonic next: from the dominant it would do so in octaves with the bass.
        leading, above = (key.tonic + 11) % 12, (key.tonic + 2) % 12
        return Chord(key.dominant, bass, self._voices, leading, frozenset({leading, above}))

    def _recalled(self, predictions: list[Prediction]) -> tuple[Recalled | None, Recalled | None, int, Recalled | None]:
        """The predicted top and bottom, the number of notes, and the length."""
        top = bottom = length = None
        voices = 0
        for prediction in predictions:
            odds = prediction.sure / (1 - prediction.sure)
            found = _symbol(prediction, odds)
            if prediction.line is Line.TOP:
                top = found
            else:
                bottom, voices = found, max(prediction.voices, self._full)
            if prediction.lasts in _INDEX and (length is None or odds > length.odds):
                length = Recalled(_INDEX[prediction.lasts], odds)
        return top, bottom, voices, length


def _symbol(prediction: Prediction, odds: float) -> Recalled | None:
    if prediction.pitch is None or not 0 <= prediction.pitch - LOWEST < PITCHES:
        return None
    return Recalled((START if prediction.starts else HOLD) + prediction.pitch - LOWEST, odds)
