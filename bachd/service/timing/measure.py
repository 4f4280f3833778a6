"""Measure for `bachd doctor --timing` how punctually notes arrive, beside what the machine can do at all.

Law: the floor is measured in the same seconds as the notes; a figure that could not be measured is said to be missing,
never guessed.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from time import monotonic
from typing import Any, Final

from bachd.config import Config
from bachd.errors import ModelError
from bachd.midi.fan_out import NOWHERE
from bachd.realtime import priority
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.transport import LEAD_SECONDS
from bachd.service.doctor import system as system_checks
from bachd.service.doctor.machine import Finding, Machine
from bachd.service.person_source import require_voices
from bachd.service.progress import tell
from bachd.service.timing import key_to_sound
from bachd.service.timing.cyclictest import Cyclictest
from bachd.service.timing.figures import Figures, due_and_heard, figures, histogram
from bachd.service.timing.loopback import Child, Sent, System, listening, output_to, play, system_of
from bachd.summary_statistics import percentiles

SECONDS: Final = 10.0
"""For which it plays, if nothing else is asked for."""
SPACING: Final = 0.02
"""Seconds from note to note."""
BAD: Final = 1.5
"""Milliseconds at the 99th percentile that musicians no longer take for granted."""
DRIFT: Final = 0.1
"""Milliseconds by which a run may drift."""

_SETTLING: Final = 0.5
"""Seconds before the first note, in which processes start."""
_EVERY: Final = 50


@dataclass(frozen=True, slots=True)
class Timing:
    """Results of a measurement. Milliseconds throughout."""

    output: str
    """'ALSA', 'JACK', or why nothing was heard."""
    seconds: float
    realtime: bool
    """Whether this user's threads may have real-time priority."""
    floor: dict[str, float]
    """How late a process woke that did nothing else: p50, p99, p999, max."""
    cyclictest: dict[str, float] | None
    """The same by cyclictest; None if it is not installed, or may not measure."""
    handing: dict[str, float]
    """By how much less than the lead a chord was ahead of its deadline when it had been handed over."""
    arrived: Figures | None
    """None where nothing can listen."""
    ratio: float | None
    """p99 of what arrived to that of the floor."""
    keys: dict[str, float] | None
    """From a key to the first note under it, and how many were `unanswered`; None where nobody can play and listen."""
    errors: list[tuple[float, float]]
    """For each message the seconds since the first one, and its error."""
    advice: list[str]


def measure(config: Config, seconds: float, machine: Machine) -> Timing:
    """Play so long to a listener of our own, and measure. Raises OutputError if the output cannot be had."""
    systems: list[System | None] = [system_of(spec) for spec in config.midi.output]
    system = next((each for each in systems if each), None)
    count = max(2, round(seconds / SPACING))
    sent: Sent = []
    handing: list[float] = []
    with ExitStack() as stack:
        output, ear = _open(system, stack)
        stack.enter_context(priority.coming_first())  # as `run` does, and so are the next
        gc.freeze()
        gc.disable()
        stack.callback(gc.enable)
        floor = Child("bachd.service.timing.wakeup", str(SPACING))
        stack.callback(floor.close)
        floor.line()
        beside = Cyclictest(SPACING)
        stack.callback(beside.close)
        start = monotonic() + _SETTLING + LEAD_SECONDS
        for number, messages in enumerate(play(output, start, SPACING, range(count + 1), last=count)):
            sent += messages
            handing.append(max(0.0, monotonic() - (messages[0][0] - LEAD_SECONDS)))
            if number % _EVERY == 0:
                tell(f"playing to a listener, {number * SPACING:.0f} of {seconds:.0f} s")
        output.close()
        below, others = floor.result(), beside.result()
        heard = ear.result() if ear is not None else []
        tell("")
    pairs = due_and_heard(sent, heard)
    arrived = figures(sent, heard) if pairs else None
    spread, handed = _spread(below["late"]), _spread(handing)
    return Timing(
        output={"alsa": "ALSA", "jack": "JACK", None: f"{', '.join(config.midi.output)}: nothing can listen there"}[
            system
        ],
        seconds=seconds,
        realtime=below["realtime"],
        floor=spread,
        cyclictest=_spread(others) if others else None,
        handing=handed,
        arrived=arrived,
        ratio=None if arrived is None else round(arrived.p99 / max(spread["p99"], 1e-6), 3),
        keys=_keys(config, system, seconds),
        errors=[(due - start, 1e3 * (moment - due)) for due, moment in pairs],
        advice=list(_advice(machine, arrived, spread, system, handed, realtime=below["realtime"])),
    )


def _keys(config: Config, system: System | None, seconds: float) -> dict[str, float] | None:
    """Measure how soon the others join in, where somebody can listen and the model can harmonise."""
    if system is None:
        return None
    try:
        require_voices(replace(config, together="harmonise"))
        found = key_to_sound.measure(config, system, seconds)
    except ModelError:
        return None
    spread = percentiles(found.delays) if found.delays else {}
    return {**spread, "unanswered": found.unanswered}


def _open(system: System | None, stack: ExitStack) -> tuple[Any, Child | None]:
    if system is None:
        return NOWHERE, None
    where, ear = stack.enter_context(listening(system))
    return output_to(where, system, MonotonicClock(), Lateness()), ear


def _spread(late: list[float]) -> dict[str, float]:
    return percentiles([1e3 * each for each in late])


def _advice(
    machine: Machine,
    arrived: Figures | None,
    floor: dict[str, float],
    system: System | None,
    handing: dict[str, float],
    *,
    realtime: bool,
) -> Iterator[str]:
    """Yield what to do, if anything is bad."""
    if not realtime:
        yield f"no real-time priority here: {_todo(system_checks.realtime(machine))}"
    if arrived is None:
        return
    if arrived.lost or arrived.doubled or arrived.hanging:
        yield "messages were lost or doubled: this is a fault; please report it with the figures above"
    if handing["p99"] > 1e3 * LEAD_SECONDS:
        yield (
            f"notes were handed over more than {1e3 * LEAD_SECONDS:.0f} ms late, after their deadlines: the machine "
            "is too busy for so many, and the figures above do not describe the output"
        )
    elif abs(arrived.drift) > DRIFT and abs(arrived.drift_ends) > DRIFT:
        yield "it drifts: see whether the time of day is being stepped or slewed, or the machine sleeps"
    if arrived.p99 <= BAD:
        return
    if floor["p99"] > BAD:
        yield "the machine itself wakes late: end what else computes here, or give it a governor that is awake"
        yield _todo(system_checks.governor(machine)) or "echo performance | sudo tee " + str(
            machine.path("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        )
    else:
        yield {
            "jack": "JACK plays in cycles: see whether it counts xruns, and give it real-time priority (jackd -R)",
            "alsa": "see /proc/asound/timers for a timer called HR; without snd-hrtimer, ALSA's queue ticks coarsely",
            None: "",
        }[system]
    yield "a synth on a USB hub shares it with whatever else is plugged in there: give it a port of its own"


def _unanswered(keys: dict[str, float] | None) -> Iterator[str]:
    """Yield a line where keys had no harmony."""
    if keys and keys["unanswered"]:
        yield f"{'keys without harmony':22}{keys['unanswered']:9.0f}"


def _todo(finding: Finding) -> str:
    return finding.todo or ""


def as_json(timing: Timing) -> dict[str, Any]:
    """For programs; the single errors are left out."""
    told = asdict(timing)
    del told["errors"]
    if timing.arrived is not None:
        told["arrived"] = {name: round(value, 4) for name, value in told["arrived"].items()}
    return told


def described(timing: Timing) -> str:
    """For people: a table, a histogram, advice."""
    priority_is = "with" if timing.realtime else "without"
    lines = [
        f"{timing.output}; {timing.seconds:g} s, a note each {1e3 * SPACING:g} ms; {priority_is} real-time priority",
        "",
    ]
    lines.append(f"{'ms':22}{'p50':>9}{'p99':>9}{'p99.9':>9}{'max':>9}")
    arrived = timing.arrived
    rows: list[tuple[str, dict[str, float]]] = [("the machine's floor", timing.floor)]
    if timing.cyclictest is not None:
        rows.append(("the same by cyclictest", timing.cyclictest))
    rows.append(("handing over", timing.handing))
    if arrived is not None:
        rows.append(("error where it arrives", asdict(arrived)))
    if timing.keys is not None and "p50" in timing.keys:
        rows.append(("from key to harmony", timing.keys))
    lines += [f"{name:22}" + "".join(f"{row[at]:9.3f}" for at in ("p50", "p99", "p999", "max")) for name, row in rows]
    if arrived is not None:
        lines += [
            "",
            f"{'ratio to the floor':22}{timing.ratio:9.2f}  at the 99th percentile",
            f"{'drift':22}{arrived.drift:+9.3f}  ms over the run ({arrived.drift_ends:+.3f} from its first tenth "
            "to its last)",
            *_unanswered(timing.keys),
            f"{'messages':22}{arrived.count:9d}  heard; {arrived.lost} lost, {arrived.doubled} doubled, "
            f"{arrived.hanging} left hanging",
            "",
            *histogram(error for _, error in timing.errors),
        ]
    if timing.advice:
        lines += ["", *(f"-> {line}" for line in timing.advice if line)]
    return "\n".join(lines)
