"""Run every check of `bachd doctor`, and format the findings.

Law: a check changes nothing; each finding states what was found, and what to type or do about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import wrap
from typing import Final

from bachd.midi.resolve import Resolver
from bachd.midi.systems import destinations
from bachd.service.doctor import coral as coral_checks
from bachd.service.doctor import din as din_checks
from bachd.service.doctor import loudspeaker as loudspeaker_checks
from bachd.service.doctor import software as software_checks
from bachd.service.doctor import sound as sound_checks
from bachd.service.doctor import system as system_checks
from bachd.service.doctor.machine import Finding, Machine

_WIDTH: Final = 100
_INDENT: Final = 21


def examine(machine: Machine, path: Path | None) -> Iterator[Finding]:
    """Run all checks; takes about as long as starting to play.

    path: the settings file; None for the defaults.
    """
    software = [software_checks.python(machine), software_checks.runtime(machine)]
    yield from software
    yield software_checks.strangers(machine)
    finding, config = software_checks.settings(path)
    yield finding
    if all(each.state != "fault" for each in software):
        yield software_checks.model(config)
    yield coral_checks.coral(machine, config)
    yield from software_checks.libraries(machine, config)
    if machine.system == "Linux":
        yield from sound_checks.sequencer(machine, config)
    resolver = Resolver()
    try:
        yield sound_checks.ports(config, resolver)
    finally:
        resolver.close()
    yield sound_checks.locked(machine)
    yield from din_checks.din(machine)
    reached: list[object] = []
    yield sound_checks.jack(machine, config, lambda: reached.append(destinations("jack")))
    yield loudspeaker_checks.loudspeaker(machine, config, jack=bool(reached))
    yield system_checks.realtime(machine)
    yield system_checks.governor(machine)
    yield system_checks.clock(machine)
    yield system_checks.disk(machine)
    yield from system_checks.card(machine)
    yield system_checks.service(machine)


def described(findings: Iterable[Finding]) -> str:
    """Return the findings as text, with the advice on a line of its own, and the counts at the end."""
    lines = []
    counts = {"fault": 0, "note": 0, "ok": 0}
    for finding in findings:
        counts[finding.state] += 1
        head = f"{finding.state if finding.state == 'ok' else finding.state.upper():<6}{finding.name:<15}"
        seen = [piece for line in finding.seen.splitlines() for piece in wrap(line, _WIDTH - _INDENT)]
        todo = wrap(f"-> {finding.todo}", _WIDTH - _INDENT, subsequent_indent="   ") if finding.todo else []
        lines += [head + line if number == 0 else " " * _INDENT + line for number, line in enumerate(seen + todo)]
    lines.append(f"{counts['ok']} ok, {_count(counts['note'], 'note')}, {_count(counts['fault'], 'fault')}")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
