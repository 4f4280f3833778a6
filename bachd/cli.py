"""Parse and run the commands: bachd run | render | ports | check | status | doctor | panic | bench.

Law: an expected fault is one line on stderr and its exit code, a bug is a traceback and 70, and Ctrl-C is neither.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from bachd import __version__, standard_streams, subcommands
from bachd.errors import EXIT_BUG, EXIT_OK, BachdError, ConfigError, UsageError
from bachd.printable import printable
from bachd.standard_streams import exit_code_for, print_error

EXIT_INTERRUPTED: Final = 130


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
    except Exception:  # noqa: BLE001  (the last resort: report a bug with its traceback)
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
    parser = _Parser(
        prog="bachd", description="Play Bach-like music through a MIDI port, composed by a neural network."
    )
    parser.add_argument("--version", action="version", version=f"bachd {__version__}")
    subparsers = parser.add_subparsers(metavar="VERB", required=True)

    run = subparsers.add_parser("run", help="play, until Ctrl-C unless a limit is given")
    run.set_defaults(verb=subcommands.run)
    run.add_argument("--seconds", type=_seconds, metavar="N", help="stop after N seconds")
    run.add_argument("--events", type=_count, metavar="N", help="stop after N events")

    render = subparsers.add_parser("render", help="write music to a file, faster than real time")
    render.set_defaults(verb=subcommands.render)
    render.add_argument("out", type=Path, metavar="OUT", help="the file to write: NAME.mid or NAME.wav")
    render.add_argument(
        "--bars", type=_count, metavar="N", default=32, help="bars after the seed (default: %(default)s)"
    )
    render.add_argument("--rng", type=_rng, metavar="N", help="random seed; the same N gives the same file")

    ports = subparsers.add_parser("ports", help="list the MIDI outputs")
    ports.set_defaults(verb=subcommands.ports)

    check = subparsers.add_parser("check", help="check config.yaml, the model and the seed piece without playing")
    check.set_defaults(verb=subcommands.check)

    status = subparsers.add_parser("status", help="show what the running bachd is doing")
    status.set_defaults(verb=subcommands.status)

    doctor = subparsers.add_parser("doctor", help="find known problems, and print what to do about each")
    doctor.set_defaults(verb=subcommands.doctor)
    doctor.add_argument("--timing", action="store_true", help="measure how punctually notes arrive instead")
    doctor.add_argument("--seconds", type=_seconds, metavar="N", help="with --timing: play for N seconds (default: 10)")
    doctor.add_argument("--plot", type=Path, metavar="FILE", help="with --timing: also write a plot, as .png or .pdf")

    panic = subparsers.add_parser("panic", help="silence hanging notes")
    panic.set_defaults(verb=subcommands.panic)
    panic.add_argument(
        "port", nargs="*", metavar="PORT", help="part of a port's name (default: every output that 'run' plays to)"
    )

    bench = subparsers.add_parser("bench", help="measure how fast this machine composes")
    bench.set_defaults(verb=subcommands.bench)

    for verb in (run, render, check, doctor, panic, bench):
        verb.add_argument(
            "--config",
            type=Path,
            metavar="FILE",
            help=f"settings (default: ./config.yaml, then {subcommands.SYSTEM_CONFIG})",
        )
    for verb in (ports, status, doctor, bench):
        verb.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _count(text: str) -> int:
    return _whole(text, 1, 1_000_000)


def _rng(text: str) -> int:
    return _whole(text, 0, 2**32 - 1)


def _whole(text: str, low: int, high: int) -> int:
    if not (text.isdecimal() and len(text) <= 10 and low <= int(text) <= high):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
    return int(text)
