"""Open the loudspeaker for a run: by itself, or as the stand-in for a synth that is not there.

Law: a loudspeaker that is played to already, with the same settings, is used again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bachd.errors import OutputError
from bachd.midi.speaker import availability
from bachd.midi.speaker.output import Main, SpeakerOutput
from bachd.midi.speaker.settings import SpeakerSettings
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output

log = logging.getLogger("bachd.midi.ports")


@dataclass(frozen=True, slots=True)
class SpeakerOpening:
    """What is needed to open the loudspeaker."""

    settings: SpeakerSettings
    clock: Clock
    lateness: Lateness
    present: Sequence[Output]
    """What is played to at present."""

    def alone(self, told: str = "") -> SpeakerOutput:
        """Return the loudspeaker, which yields to nothing. told: as for the output.

        Raises OutputError if it cannot be used.
        """
        return self._there(None) or SpeakerOutput(self.settings, self.clock, self.lateness, told=told)

    def stand_in(self, main: Main, *, jack: bool) -> SpeakerOutput | None:
        """Return the loudspeaker that plays while there is no synth at `main`; None without FluidSynth or soundfont.

        jack: whether `main` is a port of JACK's, which then has the sound card, too.
        """
        if there := self._there(main):
            return there
        if not availability.has_software(self.settings):
            if not main.taken:
                self.say_what_is_missing(jack=jack)
            return None
        try:
            return SpeakerOutput(self.settings, self.clock, self.lateness, main, jack=jack)
        except OutputError as fault:
            log.warning("%s; it is tried again", fault)
            return SpeakerOutput(self.settings, self.clock, self.lateness, main, jack=jack, told=str(fault))

    def say_what_is_missing(self, *, jack: bool) -> None:
        """Log what to install, if there is a sound card to hear the music on. jack: whether JACK can be reached."""
        try:
            availability.check_software(self.settings)
        except OutputError as fault:
            if availability.has_card(jack=jack):
                log.info("to hear the music from the loudspeaker while there is no synth: %s", fault)

    def _there(self, main: Main | None) -> SpeakerOutput | None:
        for output in self.present:
            if isinstance(output, SpeakerOutput) and output.plays(self.settings, main):
                return output
        return None
