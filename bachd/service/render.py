"""Write music into a .mid, .musicxml or .wav file, as fast as it can be composed.

Law: the same settings, bars and rng give the same .mid, byte for byte; it holds what `run` would have sent. An older
file stays as it was until the new one is whole.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, TypeAlias

from bachd import atomic_file
from bachd.config import Config
from bachd.errors import OutputError, UsageError
from bachd.midi.speaker import fluidsynth
from bachd.music.event import Event
from bachd.music.performance.ritardando import SIGHT, pace
from bachd.music.piece import Origin, Step
from bachd.neural.planning.effort import MOST
from bachd.service.progress import tell

if TYPE_CHECKING:
    from bachd.neural.step_buffer import StepBuffer

_EVERY: Final = 500
"""Events between two looks at how far it has come: a quarter of a second."""
_CHUNK: Final = 1 << 16

Music: TypeAlias = Callable[[float], Iterator[Step]]
"""Returns the steps; given how much they are slowed down into endings, 0 to 1."""


def render(
    config: Config, out: Path, bars: int, rng: int, piece: Sequence[Step] = (), *, melody: Path | None = None
) -> None:
    """Write the seed piece's bars, and then `bars` more, to a .mid, .musicxml or .wav file; or else a whole `piece`.

    rng: in place of the one in the settings. melody: a .mid file to harmonise instead. Raises UsageError for another
    kind of file; OutputError when the file can not be written, or fluidsynth or a soundfont is missing; ModelError or
    SeedError when nothing can be composed.
    """
    from bachd.midi.file.output import refuse_other_file

    def music(ritardando: float) -> Iterator[Step]:
        from bachd.service.factory import open_composer

        if melody is not None:
            from bachd.service.person.accompaniment import open_accompaniment

            accompanied = open_accompaniment(config, melody, rng)
            pace = (accompanied.piece.bpm or config.bpm) / config.bpm
            return (replace(step, pace=pace) for step in _counted(accompanied.steps(), out.name))
        steps = _paced(piece, ritardando) if piece else until(bars, open_composer(_fixed(config), rng), ritardando)
        return (
            replace(step.moved(config.transpose), pace=step.pace * config.pace(step))
            for step in _counted(steps, out.name)
        )

    match out.suffix.lower():
        case ".mid" | ".midi":
            with _replacing(out) as new:
                refuse_other_file(out)
                _write(config, new, music, rng)
        case ".wav":
            synth, font = fluidsynth.find(config.speaker.soundfont)
            with _replacing(out) as new, TemporaryDirectory(prefix="bachd-") as folder:
                score = Path(folder, "score.mid")
                _write(_sounding(config), score, music, rng)
                tell(f"{out.name}: fluidsynth plays")
                play(synth, font, score, new)
                tell("")
        case ".musicxml" | ".xml":
            with _replacing(out) as new:
                _write_score(config, new, music, rng)
        case _:
            raise UsageError(f"{out}: renders to .mid, .musicxml or .wav only; name the file so")


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """Yield a path to write to that takes the place of `out` when it is whole. Raises OutputError."""
    try:
        with atomic_file.replacing(out) as new:
            yield new
    except (OSError, OutputError) as failure:
        fault = failure.__cause__ or failure
        if isinstance(fault, OSError):
            raise OutputError(f"{out}: cannot be written: {fault.strerror}; choose another folder") from None
        raise


def _write(config: Config, out: Path, music: Music, rng: int) -> None:
    from bachd.midi.file.tracks import TracksOutput
    from bachd.realtime.clock import OfflineClock
    from bachd.realtime.player import Composed, Player
    from bachd.realtime.transport import Transport
    from bachd.service.factory import expression, mix, patches, phrase_controller

    steps = music(config.expression.ritardando)

    async def compose(_opens_bar: bool) -> Composed | None:
        return None if (step := next(steps, None)) is None else Composed(step)

    clock = OfflineClock()
    output = TracksOutput(out, f"bachd, model {Path(config.model).name}")
    try:
        player = Player(
            output,
            Transport(config.bpm),
            clock,
            channels=config.midi.channels,
            patches=patches(config),
            mix=mix(config),
            expression=expression(config, rng),
            phrase_controller=phrase_controller(config),
            on_step=output.on_step,
        )
        asyncio.run(player.perform(compose))
    finally:
        tell("")
    output.close()


def _write_score(config: Config, out: Path, music: Music, rng: int) -> None:
    from bachd.music.notation import musicxml
    from bachd.music.notation.score import score

    try:
        steps = list(music(0.0))
    finally:
        tell("")
    pieces = list(dict.fromkeys(step.piece for step in steps))
    model = Path(config.model).name
    text = musicxml.write(
        score(steps, config.bpm * steps[0].pace),
        f"After {', '.join(pieces)}",
        creator=f"bachd, model {model}, rng {rng}",
    )
    out.write_bytes(text)


def _counted(music: Iterator[Step], name: str) -> Iterator[Step]:
    """The same steps; how many there are so far is shown."""
    for number, step in enumerate(music, 1):
        if number % _EVERY == 0:
            tell(f"{name}: {number} events")
        yield step


def _paced(piece: Sequence[Step], ritardando: float) -> Iterator[Step]:
    """The steps of a whole piece, slowed down into its end."""
    rest = Step(Event((), (), SIGHT), piece[-1].place, Origin.BREATH, piece[-1].piece)
    for index, step in enumerate(piece):
        before = piece[index - 1] if index else None
        yield replace(step, pace=pace(before, step, [*piece[index + 1 :], rest], ritardando))


def _sounding(config: Config) -> Config:
    """The settings with the bundle's own program, where they have none."""
    from bachd.service.factory import bundle_program

    if config.midi.program is not None:
        return config
    return replace(config, midi=replace(config.midi, program=bundle_program(config)))


def _fixed(config: Config) -> Config:
    """The settings with as many candidates as `auto` takes where there is time: no clock decides here."""
    if isinstance(config.sampling.lookahead, int):
        return config
    return replace(config, sampling=replace(config.sampling, lookahead=MOST))


def until(bars: int, composer: StepBuffer, ritardando: float = 0.0) -> Iterator[Step]:
    """The seed, and then as many bars of whatever follows it; the last event is cut at the end of the last bar.

    ritardando: how much it slows down into endings, 0 to 1.
    """
    left = Fraction(bars)
    in_seed = True
    before: Step | None = None
    while left > 0:
        while composer.extend():
            pass
        step = composer.next()
        step, before = replace(step, pace=pace(before, step, composer.ahead, ritardando)), step
        in_seed = in_seed and step.origin is Origin.SEED
        if not in_seed:
            event, bar = step.event, step.place.metre.bar
            ticks = min(event.ticks, max(1, round(left * bar)))
            left -= Fraction(ticks, bar)
            step = replace(step, event=Event(event.starts, event.held, ticks))
        yield step


def play(synth: str, font: Path, score: Path, out: Path) -> None:
    """Let fluidsynth play a .mid into a .wav, after another time to know its peak. Raises OutputError."""
    peak = fluidsynth.Peak()
    with subprocess.Popen(
        fluidsynth.probe(synth, font, score), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as probing:
        assert probing.stdout is not None
        while data := probing.stdout.read(_CHUNK):
            peak.see(data)
    sound = score.with_suffix(".wav")
    command = fluidsynth.command(synth, font, score, peak.gain, "-T", "wav", "-F", sound)
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    # It exits with 0 even when it fails, so its output is read.
    complaints = [line for line in done.stderr.splitlines() if "error" in line]
    if complaints or done.returncode or not sound.exists():
        raise OutputError(
            f"{out}: fluidsynth failed: {complaints[0] if complaints else f'exit code {done.returncode}'}"
        )
    try:
        shutil.copyfile(sound, out)
    except OSError as fault:
        raise OutputError(f"{out}: cannot be written: {fault.strerror}") from fault
