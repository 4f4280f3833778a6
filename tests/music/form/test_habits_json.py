from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.form.habits import Cadence, Close, Habits
from bachd.music.form.habits_json import from_json, to_json

SHARE = st.floats(0, 1)
COUNT = st.integers(1, 10**9)
CLOSES = st.lists(
    st.builds(Close, st.integers(0, 2), st.integers(0, 11), st.booleans(), st.sampled_from(Cadence), COUNT), max_size=3
).map(tuple)
HABITS = st.builds(
    Habits,
    bars=st.lists(st.integers(1, 1000), min_size=1, max_size=4).map(tuple),
    phrases=st.dictionaries(
        st.sampled_from(["4/4", "3/4", "6/8"]),
        st.dictionaries(st.sampled_from([0.5, 3.0, 4.5, 16.0, 256.0]), COUNT, min_size=1),
    ),
    breathes=st.booleans(),
    long_ends=SHARE,
    closes=st.fixed_dictionaries({"major": CLOSES, "minor": CLOSES}),
    returns=SHARE,
    sequences=SHARE,
    picardy=SHARE,
    imitations=SHARE,
)


@given(HABITS)
def test_habits_come_back_as_they_were_written(habits: Habits) -> None:
    assert from_json(json.loads(json.dumps(to_json(habits)))) == habits


def test_what_is_missing_is_as_usual() -> None:
    assert from_json({}) == Habits()
    assert from_json({"returns": 1, "bars": [8]}) == Habits(returns=1.0, bars=(8,))


CLOSE = [0, 7, False, "half", 3]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ([], "is not a JSON object"),
        ({"retuns": 0.5, "bras": 1}, "has no bras, retuns"),
        ({"returns": 1.01}, "returns is not a share, 0 to 1"),
        ({"returns": -0.01}, "returns is not a share, 0 to 1"),
        ({"picardy": True}, "picardy is not a share, 0 to 1"),
        ({"bars": 8}, "bars is not a list of counts"),
        ({"bars": []}, "bars is not a list of counts"),
        ({"bars": [8, 0]}, "bars is not a list of counts"),
        ({"bars": [1001]}, "bars is not a list of counts"),
        ({"bars": [8.0]}, "bars is not a list of counts"),
        ({"breathes": 1}, "breathes is neither true nor false"),
        ({"phrases": []}, "phrases is not a JSON object"),
        ({"phrases": {"4/4": {}}}, "phrases in 4/4 are not counts"),
        ({"phrases": {"4/4": [8]}}, "phrases in 4/4 are not counts"),
        ({"phrases": {"4/4": {"8": 0}}}, "phrases in 4/4 are not counts"),
        ({"phrases": {"4/4": {"8": 10**9 + 1}}}, "phrases in 4/4 are not counts"),
        ({"phrases": {"4/4": {"long": 1}}}, "phrases in 4/4 have no lengths"),
        ({"phrases": {"4/4": {"0.25": 1}}}, "phrases in 4/4 have no lengths"),
        ({"phrases": {"4/4": {"257": 1}}}, "phrases in 4/4 have no lengths"),
        ({"phrases": {"4/4": {"nan": 1}}}, "phrases in 4/4 have no lengths"),
        ({"closes": {"dorian": []}}, "closes may only be 'major' and 'minor'"),
        ({"closes": []}, "closes may only be 'major' and 'minor'"),
        ({"closes": {"major": {}}}, "closes are not lists"),
        ({"closes": {"major": [CLOSE[:4]]}}, "a close has five parts"),
        ({"closes": {"major": ["close"]}}, "a close has five parts"),
        ({"closes": {"major": [[3, *CLOSE[1:]]]}}, "[3, 7, False, 'half', 3] is not a close"),
        ({"closes": {"major": [[0, 12, *CLOSE[2:]]]}}, "[0, 12, False, 'half', 3] is not a close"),
        ({"closes": {"major": [[0, 7, 0, *CLOSE[3:]]]}}, "[0, 7, 0, 'half', 3] is not a close"),
        ({"closes": {"major": [[0, 7, False, "plagal", 3]]}}, "[0, 7, False, 'plagal', 3] is not a close"),
        ({"closes": {"major": [[0, 7, False, "half", 0]]}}, "[0, 7, False, 'half', 0] is not a close"),
        ({"closes": {"major": [[0, 7, False, "half", 10**9 + 1]]}}, "[0, 7, False, 'half', 1000000001] is not a close"),
    ],
)
def test_what_does_not_belong_there_is_refused(data: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}$"):
        from_json(data)


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["half", "8", "major"]),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["major", "8", "x"]), inner, max_size=2)
    ),
)


@given(st.dictionaries(st.sampled_from(["bars", "breathes", "closes", "phrases", "returns"]), ANYTHING))
def test_anything_is_habits_or_one_line(data: object) -> None:
    complaint = ""
    try:
        found = from_json(data)
        assert from_json(to_json(found)) == found
    except ValueError as fault:
        complaint = str(fault)
    assert "\n" not in complaint
