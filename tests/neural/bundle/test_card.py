from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bachd.errors import ModelError
from bachd.music.form.habits import Habits
from bachd.neural import features
from bachd.neural.bundle import card
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.bundle.card import CARD_LIMITS, GRAPHS, HARMONY, Card, Harmony, SamplingDefaults, read_card
from tests.neural.bundle.tiny import FILES, a_card, checksum, complaint, write_card


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tiny: Path) -> None:
    (tiny / "card.json").unlink()
    os.mkfifo(tiny / "card.json")
    with pytest.raises(ModelError, match=r"card\.json: is not a file"):
        Bundle.open(tiny)


def test_another_layout_or_format_asks_for_matching_versions(tiny: Path) -> None:
    write_card(tiny, a_card(FILES) | {"fingerprint": "0123"})
    assert complaint(tiny) == (
        f"card.json: was made for feature layout 0123 and context 40, this bachd has {features.FINGERPRINT} and 40; "
        "use matching versions, or train it again"
    )
    write_card(tiny, a_card(FILES) | {"context": 39})
    assert "context 39" in complaint(tiny)
    write_card(tiny, a_card(FILES) | {"format": 2})
    assert complaint(tiny) == "card.json: has format 2, this bachd reads 1; use matching versions of both"


def test_a_card_that_is_no_card_is_refused(tiny: Path) -> None:
    for text, reason in (
        (b"", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"\xff\xfe\x00", "is not JSON: "),
        (b"[" * 100_000, "is not JSON: "),
        (b"[]", "is not a card: it holds no JSON object"),
        (b"{}", "'format': missing, or no such value as belongs there"),
    ):
        (tiny / "card.json").write_bytes(text)
        assert complaint(tiny).startswith(f"card.json: {reason}")
    (tiny / "card.json").unlink()
    assert complaint(tiny).startswith("card.json: cannot be read")


def test_a_card_must_vouch_for_all_that_is_used_and_only_inside_its_folder(tiny: Path) -> None:
    for missing in FILES:
        write_card(tiny, a_card({name: content for name, content in FILES.items() if name != missing}))
        assert complaint(tiny).startswith("card.json: 'files': it misses one that is needed")
    for outside in ("../secret", "/etc/hostname", "seeds/../../secret"):
        write_card(tiny, a_card(FILES | {outside: b""}))
        assert complaint(tiny).startswith("card.json: 'files': one lies outside the bundle's folder")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(a_card(FILES))), anything)
def test_whatever_a_card_says_is_read_or_refused_in_one_line(tiny: Path, key: str, value: object) -> None:
    write_card(tiny, a_card(FILES) | {key: value})
    said = "fine"
    try:
        read_card(tiny)
    except ModelError as fault:
        said = str(fault)
    assert said == "fine" or (said.startswith(f"{tiny}/card.json: ") and "\n" not in said)


odd_text = st.sampled_from(["\0", "\ud800", "a\nb", "\x1b[31m", "", ".", "x" * 300, "seeds/\udfff.mid"]) | st.text(
    st.characters(), max_size=8
)


odd_value: st.SearchStrategy[Any] = st.one_of(
    odd_text,
    st.sampled_from([10**400, -(10**400), 1e308, float("inf"), float("nan"), True, None, [], {}, [[]], {"": {"": []}}]),
)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(("name", "files", "seeds", "range", "sampling", "format", "fingerprint", "context")), st.data())
def test_whatever_lies_deep_in_a_card_raises_nothing_but_a_model_error(
    tiny: Path, key: str, data: st.DataObject
) -> None:
    card = a_card(FILES)
    if key in ("files", "seeds", "sampling"):
        inner = card.setdefault(key, {})
        name = data.draw(odd_text | st.sampled_from(sorted(inner) or ["temperature"]))
        inner[name] = data.draw(odd_value | st.just({"file": data.draw(odd_text)}) | st.just(checksum(b"")))
    else:
        card[key] = data.draw(odd_value | st.lists(odd_value, max_size=2))
    write_card(tiny, card)
    try:
        opened = Bundle.open(tiny)
        shown = [opened.card.name, *opened.seed_names]
    except ModelError as fault:
        shown = [str(fault)]
    assert all("\n" not in text and text.encode() for text in shown)


def test_a_file_that_never_ends_is_not_read_to_its_end(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "MOST_BYTES", 1000)
    (tiny / "trunk.tflite").write_bytes(bytes(2000))
    assert complaint(tiny).startswith("trunk.tflite: is larger than")


def test_what_a_card_says_is_what_is_played_with(tiny: Path) -> None:
    write_card(
        tiny,
        a_card(FILES)
        | {
            "name": "My piano",
            "range": [features.LOWEST, features.HIGHEST],
            "sampling": {"temperature": 0, "length_top_p": 0.9, "memory": 0.5},
            "form": {"bars": [8, 16], "returns": 0.25},
            "description": "for people",
        },
    )
    found = read_card(tiny)
    assert found == Card(
        name="My piano",
        files={name: checksum(content) for name, content in FILES.items()},
        seeds={"bwv1": "seeds/bwv1.mid"},
        pitches=(features.LOWEST, features.HIGHEST),
        sampling_defaults=SamplingDefaults(temperature=0, length_top_p=0.9, memory=0.5),
        habits=Habits(bars=(8, 16), returns=0.25),
    )


def test_a_card_of_an_earlier_version_has_defaults(tiny: Path) -> None:
    found = read_card(tiny)
    assert (found.sampling_defaults, found.habits) == (SamplingDefaults(), Habits())


@pytest.mark.parametrize(("key", "limits"), CARD_LIMITS.items())
def test_sampling_defaults_have_limits(tiny: Path, key: str, limits: tuple[float, float]) -> None:
    for value in limits:
        write_card(tiny, a_card(FILES) | {"sampling": {key: value}})
        assert getattr(read_card(tiny).sampling_defaults, key) == value
    for wrong in (limits[0] - 0.01, limits[1] + 0.01, None, True, "1"):
        write_card(tiny, a_card(FILES) | {"sampling": {key: wrong}})
        assert complaint(tiny).startswith("card.json: 'sampling': ")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("range", [features.LOWEST - 1, 81], "'range': missing, or no such value as belongs there"),
        ("range", [36, features.HIGHEST + 1], "'range': missing"),
        ("range", [60, 60], "'range': missing"),
        ("range", [36, 48, 60], "'range': missing"),
        ("range", [36.0, 81], "'range': missing"),
        ("seeds", {}, "'seeds': missing"),
        ("seeds", {"a\nb": {"file": "seeds/bwv1.mid"}}, "'seeds': missing"),
        ("seeds", {"bwv2": {"file": "seeds/bwv2.mid"}}, "'files': it misses one that is needed"),
        ("name", "", "'name': missing"),
        ("name", "x" * 256, "'name': missing"),
        ("sampling", {"heat": 1}, "'sampling': missing"),
        ("form", {"bars": []}, "'form': bars is not a list of counts; install the bundle again"),
    ],
)
def test_a_value_that_does_not_belong_there_is_named(tiny: Path, key: str, value: object, reason: str) -> None:
    write_card(tiny, a_card(FILES) | {key: value})
    assert complaint(tiny).startswith(f"card.json: {reason}")


def test_a_card_says_which_chords_its_graph_names(tiny: Path) -> None:
    told = {"fingerprint": "0123", "chords": ["0 4 7", "0 3 8"]}
    assert read_card(tiny).harmony is None
    assert read_card(tiny).graphs == GRAPHS
    (tiny / HARMONY).write_bytes(b"a graph")
    write_card(tiny, a_card(FILES | {HARMONY: b"a graph"}) | {"harmony": told})
    found = Bundle.open(tiny).card
    assert found.harmony == Harmony("0123", ((0, 4, 7), (0, 3, 8)))
    assert found.graphs == (*GRAPHS, HARMONY)
    write_card(tiny, a_card(FILES) | {"harmony": told})
    assert complaint(tiny).startswith("card.json: 'files': it misses harmony.tflite")


@pytest.mark.parametrize(
    "told",
    [
        [],
        {},
        {"fingerprint": 1, "chords": ["0"]},
        {"fingerprint": "", "chords": []},
        {"fingerprint": "", "chords": "0 4 7"},
        *({"fingerprint": "", "chords": [chord]} for chord in ("", "4 7", "0 12", "0 7 4", "0 4 4", "0 -4", "0 x", 0)),
    ],
)
def test_chords_that_are_none_are_refused(tiny: Path, told: object) -> None:
    write_card(tiny, a_card(FILES | {HARMONY: b"a graph"}) | {"harmony": told})
    assert complaint(tiny).startswith("card.json: 'harmony': missing, or no such value as belongs there")
