"""Carry out the verbs of the command line; each function is given its options and returns an exit code.

Law: a verb imports what it needs when it is called, so that `run` plays soon and `--help` is at once.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bachd.commands import config_file, favourite_options
from bachd.errors import EXIT_OK, EXIT_UNAVAILABLE, BachdError, ConfigError, UsageError
from bachd.printable import printable

BARS: Final = 32
"""Bars that `render` writes after the seed, unless others are wanted."""


def run(options: argparse.Namespace) -> int:
    """Play until the end that was asked for, or until stopped."""
    gc.disable()  # until the music begins: what is made on the way there stays
    # A signal before the daemon installs its own handlers is not an error either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from bachd.config import Config
        from bachd.service import daemon
        from bachd.service.settings import last_good

        path = config_file.path(options.config)
        how: dict[str, Any] = {"seconds": options.seconds, "events": options.events, "path": path}
        how["first"] = favourite_options.first(options)
        if _has_settings(options):
            from bachd.commands import setting_options
            from bachd.service.settings.draft import Draft  # and PyYAML

            wanted = setting_options.wanted(options, path)
            return daemon.run(wanted.config, **how, draft=Draft(wanted.text, wanted.options))
        config = Config() if path is None else last_good.load(path)
        return daemon.run(config, **how)
    except KeyboardInterrupt:
        return EXIT_OK


def render(options: argparse.Namespace) -> int:
    """Write music into a file."""
    from secrets import randbits

    from bachd.commands import setting_options
    from bachd.service.render import render as render_file

    out = options.output or options.out
    if out is None or (options.output and options.out):
        raise UsageError("give the file to write once, such as bach.mid; see 'bachd render --help'")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing half-written is to be left then, either
    if (kept := favourite_options.rendered(options)) is not None:
        render_file(kept.config, out, 0, kept.rng, kept.steps)
        print(f"wrote {out} (after {printable(kept.title)})")
        return EXIT_OK
    config = setting_options.wanted(options, config_file.path(options.config)).config
    rng = randbits(32) if config.seed.rng is None else config.seed.rng
    render_file(config, out, options.bars or BARS, rng, melody=options.melody)
    print(f"wrote {out} (rng {rng})")
    return EXIT_OK


def pieces(options: argparse.Namespace) -> int:
    """List the seed pieces of a model."""
    from bachd.service.pieces import catalogue

    found = catalogue.matching(catalogue.pieces(options.model), " ".join(options.words))
    if not found and options.words:
        raise UsageError(catalogue.none_fits(options.model, " ".join(options.words)))
    if options.json:
        _print_json(found)
    else:
        width = max((len(piece.name) for piece in found), default=0)
        for piece in found:
            row = f"{printable(piece.name):<{width}}  {piece.key:<13}  {piece.metre:<5}  {piece.bars:>3} bars"
            print(f"{row}  {piece.title}".rstrip())
    return EXIT_OK


def models(options: argparse.Namespace) -> int:
    """List the models that came with bachd, and one's own."""
    from bachd.service.pieces import catalogue

    path = config_file.path(options.config)
    model = ""
    with suppress(ConfigError):  # 'bachd check' is there for that
        model = config_file.load(path).model
    found = catalogue.models(path.parent if path else Path(), model)
    if options.json:
        _print_json(found)
    else:
        width = max((len(model.name) for model in found), default=0)
        for each in found:
            pieces = f" ({each.pieces} pieces)" if each.pieces else ""
            print(printable(f"{each.name:<{width}}  {each.description}{pieces}"))
    return EXIT_OK


def ports(options: argparse.Namespace) -> int:
    """List the MIDI outputs."""
    from bachd.midi.systems import list_ports

    found = list_ports()
    if options.json:
        _print_json(found)
    elif not found:
        from bachd.midi.resolve import without_synth

        print(f"no MIDI outputs: is the synth switched on and plugged in? without one, bachd {without_synth()}")
    else:
        width = max(len(port.name) for port in found)
        for port in found:
            print(f"{printable(port.name):<{width}}  {port.backend:<6}  {port.kind}")
    return EXIT_OK


def favourites(options: argparse.Namespace) -> int:
    """List the favourites, or print the text of one."""
    from bachd.service.pieces import favourites as kept

    if options.favourite is not None:
        print(kept.find(options.favourite))
    elif options.json:
        _print_json(kept.kept())
    elif found := favourite_options.listed(kept.kept()):
        print("\n".join(found))
    else:
        print(f"none yet in {kept.path()}: the key k of 'bachd run' keeps a piece, and so does the heart on the page")
    return EXIT_OK


def learn(options: argparse.Namespace) -> int:
    """Show what controllers and keys are called."""
    from bachd.service.person.learn import learn as show

    def write(line: str) -> None:
        print(printable(line), flush=True)

    with suppress(KeyboardInterrupt):
        show(config_file.load(options.config), write, options.seconds)
    return EXIT_OK


def check(options: argparse.Namespace) -> int:
    """Check the settings, the model and the seed piece."""
    from bachd.service.preflight import examine

    warnings = examine(config_file.load(options.config))
    source = config_file.path(options.config) or "the defaults (no config.yaml)"
    if warnings:
        for warning in warnings:
            print(f"warning: {warning}")
        print(f"bachd can play with {source}, but see the warnings above")
    else:
        print(f"{source}: no problems found")
    return EXIT_OK


def status(options: argparse.Namespace) -> int:
    """Print what the bachd that runs here is doing."""
    from bachd.service.telemetry import status as running

    answer = running.ask()
    if options.json:
        _print_json(answer)
    else:
        print(running.described(answer))
        if sys.stdout.isatty() and (code := running.qr_code(answer)):
            print(code)
    return EXIT_OK


def doctor(options: argparse.Namespace) -> int:
    """Print what is wrong with this machine, or measure its timing."""
    from bachd.service.doctor.checks import described, examine
    from bachd.service.doctor.machine import Machine

    if options.timing:
        return _timing(options)
    if options.seconds or options.plot:
        raise UsageError("--seconds and --plot need --timing")
    findings = list(examine(Machine(), config_file.path(options.config)))
    if options.json:
        _print_json(findings)
    else:
        print(described(findings))
    return EXIT_UNAVAILABLE if any(finding.state == "fault" for finding in findings) else EXIT_OK


def _timing(options: argparse.Namespace) -> int:
    from bachd.service.doctor.machine import Machine
    from bachd.service.timing import measure as measuring
    from bachd.service.timing import plot

    if options.plot:
        plot.check(options.plot)
    found = measuring.measure(config_file.load(options.config), options.seconds or measuring.SECONDS, Machine())
    if options.json:
        _print_json(measuring.as_json(found))
    else:
        print(measuring.described(found))
    if options.plot:
        plot.plot(found, options.plot)
    return EXIT_OK


def panic(options: argparse.Namespace) -> int:
    """Silence notes that hang."""
    from bachd.midi.panic import panic as silence

    played: list[str] = []
    if not options.port and (path := config_file.path(options.config)) is not None:
        from bachd.service.settings import last_good

        with suppress(BachdError):
            played += last_good.load(path).midi.output
        # What has been saved since may not have come into use: the music was still played to the outputs of before.
        played += kept.midi.output if (kept := last_good.kept(path)) is not None else ()
    print(f"silenced {silence(options.port, played)}")
    return EXIT_OK


def bench(options: argparse.Namespace) -> int:
    """Measure how fast music is composed."""
    from bachd.service.bench import bench as measure

    measure(config_file.load(options.config), as_json=options.json)
    return EXIT_OK


def _print_json(value: object) -> None:
    """Print what --json asks for; dataclasses become objects."""
    import json
    from dataclasses import asdict

    print(json.dumps(value, indent=1, default=asdict))


def _has_settings(options: argparse.Namespace) -> bool:
    """Whether an option was given that is a key of config.yaml; all such are named by the key."""
    own = ("verb", "config", "seconds", "events", "favourite")
    return any(name not in own for name in vars(options))
