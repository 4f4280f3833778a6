"""The verbs: bachd run | render | ports | check | status | doctor | panic | bench.

Law: an expected fault is one line on stderr and its exit code, a bug is a traceback and 70, and Ctrl-C is neither.

A verb imports what it needs when it is called, so that `run` plays soon and `--help` is at once.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from bachd import __version__, standard_streams
from bachd.errors import EXIT_BUG, EXIT_OK, EXIT_UNAVAILABLE, BachdError, ConfigError, UsageError
from bachd.printable import printable
from bachd.standard_streams import exit_code_for, print_error

if TYPE_CHECKING:
    from bachd.config import Config

EXIT_INTERRUPTED: Final = 130
SYSTEM_CONFIG: Final = Path("/etc/bachd/config.yaml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line; returns the exit code."""
    # NumPy's linear algebra is not used here, and to start its threads is a third of the work until the first note.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    standard_streams.open_missing()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a port's name may hold any bytes
    try:
        code = _carry_out(arguments)
    except SystemExit as end:  # --help and --version
        raise SystemExit(standard_streams.close(EXIT_OK)) from end
    return standard_streams.close(code)


def _carry_out(arguments: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(arguments)
        code: int = options.verb(options)
    except ConfigError as error:
        print_error(printable(str(error)))
        return error.exit_code
    except BachdError as error:
        print_error(f"bachd: {printable(str(error))}")
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except OSError as fault:
        return _report_bug() if (known := exit_code_for(fault)) is None else known
    except Exception:  # noqa: BLE001  (the last resort: say all there is to say about a bug)
        return _report_bug()
    return code


def _report_bug() -> int:
    import traceback

    print_error(f"{traceback.format_exc()}bachd: this is a bug; please report it with the lines above")
    return EXIT_BUG


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="bachd", description="A small neural network that has read Bach plays out of a MIDI port.")
    parser.add_argument("--version", action="version", version=f"bachd {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    run = verbs.add_parser("run", help="play until Ctrl-C, or for so long")
    run.set_defaults(verb=_run)
    run.add_argument("--seconds", type=_seconds, metavar="N", help="stop after N seconds")
    run.add_argument("--events", type=_count, metavar="N", help="stop after N events")

    render = verbs.add_parser("render", help="write music to a file, faster than it plays")
    render.set_defaults(verb=_render)
    render.add_argument("out", type=Path, metavar="OUT", help="the file to write: NAME.mid or NAME.wav")
    render.add_argument("--bars", type=_count, metavar="N", default=32, help="bars after the seed (%(default)s)")
    render.add_argument("--rng", type=_rng, metavar="N", help="the same N gives the same file")

    ports = verbs.add_parser("ports", help="list the MIDI outputs")
    ports.set_defaults(verb=_ports)

    check = verbs.add_parser("check", help="check config.yaml, the model and the seed piece, and play nothing")
    check.set_defaults(verb=_check)

    status = verbs.add_parser("status", help="what the bachd that runs here is doing")
    status.set_defaults(verb=_status)

    doctor = verbs.add_parser("doctor", help="look for all that is known to go wrong here, and say what to do")
    doctor.set_defaults(verb=_doctor)
    doctor.add_argument("--timing", action="store_true", help="instead, measure how punctually notes arrive")
    doctor.add_argument("--seconds", type=_seconds, metavar="N", help="with --timing: play for N seconds (10)")
    doctor.add_argument("--plot", type=Path, metavar="FILE", help="with --timing: draw it, too, as .png or .pdf")

    panic = verbs.add_parser("panic", help="silence notes that hang")
    panic.set_defaults(verb=_panic)
    panic.add_argument(
        "port", nargs="*", metavar="PORT", help="part of a port's name; without one, all that 'run' plays to"
    )

    bench = verbs.add_parser("bench", help="measure how fast music is composed on this machine")
    bench.set_defaults(verb=_bench)

    for verb in (run, render, check, doctor, panic, bench):
        verb.add_argument(
            "--config", type=Path, metavar="FILE", help=f"the settings; otherwise ./config.yaml or {SYSTEM_CONFIG}"
        )
    for verb in (ports, status, doctor, bench):
        verb.add_argument("--json", action="store_true", help="print JSON, for programs")
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _count(text: str) -> int:
    return _whole(text, 1, 1_000_000)


def _rng(text: str) -> int:
    return _whole(text, 0, 2**32 - 1)


def _whole(text: str, low: int, high: int) -> int:
    if not (text.isdecimal() and len(text) <= 10 and low <= int(text) <= high):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
    return int(text)


def _config(options: argparse.Namespace) -> Config:
    from bachd import configfile
    from bachd.config import Config

    path = _config_path(options.config)
    return Config() if path is None else configfile.load(path)


def _config_path(asked: Path | None) -> Path | None:
    """The settings to use: those asked for, or the nearest there are; None if there are none."""
    if asked is not None:
        return asked
    return next((path for path in (Path("config.yaml"), SYSTEM_CONFIG) if path.exists()), None)


def _run(options: argparse.Namespace) -> int:
    gc.disable()  # until the music begins: what is made on the way there stays
    # Until the daemon listens for signals itself, to be stopped is no fault either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from bachd.config import Config
        from bachd.service import daemon
        from bachd.service.settings import last_good

        path = _config_path(options.config)
        config = Config() if path is None else last_good.load(path)
        return daemon.run(config, options.seconds, options.events, path=path)
    except KeyboardInterrupt:
        return EXIT_OK


def _render(options: argparse.Namespace) -> int:
    from secrets import randbits

    from bachd.service.render import render

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing half-written is to be left then, either
    config = _config(options)
    rng = next(number for number in (options.rng, config.seed.rng, randbits(32)) if number is not None)
    render(config, options.out, options.bars, rng)
    print(f"wrote {options.out} (rng {rng})")
    return EXIT_OK


def _ports(options: argparse.Namespace) -> int:
    from bachd.midi.ports import list_ports

    found = list_ports()
    if options.json:
        import json
        from dataclasses import asdict

        print(json.dumps([asdict(port) for port in found], indent=1))
    elif not found:
        from bachd.midi.resolve import without_synth

        print(f"no MIDI outputs: is the synth on, and plugged in? without one, bachd {without_synth()}")
    else:
        width = max(len(port.name) for port in found)
        for port in found:
            print(f"{printable(port.name):<{width}}  {port.backend:<6}  {port.kind}")
    return EXIT_OK


def _check(options: argparse.Namespace) -> int:
    from bachd.service.preflight import examine

    warnings = examine(_config(options))
    source = _config_path(options.config) or "the defaults (there is no config.yaml)"
    if warnings:
        for warning in warnings:
            print(f"warning: {warning}")
        print(f"nothing keeps bachd from playing with {source}, but see above")
    else:
        print(f"all is well with {source}")
    return EXIT_OK


def _status(options: argparse.Namespace) -> int:
    from bachd.service import status

    answer = status.ask()
    if options.json:
        import json

        print(json.dumps(answer, indent=1))
    else:
        print(status.described(answer))
    return EXIT_OK


def _doctor(options: argparse.Namespace) -> int:
    from bachd.service.doctor.checks import described, examine
    from bachd.service.doctor.machine import Machine

    if options.timing:
        return _timing(options)
    if options.seconds or options.plot:
        raise UsageError("--seconds and --plot go with --timing")
    findings = list(examine(Machine(), _config_path(options.config)))
    if options.json:
        import json
        from dataclasses import asdict

        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        print(described(findings))
    return EXIT_UNAVAILABLE if any(finding.state == "fault" for finding in findings) else EXIT_OK


def _timing(options: argparse.Namespace) -> int:
    from bachd.service.doctor.machine import Machine
    from bachd.service.timing import measure as measuring
    from bachd.service.timing import plot

    if options.plot:
        plot.check(options.plot)
    found = measuring.measure(_config(options), options.seconds or measuring.SECONDS, Machine())
    if options.json:
        import json

        print(json.dumps(measuring.as_json(found), indent=1))
    else:
        print(measuring.described(found))
    if options.plot:
        plot.plot(found, options.plot)
    return EXIT_OK


def _panic(options: argparse.Namespace) -> int:
    from bachd.midi.panic import panic

    played: list[str] = []
    if not options.port and (path := _config_path(options.config)) is not None:
        from bachd.service.settings import last_good

        with suppress(BachdError):
            played += last_good.load(path).midi.output
        # What has been saved since may not have come into use: the music was still played to the outputs of before.
        played += kept.midi.output if (kept := last_good.kept(path)) is not None else ()
    print(f"silenced {panic(options.port, played)}")
    return EXIT_OK


def _bench(options: argparse.Namespace) -> int:
    from bachd.service.bench import bench

    bench(_config(options), as_json=options.json)
    return EXIT_OK
