"""Settings that are saved while music plays, a third of them wrong.

Law: a right edit is in use before the next one is made, and a wrong one is told with its line; the synth hears neither.
"""

from __future__ import annotations

import random
from pathlib import Path
from time import monotonic

from tests.pi import service
from tests.pi.synth import NAME, Synth
from tests.pi.waiting import GuestError

SLOWEST, FASTEST = 90, 240
_SEEDS = Path(__file__).parents[2] / "models" / "chorales" / "seeds"
_PIECES = sorted(path.stem for path in _SEEDS.glob("*.mid"))
_FAULTS = (
    "tempo: 1200",
    "tempo: fast",
    "tempoo: 100",
    "model: choral",
    "device: gpu",
    "seed: {piece: bwv269x}",
    "seed: {bars: 0}",
    "midi: {channels: [0]}",
    "midi: {channels: [17]}",
    "midi: {program: 129}",
    "midi: {output: 'file:tune.wav'}",
    "midi: [auto]]",
    "sampling: {temperature: -1}",
    "sampling: {range: [C4, D4]}",
    "sampling: warm",
)


def edit(synth: Synth, times: int, rng: random.Random) -> str:
    """Save so many random settings, in place or by putting a new file in the old one's place."""
    journal = service.Journal()
    player = service.process()
    begin = synth.first_onset(monotonic(), service.PATIENCE)
    wrong, waits = sorted(rng.sample(range(times), times // 3)), []
    try:
        for number in range(times):
            lines, expected = _right(rng, number), "^in use from this bar on: .*tempo"
            if number in wrong:
                at = rng.randrange(len(lines))
                lines[at] = rng.choice(_FAULTS)
                expected = rf"{service.CONFIG}:{at + 1}: "
            after = len(journal.lines)
            saved = _save("\n".join(lines) + "\n", in_place=rng.random() < 0.5)
            journal.wait(expected, after)
            waits.append(monotonic() - saved)
    finally:
        journal.close()
    end = synth.first_onset(monotonic(), service.PATIENCE)
    with synth.lock:
        silence = synth.recording.longest_silence(begin, end)
    bar = 4 * 60 / SLOWEST
    told = f"the longest silence {silence:.2f} s (a bar at the slowest tempo has {bar:.2f} s)"
    if service.process() != player:
        raise GuestError("it is not the same process that plays")
    if silence > bar:
        raise GuestError(told)
    return f"{times} edits, {len(wrong)} wrong, each of those told with its line, 0 restarts; {told}; {_told(waits)}"


def _told(waits: list[float]) -> str:
    return f"in use or refused at most {max(waits):.1f} s after saving"


def _right(rng: random.Random, number: int) -> list[str]:
    """Random settings, one key a line; the tempo is always another one."""
    tempo = rng.randrange(SLOWEST, FASTEST, 2) + number % 2
    temperature, top_p = rng.choice(["null", "0.8", "1.1"]), rng.choice(["null", "0.9"])
    outputs = ["auto", f"'{NAME}'", "[auto, 'file:/var/lib/bachd/edits.mid']", f"['{NAME}', none]"]
    channels, program = rng.choice(["[1]", "[1, 2, 3, 4]", "[3]"]), rng.choice(["null", "1", "20"])
    lines = [
        f"tempo: {tempo}",
        f"seed: {{piece: {rng.choice(_PIECES)}, bars: {rng.randint(1, 8)}}}",
        f"sampling: {{temperature: {temperature}, top_p: {top_p}, leading: {rng.choice(['true', 'false'])}}}",
        f"midi: {{output: {rng.choice(outputs)}, channels: {channels}, program: {program}}}",
    ]
    if rng.random() < 0.3:  # another model has other pieces
        lines[1] = f"model: {rng.choice(['cello', 'keyboard'])}"
    rng.shuffle(lines)
    return lines


def _save(text: str, *, in_place: bool) -> float:
    """Save the settings; returns the moment."""
    if in_place:
        service.CONFIG.write_text(text)
    else:
        new = service.CONFIG.with_suffix(".saving")
        new.write_text(text)
        new.replace(service.CONFIG)
    return monotonic()
