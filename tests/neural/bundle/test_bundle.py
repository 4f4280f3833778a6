from __future__ import annotations

from pathlib import Path

import pytest

from bachd.errors import ModelError, SeedError
from bachd.neural.bundle import bundle
from bachd.neural.bundle.bundle import Bundle
from tests.neural.bundle.tiny import CHORALE, FILES, a_card, complaint, write_card


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
