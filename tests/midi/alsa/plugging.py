"""Synths on a small sequencer, pulled and plugged."""

from __future__ import annotations

from bachd.midi.alsa.hotplug import Subscriptions
from bachd.midi.alsa.sequencer import SequencerPort
from bachd.midi.chase import Chase
from bachd.midi.reset import reset
from bachd.music.message import CLOCK, START
from tests.midi.small import PIANO, SmallSequencer, SteppedClock

RESET = len(reset())


PIANO_AGAIN = SequencerPort((28, 0), PIANO.name, hardware=True)


NOW = 100.0


def small(*ports: SequencerPort) -> SmallSequencer:
    return SmallSequencer(SteppedClock(), *ports)


def replug(sequencer: SmallSequencer, synths: Subscriptions, now: float = NOW) -> None:
    """Pull the piano out, and plug it in again."""
    sequencer.unplug(PIANO)
    synths.look({PIANO.address[0]}, now)
    sequencer.plug(PIANO_AGAIN)
    synths.look((), now)


class Chased(Subscriptions):
    """Synths whose port has been sent something."""

    chase: Chase


def chased(sequencer: SmallSequencer, *wanted: str | None, state: str = "", clocks: int | None = None) -> Chased:
    """Synths whose port has been sent channel state, and a clock that has run for so many ticks of 20 ms."""
    chase = Chase()
    synths = Chased(sequencer, wanted or [None], (), chase, lambda: sequencer.ahead)
    for data in state.split():
        chase.see(90.0, bytes.fromhex(data))
    if clocks is not None:
        chase.see(NOW + 0.39 - 0.02 * clocks, START.data)
        for number in range(clocks):
            chase.see(NOW + 0.4 - 0.02 * (clocks - number), CLOCK.data)
    synths.chase = chase
    return synths


def sent_to(sequencer: SmallSequencer, port: SequencerPort) -> list[str]:
    """What a port was sent at once, but for resets."""
    resets = {bytes(message.bytes()) for message in reset()}
    return [data.hex() for address, data in sequencer.heard if address == port.address and data not in resets]
