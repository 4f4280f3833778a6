"""The companion's verbs: bachd-train prepare | fit | export | refresh | evaluate | baselines | check-edgetpu.

Law: like bachd itself, an expected fault is one line, and what takes long shows how far it has come.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from bachd.errors import EXIT_BUG, EXIT_OK, EXIT_UNAVAILABLE, BachdError, ConfigError, ModelError, UsageError

if TYPE_CHECKING:
    from bachd.music.piece import Piece
    from bachd.neural.bundle import Bundle
    from bachd.neural.model import Model
    from bachd.training.corpus.model import Corpus
    from bachd.training.recipe import Recipe

log = logging.getLogger(__name__)

_SOURCE: Final = "'chorales' or a folder of music"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `bachd-train`; returns the exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    try:
        options = _parser().parse_args(arguments)
        _require(options.needs)
        options.verb(options)
    except ConfigError as error:  # as many lines as there are faults, each with its file
        print(error, file=sys.stderr)
        return error.exit_code
    except BachdError as error:
        print(f"bachd-train: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"bachd-train: {error}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except KeyboardInterrupt:
        print("\nbachd-train: interrupted; what was finished is kept, and the same command goes on", file=sys.stderr)
        return 128 + signal.SIGINT
    except Exception:  # noqa: BLE001  (the last resort: say all there is to say about a bug)
        traceback.print_exc()
        print("bachd-train: this is a bug; please report it with the lines above", file=sys.stderr)
        return EXIT_BUG
    return EXIT_OK


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="bachd-train", description="Train bachd's models, away from the device.")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    prepare = verbs.add_parser("prepare", help="read a corpus and say what was kept and how it is split")
    prepare.add_argument("--corpus", metavar="SOURCE", default="chorales", help=f"{_SOURCE} (%(default)s)")
    prepare.add_argument("--plot", type=Path, metavar="FILE.png", help="draw it, too")
    prepare.set_defaults(verb=_prepare, needs=("tqdm",))
    fit = verbs.add_parser("fit", help="train, or go on with an interrupted run")
    fit.add_argument(
        "recipe", type=Path, metavar="RECIPE.yaml", help="what to train, such as models/chorales/train.yaml"
    )
    fit.add_argument("--epochs", type=_count, metavar="N", help="how often every piece is heard")
    fit.add_argument(
        "--strategy",
        choices=("none", "mirrored", "workers"),
        default="none",
        help="share the work out among the GPUs here, or among workers that TF_CONFIG names (%(default)s)",
    )
    fit.set_defaults(verb=_fit, needs=("tqdm", "tensorflow", "matplotlib"))
    export = verbs.add_parser("export", help="write the trained network as a bundle")
    export.add_argument("recipe", type=Path, metavar="RECIPE.yaml", help="what was trained")
    export.add_argument("bundle", type=Path, nargs="?", help="the folder to write (models/NAME)")
    export.set_defaults(verb=_export, needs=("tqdm", "tensorflow"))
    export.add_argument("--edgetpu", action="store_true", help="compile the trunk for the Edge TPU, too")
    refresh = verbs.add_parser("refresh", help="write a bundle's seeds, form and sampling anew, without training")
    refresh.add_argument("recipe", type=Path, metavar="RECIPE.yaml", help="the recipe that it was made by")
    refresh.add_argument("bundle", type=Path, nargs="?", help="the folder to write (models/NAME)")
    refresh.add_argument("--corpus", metavar="SOURCE", help=f"{_SOURCE} (as the recipe says)")
    refresh.set_defaults(verb=_refresh, needs=("tqdm",))
    compare = verbs.add_parser("baselines", help="measure what the network has to beat: n-grams and an LSTM")
    compare.add_argument("recipe", type=Path, metavar="RECIPE.yaml", help="whose pieces to measure on")
    compare.add_argument("--json", action="store_true", help="print figures for programs")
    compare.set_defaults(verb=_baselines, needs=("tqdm", "tensorflow"))
    for verb in (fit, export, compare):
        verb.add_argument("--corpus", metavar="SOURCE", help=f"{_SOURCE} (as the recipe says)")
        verb.add_argument("--work", type=Path, metavar="DIR", help="folder of the run (runs/NAME)")
    evaluation = verbs.add_parser("evaluate", help="measure a bundle on held-out pieces, and left to itself")
    evaluation.add_argument("bundle", nargs="?", default="chorales", help="a bundle's name or folder (%(default)s)")
    evaluation.add_argument("--corpus", metavar="SOURCE", help=f"{_SOURCE} (as its recipe says)")
    evaluation.add_argument(
        "--hours", type=_hours, metavar="H", default=24.0, help="how much music it plays to itself (%(default)s)"
    )
    evaluation.add_argument(
        "--pieces", type=_count, metavar="N", help="instead, compose N whole pieces and compare their form with Bach's"
    )
    evaluation.add_argument("--json", action="store_true", help="print figures for programs")
    evaluation.add_argument("--html", type=Path, metavar="FILE", help="write a page that shows it all")
    evaluation.set_defaults(verb=_evaluate, needs=("tqdm",))
    check = verbs.add_parser("check-edgetpu", help="hold a bundle against the Edge TPU's published constraints")
    check.add_argument("bundle", nargs="?", default="chorales", help="a bundle's name or folder (%(default)s)")
    check.add_argument("--json", action="store_true", help="print what breaks them for programs")
    check.set_defaults(verb=_check_edgetpu, needs=())
    benchmark = verbs.add_parser("benchmark", help="train and test on a public benchmark, as others do")
    benchmark.add_argument("which", choices=("jsb",), help="the JSB chorales in their standard split")
    benchmark.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE",
        help="jsb-chorales-quarter.json, Jsb16thSeparated.json, or both",
    )
    benchmark.add_argument("--epochs", type=_count, metavar="N", help="how often every piece is heard")
    benchmark.add_argument(
        "--work", type=Path, metavar="DIR", default=Path("runs/jsb"), help="folder of the runs (%(default)s)"
    )
    benchmark.add_argument("--json", action="store_true", help="print figures for programs")
    benchmark.set_defaults(verb=_benchmark, needs=("tqdm", "tensorflow"))
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number of at least 1")
    return int(text)


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0.01 <= hours <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is no number of hours from 0.01 to 1000")
    return hours


def _require(modules: Sequence[str]) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise UsageError(f"{module} is missing; install the companion: in bachd's checkout, pip install '.[train]'")


def _prepare(options: argparse.Namespace) -> None:
    from bachd.training.corpus import model as corpus_model
    from bachd.training.corpus import summary

    if options.plot is not None:
        _require(("matplotlib",))  # before minutes of parsing
    music = corpus_model.load(options.corpus)
    print(summary.report(music))
    if options.plot is not None:
        summary.plot(music, options.plot)


def _fit(options: argparse.Namespace) -> None:
    recipe = _recipe(options)
    recipe = replace(recipe, epochs=options.epochs or recipe.epochs)
    from bachd.training.fit import run_log, train_step
    from bachd.training.fit import train as trainer

    strategy = train_step.strategy(options.strategy)  # before anything is computed
    music, work = _corpus(options, recipe), options.work or Path("runs") / recipe.name
    trainer.fit(music, recipe, work, strategy)
    if train_step.is_chief(strategy):
        print(f"done; the learning curve is in {run_log.plot(work)}")


def _export(options: argparse.Namespace) -> None:
    recipe = _recipe(options)
    music, work = _corpus(options, recipe), options.work or Path("runs") / recipe.name
    target = options.bundle or Path("models") / recipe.name
    from bachd.training.baselines import compare
    from bachd.training.export import bundle as export_bundle
    from bachd.training.fit import train as trainer

    source = export_bundle.Source(
        trainer.trained(work, recipe, music),
        recipe,
        options.recipe.read_bytes(),
        music,
        compare.kept(recipe, music, work),
    )
    card = export_bundle.export(source, target, edgetpu=options.edgetpu)
    print(f"wrote {target}")
    print(json.dumps(card["figures"], indent=2))


def _refresh(options: argparse.Namespace) -> None:
    from bachd.training.export import refresh

    recipe = _recipe(options)
    target = options.bundle or Path("models") / recipe.name
    if not (target / "card.json").is_file():
        raise UsageError(f"{target} is no bundle; give the folder of one, or make one with 'bachd-train export'")
    refresh.refresh(recipe, options.recipe.read_bytes(), _corpus(options, recipe), target)
    print(f"wrote {target}")


def _baselines(options: argparse.Namespace) -> None:
    from bachd.training.baselines import compare

    recipe = _recipe(options)
    music, work = _corpus(options, recipe), options.work or Path("runs") / recipe.name
    found = compare.run(recipe, music, work)
    print(json.dumps(found) if options.json else compare.as_text(found))


def _check_edgetpu(options: argparse.Namespace) -> None:
    from bachd.neural.bundle import Bundle
    from bachd.training.export import edgetpu_compiler

    bundle = Bundle.open(options.bundle)
    found = edgetpu_compiler.violations(bundle.folder)
    if options.json:
        print(json.dumps([asdict(violation) for violation in found]))
    elif not found:
        print(f"{bundle.card.name} keeps the Edge TPU's published constraints; only its compiler can tell more")
    else:
        print("\n".join(map(str, found)))
    if found:
        raise ModelError(f"{bundle.card.name} breaks the Edge TPU's published constraints in {len(found)} places")


def _benchmark(options: argparse.Namespace) -> None:
    from bachd.training.jsb import benchmark
    from bachd.training.jsb import data as jsb_data

    files = [jsb_data.read(path) for path in options.data]  # before the first is learned
    results = [benchmark.run(file, options.work / Path(file.name).stem, options.epochs) for file in files]
    print(json.dumps([asdict(result) for result in results]) if options.json else benchmark.as_text(results))


def _recipe(options: argparse.Namespace) -> Recipe:
    from bachd.training import recipe

    return recipe.read(options.recipe)


def _corpus(options: argparse.Namespace, recipe: Recipe) -> Corpus:
    from bachd.training.corpus import model as corpus_model

    source = options.corpus or recipe.corpus
    if source is None:
        raise UsageError(f"{options.recipe} names no corpus; say which folder of music it is for with --corpus FOLDER")
    return corpus_model.load(source)


def _evaluate(options: argparse.Namespace) -> None:
    from bachd.neural.bundle import Bundle
    from bachd.neural.model import TfliteModel
    from bachd.training.evaluate import evaluation, html_report

    if options.html is not None:
        _require(("matplotlib",))  # before a day of music is played
    bundle = Bundle.open(options.bundle)
    model = TfliteModel.open(bundle.folder)
    if options.pieces is not None:
        _evaluate_form(options, bundle, model)
        return
    music, heard = _compared(options.corpus, bundle.folder)
    found = evaluation.run(bundle, model, music, options.hours, rng=1, heard=heard)
    if options.html is not None:
        html_report.write(found, options.html)
    print(found.as_json() if options.json else found.as_text())


def _evaluate_form(options: argparse.Namespace, bundle: Bundle, model: Model) -> None:
    from bachd.training.evaluate.form import report

    table = report.run(bundle, model, _learned_from(options.corpus, bundle.folder), options.pieces, rng=1)
    print(json.dumps(table.as_json()) if options.json else table.as_text())


def _learned_from(source: str | None, folder: Path) -> list[Piece]:
    """All pieces of the kinds that a bundle learned from, as far as its folder and `source` tell."""
    from bachd.training import recipe
    from bachd.training.corpus import model as corpus_model

    file = folder / recipe.FILE
    told = recipe.read(file) if file.is_file() else recipe.Recipe()
    if source is None and told.corpus is None:
        log.warning("no corpus, so nothing to compare with; give --corpus SOURCE")
        return []
    music = corpus_model.load(source or told.corpus or "")
    return [work.piece for work in music.within(tuple(told.hear)).works]


def _compared(source: str | None, folder: Path) -> tuple[Corpus | None, list[Piece]]:
    """The music to hold a bundle against, and what it was trained on, as far as its folder and `source` tell."""
    from bachd.training import recipe
    from bachd.training.corpus import model as corpus_model

    file = folder / recipe.FILE
    told = recipe.read(file) if file.is_file() else recipe.Recipe()
    if source is None and told.corpus is None:
        return None, []
    try:
        music = corpus_model.load(source or told.corpus or "")
    except corpus_model.CorpusError as error:
        if source is not None:
            raise
        log.warning("%s; going on without a corpus", error)
        return None, []
    return told.held(music), told.heard(music)


if __name__ == "__main__":
    sys.exit(main())
