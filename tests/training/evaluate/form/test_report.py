"""A report from composing to the table, with a scripted model; and a few of Bach's chorales within a band."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd.music import midifile
from bachd.music.event import TICKS, Event, parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.bundle.card import Card
from bachd.training.evaluate.analysis import fit_resting_points
from bachd.training.evaluate.analysis.passage import passages
from bachd.training.evaluate.form import compose, figures, html_page, report
from bachd.training.evaluate.form.detector import Trait
from bachd.training.evaluate.form.table import Column, Table, column
from tests.neural.fakes import ScriptedModel

pytest.importorskip("tqdm", reason="needs the extra 'train'")

BAR = "C3.G3.E4.C5 F2.A3.F4.C5 G2.G3.D4.B4 C3.G3.E4.C5 "
SEED = Piece("tune", parse_line(BAR * 6), Grid())
CLOSE = "G2.G3.F4.B4:2 C3.G3.E4.C5:2 "
BACH = ("bwv253", "bwv255", "bwv259", "bwv262", "bwv263", "bwv267", "bwv269", "bwv281")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return Bundle(tmp_path, Card("small", {}, {"tune": "tune.mid"}, (36, 81)), {"tune": midifile.write(SEED)})


def composed(music: str) -> ScriptedModel:
    """A model that ends each piece with this music."""
    return ScriptedModel([*parse_line(music), None])


def counted(piece: Piece) -> Column:
    found = passages([piece])
    return column(found, figures.CHORALES, [figures.measure(found[0], figures.CHORALES)], {})


def test_a_piece_is_counted_from_where_its_seed_ends(bundle: Bundle) -> None:
    found = compose.pieces(bundle, composed(BAR + CLOSE), 3, rng=1)
    assert [passage.source for passage in found] == ["tune"] * 3
    assert [passage.start for passage in found] == [16 * TICKS] * 3
    assert all(passage.piece.ticks > passage.start for passage in found)
    assert not any(passage.cut_off for passage in found)
    assert found[0].final_bass == 0


def test_a_piece_that_never_ends_is_cut_off() -> None:
    bar = list(parse_line(BAR))
    ticks = sum(event.ticks for event in bar)
    bars = compose.CUT_OFF * SEED.grid.changes[0][1].bar // ticks
    assert compose._passage(SEED, list(SEED.events), bar * bars).cut_off
    assert not compose._passage(SEED, list(SEED.events), bar * (bars - 2)).cut_off


def test_a_bundle_is_reported_beside_its_corpus_as_text_json_and_a_page(bundle: Bundle, tmp_path: Path) -> None:
    bach = [Piece(f"bach{number}", SEED.events, Grid()) for number in range(2)]
    found = report.run(bundle, composed(BAR + CLOSE), bach, 4, rng=1, label="the corpus")
    table = found.table
    assert table.kind == figures.CHORALES
    assert table.composed.figures["ends_perfect"] == 100
    assert table.composed.figures["ends_on_seed_bass"] == 100
    assert table.written is not None
    assert table.written.figures["cut_off"] == 0
    assert "auc" not in table.composed.figures  # there are too few pieces
    data = table.as_json()
    assert (data["composed"]["pieces"], data["written"]["pieces"]) == (4, 2)
    text = table.as_text()
    assert "small (4)" in text
    assert "the corpus (2)" in text
    assert "Bach" not in text
    assert "ends with a perfect authentic cadence" in text
    pytest.importorskip("matplotlib")
    html_page.write(found, tmp_path / "form.html")
    html = (tmp_path / "form.html").read_text()
    assert html.count("<svg") == 3 * 3 + 2 * 3
    assert "Bach" not in html


def test_what_tells_music_apart_is_printed_in_the_units_of_the_table() -> None:
    traits = (Trait("bass_by_step", 0.5, 0.625, 0.75), Trait("events in which 4 sound", 1, 0.25, 0.875))
    nothing = Column(1, {"keys": 3.0})
    table = Table("small", figures.CHORALES, 1, nothing, nothing, "the corpus", traits)
    lines = [" ".join(line.split()) for line in table.as_text().splitlines()]
    assert lines[-2:] == ["bass moves by step 50 % 62 % 0.75", "events in which 4 sound 100.0 % 25.0 % 0.88"]
    assert table.as_json()["traits"][0] == {"name": "bass_by_step", "composed": 50, "written": 62.5, "auc": 0.75}


def test_music_that_ends_with_its_seed_has_figures_too(bundle: Bundle) -> None:
    found = report.run(bundle, ScriptedModel([None]), [], 2, rng=1)
    assert found.table.written is None
    assert "own_beginning" not in found.table.composed.figures


def test_of_a_rest_and_of_one_line_there_is_a_report() -> None:
    for music in ("R:4 " * 8, "C4 D4 E4 F4 " * 8, "C4:0.25 " * 99):
        found = passages([Piece("odd", parse_line("C4:4 " * 4 + music), Grid())])
        for kind in (figures.CHORALES, figures.LINE, figures.KEYBOARD):
            assert figures.measure(found[0], kind)["ends_on_tonic"][1] == 1


def test_a_lost_voice_and_parallels_show_in_the_figures() -> None:
    opening = BAR * 4
    parallel = "C3.G3.E4.C5 D3.A3.F4.D5 " * 2
    lost = "C3.E4.C5 D3.F4.B4 E3.G4.C5 C3.E4.C5 "
    good, bad = (
        counted(Piece("some", parse_line(opening + music), Grid())) for music in (BAR + CLOSE, parallel + lost)
    )
    assert good.figures["voice_lost"] == good.figures["parallel_fifths"] == good.figures["parallel_octaves"] == 0
    assert bad.figures["voice_lost"] == pytest.approx(100 / 8)
    assert bad.figures["parallel_fifths"] >= 1000 * 3 / 8
    assert bad.figures["parallel_octaves"] >= 1000 * 3 / 8


def test_the_kind_of_music_follows_from_how_much_sounds() -> None:
    def kind(music: str) -> str:
        events: tuple[Event, ...] = parse_line(music) * 8
        return figures.kind_of(passages([Piece("some", events, Grid())]))

    assert kind(BAR) == figures.CHORALES
    assert kind("C4 D4 E4 F4 ") == figures.LINE
    assert kind("C3.C4 E3.D4 C3.E4 F3.F4 ") == figures.KEYBOARD


def test_bach_is_within_his_own_band() -> None:
    pytest.importorskip("music21")
    pieces = passages([fit_resting_points.read(name)[0] for name in BACH])
    found = column(pieces, figures.CHORALES, [figures.measure(each, figures.CHORALES) for each in pieces], {}).figures
    assert found["ends_perfect"] >= 75
    assert 9 <= found["resting_points"] <= 15
    assert found["phrases_with_cadence"] >= 80
    assert found["long_phrases"] <= 20
    assert found["voice_lost"] < 1
    assert found["unresolved"] < 2
    assert found["parallel_fifths"] < 12
    assert found["parallel_octaves"] < 12
    assert 45 <= found["time_triads"] <= 80
