from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bachd.errors import ModelError, SeedError
from bachd.music import midifile
from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.bundle import bundle, card
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.bundle.card import read_card

CHORALE = Piece("bwv1", parse_line("C4.E4 D4.F4 E4.G4 C4.E4"), Grid())


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def a_card(files: dict[str, bytes]) -> dict[str, Any]:
    return {
        "format": 1,
        "name": "tiny",
        "fingerprint": features.FINGERPRINT,
        "context": features.CONTEXT,
        "files": {name: checksum(content) for name, content in files.items()},
        "seeds": {"bwv1": {"file": "seeds/bwv1.mid", "title": "A chorale"}},
        "range": [36, 81],
    }


FILES = {"trunk.tflite": b"a trunk", "head.tflite": b"a head", "seeds/bwv1.mid": midifile.write(CHORALE)}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A bundle whose graphs are only bytes: what the card vouches for is all that is looked at here."""
    folder = tmp_path / "tiny"
    (folder / "seeds").mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    write_card(folder, a_card(FILES))
    return folder


def write_card(folder: Path, card: object) -> None:
    (folder / "card.json").write_text(json.dumps(card))


def complaint(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Bundle.open(folder)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(str(folder))
    return text.removeprefix(f"{folder}/")


def test_a_sound_bundle_is_opened_and_gives_its_pieces(tiny: Path) -> None:
    opened = Bundle.open(str(tiny))
    assert opened.card.pitches == (36, 81)
    assert opened.seed_names == ("bwv1",)
    assert opened.seed("bwv1").events == CHORALE.events


def test_a_compiled_trunk_is_there_only_if_the_card_vouches_for_it(tiny: Path) -> None:
    compiled = tiny / "trunk_edgetpu.tflite"
    compiled.write_bytes(b"a compiled trunk")
    assert Bundle.open(tiny).compiled is None
    write_card(tiny, a_card(FILES | {compiled.name: b"a compiled trunk"}))
    assert Bundle.open(tiny).compiled == compiled
    compiled.write_bytes(b"another trunk")
    assert complaint(tiny).startswith("trunk_edgetpu.tflite: is not the file that card.json describes")


def test_pieces_stay_what_was_verified_whatever_happens_on_disk(tiny: Path) -> None:
    opened = Bundle.open(tiny)
    (tiny / "seeds/bwv1.mid").unlink()
    assert opened.seed("bwv1").events == CHORALE.events


def test_an_unknown_piece_is_named_with_the_likely_one(tiny: Path) -> None:
    with pytest.raises(ModelError, match=r"^model 'tiny' has no piece 'bwv1x'; did you mean 'bwv1'"):
        Bundle.open(tiny).seed("bwv1x")


def test_a_piece_without_music_is_a_seed_fault(tiny: Path) -> None:
    files = FILES | {"seeds/bwv1.mid": b"no music"}
    (tiny / "seeds/bwv1.mid").write_bytes(b"no music")
    write_card(tiny, a_card(files))
    with pytest.raises(SeedError, match=r"^bwv1"):
        Bundle.open(tiny).seed("bwv1")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_or_changed_is_named(tiny: Path, name: str) -> None:
    content = bytearray(FILES[name])
    content[-1] ^= 1
    (tiny / name).write_bytes(content)
    assert complaint(tiny) == f"{name}: is not the file that card.json describes; install the bundle again"
    (tiny / name).unlink()
    assert complaint(tiny) == f"{name}: cannot be read (No such file or directory); install the bundle again"


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tiny: Path) -> None:
    (tiny / "card.json").unlink()
    os.mkfifo(tiny / "card.json")
    with pytest.raises(ModelError, match=r"card\.json: is no file"):
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
        (b"", "is no JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"\xff\xfe\x00", "is no JSON: "),
        (b"[" * 100_000, "is no JSON: "),
        (b"[]", "is no card: it holds no JSON object"),
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


def test_a_model_is_found_by_name_or_path(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "_home", lambda: tiny.parent)
    assert bundle.names() == ["tiny"]
    assert bundle.folder("tiny") == tiny
    assert bundle.folder(str(tiny)) == tiny


@pytest.mark.parametrize(
    ("given_name", "text"),
    [
        ("tinny", "model: no model 'tinny'; did you mean 'tiny'?"),
        ("organ", "model: no model 'organ'; the models are tiny"),
        ("/nowhere/organ", "model: no folder /nowhere/organ; give a bundle's folder, or the name of a model (tiny)"),
        ("~nobody-at-all/organ", "model: no folder ~nobody-at-all/organ; "),
        ("a\0b", "model: no model 'a\0b'; the models are tiny"),
    ],
)
def test_a_model_that_is_not_there_gets_a_hint(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, given_name: str, text: str
) -> None:
    monkeypatch.setattr(bundle, "_home", lambda: tiny.parent)
    with pytest.raises(ModelError) as caught:
        bundle.folder(given_name)
    assert str(caught.value).startswith(text)
