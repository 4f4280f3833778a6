"""Check the ways to a synth: the sequencer and the rights to it, the ports, programs that block them, and JACK.

Law: ports are looked for by the function that `bachd run` opens them with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from bachd.config import Config
from bachd.errors import OutputError
from bachd.midi.resolve import Resolver, attempt
from bachd.midi.speaker import availability
from bachd.midi.targets import FileTarget, PortTarget, SynthTarget, Target
from bachd.service.doctor.machine import SERVICE, Finding, Machine

SEQUENCER: Final = "dev/snd/seq"
MODULES: Final = ("etc/modules", "etc/modules-load.d/*.conf", "usr/lib/modules-load.d/*.conf")
UNITS: Final = ("etc/systemd/system/bachd.service", "usr/lib/systemd/system/bachd.service")

_SWITCH_ON: Final = (
    "switch the synth on; take a USB cable that carries data, not only power; see whether lsusb shows it"
)
_OWNER: Final = re.compile(r"Output \d+\n(?:  .*\n)*?  Owner PID\s*: (\d+)")


def silent(config: Config) -> bool:
    """Return whether the settings need no MIDI system at all."""
    return all(word == "none" or word.startswith("file:") for word in config.midi.output)


def installed(machine: Machine) -> bool:
    """Return whether bachd is installed as a service."""
    return any(machine.path(unit).exists() for unit in UNITS)


def sequencer(machine: Machine, config: Config) -> Iterator[Finding]:
    """Check that the kernel's sequencer is loaded, now and at boot, and open to this user and the service."""
    device = machine.path(SEQUENCER)
    boot = "echo snd-seq | sudo tee /etc/modules-load.d/bachd.conf"
    if not device.exists():
        todo = f"sudo modprobe snd-seq; to load it at every boot: {boot}"
        yield Finding("sequencer", "note" if silent(config) else "fault", f"there is no /{SEQUENCER}", todo)
        return
    if installed(machine) and not _at_boot(machine):
        seen = "loaded now, but nothing loads snd-seq at boot; a service that starts earlier may never see it"
        yield Finding("sequencer", "note", seen, boot)
    else:
        yield Finding("sequencer", "ok", f"/{SEQUENCER}")
    yield from _rights(machine)


def _at_boot(machine: Machine) -> bool:
    texts = [path.read_text(errors="replace") for pattern in MODULES for path in machine.glob(pattern)]
    return any(line.strip().replace("_", "-") == "snd-seq" for text in texts for line in text.splitlines())


def _rights(machine: Machine) -> Iterator[Finding]:
    device = machine.path(SEQUENCER)
    number = device.stat().st_gid
    group = machine.group_name(number)
    if machine.may_use(device):
        yield Finding("rights", "ok", "this user may open the sequencer")
    else:
        todo = f"sudo usermod -aG {group} $USER, then log in again"
        yield Finding("rights", "fault", f"this user may not open /{SEQUENCER}, owned by the group {group}", todo)
    groups = machine.groups_of(SERVICE)
    if groups is not None and number not in groups:
        todo = f"sudo usermod -aG {group} {SERVICE} && sudo systemctl restart {SERVICE}"
        yield Finding("service user", "fault", f"the user {SERVICE} is not in the group {group}", todo)


def ports(config: Config, resolver: Resolver) -> Finding:
    """Check that the outputs in `midi.output` exist."""
    if silent(config):
        return Finding("ports", "ok", "the settings need none")
    targets: list[Target] = []
    faults = attempt(config.midi.output, lambda spec: targets.append(resolver.resolve(spec)))
    if faults:
        seen = "; ".join(str(fault) for _, fault in faults)
        todo = "switch it on, or use another name; 'bachd ports' lists them"
        return Finding("ports", "note" if targets else "fault", seen, todo)
    for target in targets:
        if isinstance(target, SynthTarget) and target.port is None:
            if availability.is_ready(config.speaker.settings):
                return Finding("ports", "ok", "no synth is there: the loudspeaker plays until one is")
            return _no_instrument(resolver.present())
        if isinstance(target, FileTarget) and target.reason:
            return Finding("ports", "fault", f"no synth can be reached: {target.reason}", _SWITCH_ON)
        if isinstance(target, PortTarget) and target.any_instrument and target.destination is None:
            seen = f"no instrument yet: bachd opens {target.label}, and connects the first to appear"
            return Finding("ports", "note", seen, "start the synth, or connect one to that port")
    return Finding("ports", "ok", ", ".join(target.label for target in targets))


def _no_instrument(names: Sequence[str]) -> Finding:
    if names:
        seen = f"no instrument, only programs: {', '.join(names)}; 'auto' selects instruments only"
        return Finding("ports", "note", seen, "switch the synth on, or name one of these as midi.output")
    return Finding("ports", "fault", "no instrument is connected", _SWITCH_ON)


def locked(machine: Machine) -> Finding:
    """Check that no other program has an instrument's raw port open, which keeps the sequencer out."""
    names = dict(machine.processes())
    taken = []
    for port in machine.glob("proc/asound/card*/midi*"):
        text = machine.text(str(port.relative_to(machine.root))) or ""
        owners = {int(number) for number in _OWNER.findall(text)}
        for owner in owners:
            program = names.get(owner, "another program")
            if not program.startswith((SERVICE, "python")):
                taken.append(f"{text.splitlines()[0]} by {program} ({owner})")
    if not taken:
        return Finding("locks", "ok", "no other program has an instrument open")
    return Finding("locks", "note", f"in use: {'; '.join(taken)}", "if bachd cannot play there, quit that program")


def jack(machine: Machine, config: Config, reach: Callable[[], object]) -> Finding:
    """Check that a JACK server (jackd or PipeWire) is running and this user can reach it.

    reach: raises OutputError if it cannot be reached.
    """
    servers = sorted({name for _, name in machine.processes() if name in ("jackd", "jackdbus", "pipewire")})
    listed = ", ".join(servers)
    wanted = "jack" in config.midi.output
    try:
        reach()
    except OutputError as fault:
        if not servers:
            if wanted:
                todo = "start one: jackd -d alsa; or, with PipeWire, install pipewire-jack"
                return Finding("jack", "fault", "no server is running, but midi.output needs it", todo)
            return Finding("jack", "ok", "no server is running, and none is needed")
        seen = f"{listed} is running, but not for this user: {fault}"
        todo = "start it as this user; if the server has another name, set JACK_DEFAULT_SERVER to it"
        if servers == ["pipewire"]:
            seen, todo = f"pipewire is running, but JACK cannot be reached: {fault}", "install pipewire-jack"
        return Finding("jack", "fault", seen, todo) if wanted else Finding("jack", "ok", f"{seen}; none is needed")
    return Finding("jack", "ok", f"{listed} is running" if servers else "a server is running")
