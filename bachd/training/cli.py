"""Parse the command line of the companion: bachd-train prepare | fit | export | evaluate | baselines | check-edgetpu.

Law: like bachd itself, an expected fault is one line, and what takes long shows how far it has come.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from bachd import __version__, standard_streams
from bachd.errors import EXIT_BUG, EXIT_OK, EXIT_UNAVAILABLE, BachdError, ConfigError, UsageError, did_you_mean
from bachd.standard_streams import exit_code_for, print_error
from bachd.training import subcommands

_SOURCE: Final = "'chorales' or a folder of music"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `bachd-train`; returns the exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what TensorFlow's C++ reports of itself is of no use here
    standard_streams.open_missing()
    logging.basicConfig(format="%(message)s", level=logging.ERROR)  # nor what absl and tensorflow log
    logging.getLogger("bachd").setLevel(logging.INFO)
    for stream in (sys.stdout, sys.stderr):  # whatever a file is called, its name can be printed
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _carry_out(arguments)
    except SystemExit as end:  # --help
        raise SystemExit(standard_streams.close(EXIT_OK)) from end
    return standard_streams.close(code)


def _carry_out(arguments: Sequence[str] | None) -> int:
    try:
        options = _parsed(sys.argv[1:] if arguments is None else arguments)
        subcommands.require(options.needs)
        getattr(subcommands, options.verb)(options)
    except ConfigError as error:  # as many lines as there are faults, each with its file
        print_error(str(error))
        return error.exit_code
    except BachdError as error:
        print_error(f"bachd-train: {error}")
        return error.exit_code
    except OSError as error:  # a full disk, a folder that may not be written
        if (code := exit_code_for(error)) is not None:
            return code
        print_error(f"bachd-train: {error}")
        return EXIT_UNAVAILABLE
    except KeyboardInterrupt:
        print_error("\nbachd-train: interrupted; what was finished is kept, and the same command goes on")
        return 128 + signal.SIGINT
    except Exception:  # noqa: BLE001  (the last resort: say all there is to say about a bug)
        print_error(f"{traceback.format_exc()}bachd-train: this is a bug; please report it with the lines above")
        return EXIT_BUG
    return EXIT_OK


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Raises UsageError, which offers the nearest verb or option for one that there is not."""
    parser = make_parser()
    choices: dict[str, argparse.ArgumentParser] = next(
        dict(action.choices) for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    verb = next(iter(arguments), "")
    if verb and not verb.startswith("-") and verb not in choices:
        instead = did_you_mean(verb, choices) or f"; the verbs are {', '.join(choices)}"
        raise UsageError(f"no verb {verb!r}{instead}; see 'bachd-train --help'")
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        if verb == "prepare" and not unknown[0].startswith("-"):
            folder = "FOLDER" if unknown[0].endswith((".yaml", ".yml")) else unknown[0]
            raise UsageError(f"prepare reads a corpus, and no recipe; write 'bachd-train prepare --corpus {folder}'")
        known = [name for action in choices[verb]._actions for name in action.option_strings]
        hint = did_you_mean(unknown[0].partition("=")[0], known)
        raise UsageError(f"unrecognized arguments: {' '.join(unknown)}{hint}; see 'bachd-train {verb} --help'")
    return options


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the companion's command line."""
    parser = _Parser(prog="bachd-train", description="Train bachd's models, away from the device.")
    parser.add_argument("--version", action="version", version=f"bachd-train {__version__}")
    add = parser.add_subparsers(metavar="VERB", required=True).add_parser
    prepare = add("prepare", help="read a corpus and say what was kept and how it is split")
    prepare.add_argument("--corpus", metavar="SOURCE", default="chorales", help=f"{_SOURCE} (%(default)s)")
    prepare.add_argument(
        "--cluster", metavar="ADDRESS", help="have the workers of a Dask cluster read a folder, such as tcp://pc:8786"
    )
    prepare.add_argument("--plot", type=Path, metavar="FILE.png", help="draw it, too")
    prepare.set_defaults(verb="prepare", needs=("tqdm", "pyarrow"))
    fit = add("fit", help="train, or go on with an interrupted run")
    fit.add_argument(
        "recipe", type=Path, metavar="RECIPE.yaml", help="what to train, such as models/chorales/train.yaml"
    )
    fit.add_argument("--epochs", type=_count, metavar="N", help="passes over the pieces, instead of the recipe's")
    fit.add_argument(
        "--strategy",
        choices=("none", "mirrored", "workers"),
        default="none",
        help="share the work out among the GPUs here, or among workers that TF_CONFIG names (%(default)s)",
    )
    fit.set_defaults(verb="fit", needs=("tqdm", "matplotlib"))
    export = add("export", help="write the trained network as a bundle")
    export.add_argument("recipe", type=Path, metavar="RECIPE.yaml", help="what was trained")
    export.add_argument("bundle", type=Path, nargs="?", help="the folder to write (bundles/NAME)")
    export.set_defaults(verb="export", needs=("tqdm", "tensorflow"))
    export.add_argument("--edgetpu", action="store_true", help="compile the trunk for the Edge TPU, too")
    refresh = add("refresh", help="write a bundle's seeds, form and sampling anew, without training")
    refresh.add_argument("recipe", type=Path, metavar="RECIPE.yaml", help="the recipe that it was made by")
    refresh.add_argument("bundle", type=Path, nargs="?", help="the folder to write (bundles/NAME)")
    refresh.set_defaults(verb="refresh", needs=("tqdm",))
    harmony = add("harmony", help="train a bundle's graph for the chords under a melody, in seconds")
    harmony.add_argument("recipe", type=Path, metavar="RECIPE.yaml", help="the recipe that the bundle was made by")
    harmony.add_argument("bundle", type=Path, nargs="?", help="the folder to write (bundles/NAME)")
    harmony.set_defaults(verb="harmony", needs=("tqdm", "tensorflow"))
    compare = add("baselines", help="measure what the network has to beat: n-grams and an LSTM")
    compare.add_argument("recipe", type=Path, metavar="RECIPE.yaml", help="whose pieces to measure on")
    compare.add_argument("--json", action="store_true", help="print figures for programs")
    compare.set_defaults(verb="baselines", needs=("tqdm", "tensorflow"))
    for verb in (refresh, harmony):
        verb.add_argument("--corpus", metavar="SOURCE", help=f"{_SOURCE} (as the recipe says)")
    for verb in (fit, export, compare):
        verb.add_argument("--corpus", metavar="SOURCE", help=f"{_SOURCE} (as the recipe says)")
        verb.add_argument("--work", type=Path, metavar="DIR", help="folder of the run (runs/NAME)")
    evaluation = add("evaluate", help="measure a bundle on held-out pieces, and left to itself")
    evaluation.add_argument("bundle", nargs="?", default="chorales", help="a bundle's name or folder (%(default)s)")
    evaluation.add_argument("--corpus", metavar="SOURCE", help=f"{_SOURCE} (as its recipe says)")
    evaluation.add_argument(
        "--hours", type=_hours, metavar="H", default=24.0, help="how much music it plays to itself (%(default)s)"
    )
    evaluation.add_argument(
        "--pieces",
        type=_count,
        metavar="N",
        help="instead, compose N whole pieces and compare their form with the corpus",
    )
    evaluation.add_argument(
        "--given",
        choices=("soprano", "alto", "tenor", "bass", "both"),
        help="instead, put the others to this voice of the held-out pieces, or to soprano and bass, and compare",
    )
    evaluation.add_argument(
        "--grade", type=Path, metavar="FILE.json", help="with --pieces: distributions of Fang et al. 2020 to grade by"
    )
    evaluation.add_argument(
        "--check",
        action="store_true",
        help="compose as many pieces as the bundle's aims.yaml says, and fail if one is missed",
    )
    evaluation.add_argument(
        "--spelling",
        action="store_true",
        help="instead, without the bundle: compare the names of notes with those in held-out scores",
    )
    evaluation.add_argument("--json", action="store_true", help="print figures for programs")
    evaluation.add_argument("--html", type=Path, metavar="FILE", help="write a page that shows it all")
    evaluation.set_defaults(verb="evaluate", needs=("tqdm",))
    check = add("check-edgetpu", help="hold a bundle against the Edge TPU's published constraints")
    check.add_argument("bundle", nargs="?", default="chorales", help="a bundle's name or folder (%(default)s)")
    check.add_argument("--json", action="store_true", help="print what breaks them for programs")
    check.set_defaults(verb="check_edgetpu", needs=())
    benchmark = add("benchmark", help="train and test on a public benchmark, as others do")
    benchmark.add_argument("which", choices=("jsb",), help="the JSB chorales in their standard split")
    benchmark.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE",
        help="jsb-chorales-quarter.json, Jsb16thSeparated.json, or both",
    )
    benchmark.add_argument("--epochs", type=_count, metavar="N", help="passes over the pieces, instead of the recipe's")
    benchmark.add_argument(
        "--work", type=Path, metavar="DIR", default=Path("runs/jsb"), help="folder of the runs (%(default)s)"
    )
    benchmark.add_argument("--json", action="store_true", help="print figures for programs")
    benchmark.set_defaults(verb="benchmark", needs=("tqdm", "tensorflow"))
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return int(text)


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0.01 <= hours <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not a number of hours from 0.01 to 1000")
    return hours


if __name__ == "__main__":
    sys.exit(main())
