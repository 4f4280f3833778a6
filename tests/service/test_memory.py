"""Weeks of music: what is made for an event is gone when the event is."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

from bachd.config import Config, Sampling
from bachd.midi.file.output import FileOutput
from bachd.music.piece import Step
from bachd.realtime.lateness import Lateness
from bachd.realtime.player import Composed, Player
from bachd.realtime.transport import Transport
from bachd.service.factory import expression, open_composer
from bachd.service.render import until
from bachd.service.telemetry.run_stats import RunStats
from tests.fakes import FakeClock, run
from tests.fresh_process import in_fresh_process

SETTLING = 1200
"""Events after which all has been seen: each length of chord, the seeds' pieces, and the plan at its longest."""
EVENTS = 2000
"""More of them, half an hour at 84 quarters a minute."""
MOST = 60_000
"""Bytes by which they may add to what is kept, 30 an event: one object of each that is kept has more."""


def test_half_an_hour_of_music_leaves_nothing_behind(tmp_path: Path) -> None:
    assert in_fresh_process("tests.service.test_memory", "grown", str(tmp_path)) < MOST


def grown(folder: str) -> int:
    """Return by how many bytes that music adds to what is kept."""
    config = Config(sampling=Sampling(lookahead=1))
    plan = open_composer(config, 1)
    music = until(SETTLING + 2 * EVENTS, plan, config.expression.ritardando)
    stats = RunStats(Lateness())
    output = FileOutput(Path(folder, "played.mid"))
    count = settled = 0

    def kept() -> int:
        """Bytes, but for the last bars, of which there are always as many, and of any length."""
        plan._history.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    async def compose(_opens_bar: bool) -> Composed | None:
        """Compare what is kept where pieces begin: the longer a piece, the more of its own figures it remembers."""
        nonlocal count, settled
        step = next(music)
        count += 1
        if not settled and count > SETTLING and step.opens:
            settled = kept()
        return None if count > SETTLING + EVENTS and step.opens else Composed(step)

    def see(step: Step, _due: float, _sent: object) -> None:
        stats.count(step)
        assert len(plan.ahead) < 100
        if count % 100 == 0:
            output.poll()

    player = Player(output, Transport(config.bpm), FakeClock(), expression=expression(config, 1), on_step=see)
    tracemalloc.start()
    try:
        run(player.perform(compose))
        return kept() - settled
    finally:
        tracemalloc.stop()
        output.close()
