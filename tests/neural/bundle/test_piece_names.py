"""A piece is found as people write its name, and where it is, if it is not here."""

from __future__ import annotations

import pytest

from bachd.errors import ModelError
from bachd.neural.bundle import bundle, piece_names
from bachd.neural.bundle.card import read_card


def find(given: str, model: str) -> str:
    return piece_names.find(given, model, tuple(read_card(bundle.folder(model)).seeds))


@pytest.mark.parametrize("given", ["bwv1007-prelude", "BWV 1007-Prelude"])
def test_a_name_is_found_in_any_case_and_with_spaces(given: str) -> None:
    assert find(given, "cello") == "bwv1007-prelude"


@pytest.mark.parametrize(
    ("given", "model", "what"),
    [
        (
            "bwv1007-prelude",
            "chorales",
            "it is a piece of model 'cello': choose it with model: cello, or --model cello",
        ),
        ("BWV 269", "cello", "it is a piece of model 'chorales': choose it with model: chorales, or --model chorales"),
        ("bwv 1007", "chorales", "model 'cello' has bwv1007-allemande, bwv1007-courante, "),
        ("bwv 227", "chorales", "did you mean 'bwv227.1'?"),
        ("bwv269x", "chorales", "did you mean 'bwv269'?"),
        ("bwv1007", "cello", "did you mean one of bwv1007-allemande, "),
        ("BWV 1007 Prelude", "chorales", "did you mean 'bwv1007-prelude' of model 'cello'?"),
        ("la la la", "chorales", "it has bwv10.7, "),
    ],
)
def test_a_piece_that_is_not_here_is_refused_with_where_it_is(given: str, model: str, what: str) -> None:
    with pytest.raises(ModelError) as fault:
        find(given, model)
    assert str(fault.value).startswith(f"no piece {given!r} in model {model!r}; {what}")
    assert "\n" not in str(fault.value)
