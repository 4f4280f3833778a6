"""Values that only a recipe has: each limit, and what is said beyond it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd.errors import ConfigError
from bachd.neural import features
from bachd.training import recipe


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name: Mine", "'Mine' is not a name for a folder"),
        ("name: ../up", "is not a name for a folder"),
        (f"hidden: {features.NOTES}", "is the width of the notes"),
        ("dilations: [1, 2]", f"add up to 3 and must to {features.CONTEXT - 1}"),
        ("transpose: [1, 6]", "0 between them"),
        ("transpose: [-5]", "how far down and how far up"),
        ("train_on: {cello: 0}", "cello"),
        ("sampling: {warmth: 1}", "no such key"),
    ],
)
def test_what_is_beyond_the_limits_is_one_line_with_the_key(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        recipe.parse(text + "\n", Path("train.yaml"))
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"train.yaml:1: {text.partition(':')[0]}")
    assert complaint in line


def test_what_is_at_the_limits_is_read() -> None:
    found = recipe.parse(
        "name: a-1_b\ntranspose: [0, 0]\ndilations: [39]\ntrain_on: {cello: 100}\nsampling: {key: 0}\n", Path("x.yaml")
    )
    assert (found.name, found.transpose, found.dilations) == ("a-1_b", (0, 0), (39,))
    assert found.train_on == {"cello": 100}
    assert found.sampling.key == 0
