"""The shipped graph for the chords under a melody, beside the network alone: on pieces that neither learned from."""

from __future__ import annotations

from random import Random

from bachd.neural import assemble
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.harmonise.harmoniser import Harmoniser
from bachd.neural.harmonise.melody import harmonise, top_line
from bachd.neural.model import TfliteModel
from bachd.training.evaluate.given.figures import Figures, compare

PIECES = 8


def test_chorales_that_were_held_out_are_nearer_to_bach_with_the_graph_than_without() -> None:
    bundle = Bundle.open("chorales")
    model = TfliteModel.open(bundle.folder)
    drawing = assemble.sampler(bundle, model, Random(1), temperature=assemble.SUREST)
    pieces = [bundle.seed(name) for name in bundle.seed_names[1 : PIECES + 1]]  # the first was trained on

    def figures(*, graph: bool) -> Figures:
        chords = assemble.chords(bundle) if graph else None
        harmonisers = [Harmoniser(model, drawing, piece.grid, chords=chords) for piece in pieces]
        return compare(
            [
                (piece.events, list(harmonise(harmoniser, top_line(piece.events))))
                for piece, harmoniser in zip(pieces, harmonisers, strict=True)
            ]
        )

    with_graph, without = figures(graph=True), figures(graph=False)
    assert with_graph.same_set > without.same_set + 0.03
    assert with_graph.bass > without.bass + 0.03
    assert with_graph.plain > 0.85
    assert with_graph.fifths == with_graph.octaves == 0
