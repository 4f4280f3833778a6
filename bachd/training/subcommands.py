"""Run the companion's verbs: what bachd-train does once its command line is parsed.

Law: a wrong recipe, folder or option is refused before TensorFlow is imported, which takes seconds.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bachd.errors import ModelError, UsageError, pip_install
from bachd.training import backend, disk, next_steps

if TYPE_CHECKING:
    from bachd.neural.bundle.bundle import Bundle
    from bachd.neural.model import Model
    from bachd.training.corpus.model import Corpus
    from bachd.training.recipe import Recipe

log = logging.getLogger(__name__)

_AS_IT_WAS = "the bundle stays as it was: make room, and give the same command again"


def require(modules: Sequence[str]) -> None:
    """Raise UsageError if a package of the extra 'train' is missing."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise UsageError(f"{module} is missing; install the companion: {pip_install('[train]')}")


def prepare(options: argparse.Namespace) -> None:
    """Read a corpus and print what was kept and how it is split."""
    from bachd.training.corpus import sources, summary

    if options.plot is not None:
        require(("matplotlib",))  # before minutes of parsing
    if options.cluster is not None and options.corpus == sources.CHORALES:
        raise UsageError("--cluster reads a folder of music; name it with --corpus FOLDER, or leave out --cluster")
    music = sources.load(options.corpus, options.cluster)
    print(summary.report(music))
    if options.plot is not None:
        summary.plot(music, options.plot)


def fit(options: argparse.Namespace) -> None:
    """Train, or go on with an interrupted run."""
    backend.check(options.strategy)
    recipe, music, work = _run(options)
    recipe.require(music)
    backend.load()
    strategy = backend.strategy(options.strategy)  # before TensorFlow computes anything
    from bachd.training.fit import run_log
    from bachd.training.fit import train as trainer

    trainer.fit(music, recipe, work, strategy)
    if trainer.is_chief(strategy):
        log.info("done; the learning curve is %s; next: %s", run_log.plot(work), next_steps.export_command(options))


def export(options: argparse.Namespace) -> None:
    """Write the trained network as a bundle, and print its folder."""
    from bachd.training.corpus import sources
    from bachd.training.fit import run_folder

    recipe, music, work = _run(options)
    target = options.bundle or Path("bundles") / recipe.name
    recipe = run_folder.recipe_of(work, recipe)
    run_folder.require_music(work, recipe.sides(music), sources.phrase_ends(music))
    backend.load()
    from bachd.training.baselines import compare
    from bachd.training.export import bundle as export_bundle
    from bachd.training.fit import train as trainer

    export_bundle.check_target(target)
    source = export_bundle.Source(
        trainer.trained(work, recipe),
        recipe,
        options.recipe.read_bytes(),
        music,
        {} if recipe.use_all else compare.kept(recipe, music, work),
    )
    with disk.writing(target, f"the run in {work} is kept: make room, and the same command exports it"):
        card = export_bundle.export(source, target, edgetpu=options.edgetpu)
    print(next_steps.after_export(card, target))


def refresh(options: argparse.Namespace) -> None:
    """Write the seeds, the form and the sampling of a bundle anew, without training."""
    from bachd.training.export import refresh as refreshing

    recipe, music, _ = _run(options)
    target = _existing_bundle(options, recipe)
    with disk.writing(target, _AS_IT_WAS):
        refreshing.refresh(recipe, options.recipe.read_bytes(), music, target)
    print(f"wrote {target}")


def harmony(options: argparse.Namespace) -> None:
    """Train the graph that names chords under a melody, and write it into a bundle."""
    recipe, music, _ = _run(options)
    target = _existing_bundle(options, recipe)
    if not recipe.harmony:
        raise UsageError(f"{options.recipe} wants no harmony; set harmony to some epochs there, such as 14")
    backend.load()
    from bachd.training.export import harmony as exporting

    with disk.writing(target, _AS_IT_WAS):
        exporting.add(recipe, options.recipe.read_bytes(), music, target)
    print(f"wrote {target}")


def _existing_bundle(options: argparse.Namespace, recipe: Recipe) -> Path:
    target: Path = options.bundle or Path("bundles") / recipe.name
    if not (target / "card.json").is_file():
        raise UsageError(f"{target} is not a bundle; give the folder of one, or make one with 'bachd-train export'")
    return target


def _refuse_recipe(bundle: str) -> None:
    if bundle.endswith((".yaml", ".yml")):
        raise UsageError(f"{bundle} is a recipe; give the bundle that was made by it, such as bundles/mine")


def baselines(options: argparse.Namespace) -> None:
    """Measure n-grams and the LSTM of the article on the same pieces."""
    run = _run(options)
    backend.load()
    from bachd.training.baselines import compare

    found = compare.run(*run)
    print(json.dumps(found) if options.json else compare.as_text(found))


def check_edgetpu(options: argparse.Namespace) -> None:
    """Check a bundle against the Edge TPU's published constraints."""
    from bachd.neural.bundle.bundle import Bundle
    from bachd.training.export import edgetpu_compiler

    _refuse_recipe(options.bundle)
    bundle = Bundle.open(options.bundle)
    found = edgetpu_compiler.violations(bundle.folder)
    if options.json:
        print(json.dumps([asdict(violation) for violation in found]))
    elif not found:
        print(f"{bundle.card.name} keeps the Edge TPU's published constraints; only its compiler can check more")
    else:
        print("\n".join(map(str, found)))
    if found:
        raise ModelError(f"{bundle.card.name} breaks the Edge TPU's published constraints in {len(found)} places")


def benchmark(options: argparse.Namespace) -> None:
    """Train and test on a public benchmark."""
    backend.load()
    from bachd.training.jsb import benchmark
    from bachd.training.jsb import data as jsb_data

    files = [jsb_data.read(path) for path in options.data]  # before the first is learned
    results = [benchmark.run(file, options.work / Path(file.name).stem, options.epochs) for file in files]
    print(json.dumps([asdict(result) for result in results]) if options.json else benchmark.as_text(results))


def _run(options: argparse.Namespace) -> tuple[Recipe, Corpus, Path]:
    """Return the recipe, fitted to its corpus and the command line; the corpus; and the folder of the run."""
    from bachd.training import recipe as recipes
    from bachd.training.corpus import sources

    recipe = recipes.read(options.recipe)
    source = options.corpus or recipe.corpus
    if source is None:
        raise UsageError(f"{options.recipe} names no corpus; say which folder of music it is for with --corpus FOLDER")
    music = sources.load(source)
    recipe = recipe.fit_to(music)
    if getattr(options, "epochs", None):
        recipe = replace(recipe, epochs=options.epochs)
    return recipe, music, getattr(options, "work", None) or Path("runs") / recipe.name


def evaluate(options: argparse.Namespace) -> None:
    """Measure a bundle on held-out pieces, and its free run."""
    from bachd.neural.bundle.bundle import Bundle
    from bachd.neural.model import TfliteModel
    from bachd.training.evaluate import evaluation, html_report, reference_music

    if options.spelling:
        require(("music21",))
        _evaluate_spelling(options)
        return
    if options.html is not None:
        require(("matplotlib",))  # before a day of music is played
    _refuse_recipe(options.bundle)
    bundle = Bundle.open(options.bundle)
    model = TfliteModel.open(bundle.folder)
    if options.given is not None:
        _evaluate_given(options, bundle, model)
        return
    if options.pieces is not None or options.check:
        _evaluate_form(options, bundle, model)
        return
    music, trained_on = reference_music.compared(options.corpus, bundle.folder)
    found = evaluation.run(bundle, model, music, options.hours, rng=1, heard=trained_on)
    if options.html is not None:
        html_report.write(found, options.html)
    print(found.as_json() if options.json else found.as_text())


def _evaluate_spelling(options: argparse.Namespace) -> None:
    from bachd.training.evaluate import spelling

    found = spelling.run(options.corpus or "chorales")
    print(json.dumps(found.as_json()) if options.json else found.as_text())


def _evaluate_form(options: argparse.Namespace, bundle: Bundle, model: Model) -> None:
    """Compose whole pieces, and print the figures of their form beside those of what the bundle learned from."""
    from bachd.training.evaluate import reference_music
    from bachd.training.evaluate.form import aims, grade, html_page, report

    reference = grade.Reference.read(options.grade) if options.grade else None
    wanted = aims.read(bundle.folder / aims.FILE) if options.check else None
    # Most aims are held against the bundle's own figures, and counting the whole corpus takes longer than composing.
    alone = wanted is not None and "auc" not in wanted.figures and options.pieces is None
    pieces, label = ([], "") if alone else reference_music.learned_from(options.corpus, bundle.folder)
    if pieces:
        require(("sklearn",))
    count = options.pieces or (wanted.pieces if wanted else 0)
    found = report.run(bundle, model, pieces, count, rng=1, reference=reference, label=label)
    if options.html is not None:
        html_page.write(found, options.html)
    print(json.dumps(found.table.as_json()) if options.json else found.table.as_text())
    if missed := wanted.missed(found.table.composed) if wanted else []:
        raise ModelError(f"{bundle.card.name} misses {len(missed)} of its aims:\n" + "\n".join(missed))


def _evaluate_given(options: argparse.Namespace, bundle: Bundle, model: Model) -> None:
    """Harmonise a voice of the pieces held out, and print how near that comes to the composer's own voices."""
    from bachd.training.evaluate import reference_music
    from bachd.training.evaluate.given import report, unseen_melodies

    music, _ = reference_music.compared(options.corpus, bundle.folder)
    if music is None:
        raise UsageError("--given needs pieces that were held out; give --corpus SOURCE")
    songs = list(unseen_melodies.folk_songs()) if options.given == report.VOICES[0] else []
    found = report.run(bundle, model, music, songs, options.given)
    print(found.as_json() if options.json else found.as_text())
