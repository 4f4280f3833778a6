from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bachd.errors import UsageError
from bachd.music.event import parse_line
from bachd.training.evaluate.form.grade import Reference

MUSIC = parse_line("C3.G3.E4.C5 F2.A3.F4.C5 G2.G3.D4.B4:0.5 ~G2.~G3.F4.~B4:0.5 C3.G3.E4.C5 " * 3)


def reference(**changes: Any) -> Reference:
    """A Bach who writes what MUSIC is, as far as it is told."""
    shares: dict[str, Any] = {
        f"{mode}_{voice}_directed_interval_distribution": {"P1": 1.0} for mode in ("major", "minor") for voice in "SATB"
    }
    for mode in ("major", "minor"):
        shares[f"{mode}_note_distribution"] = {"1:0": 0.6, "5:0": 0.3, "4:0": 0.1, "2:0": 0.0, "3:0": 0.0}
        shares[f"{mode}_harmonic_quality_distribution"] = {"major": 0.8, "dominant-seventh": 0.2}
    shares |= {
        "rhythm_distribution": {"1.0": 0.95, "0.5": 0.05},
        "parallel_error_distribution": {"Prl-5th": 0.7, "Prl-8ve": 0.3},
        "repeated_sequence_2_distribution": {"8": 1.0},
        "parallel_error_note_ratio": 0.01,
    }
    return Reference(shares | changes)


def test_a_distance_is_how_far_shares_have_to_be_moved_along_the_order_of_the_reference() -> None:
    found = reference(major_harmonic_quality_distribution={"major": 0.5, "minor": 0.3, "dominant-seventh": 0.2})
    ours = {"major": 0.8, "dominant-seventh": 0.2}
    # 0.3 too much of the first and too little of the second, one place further.
    assert found.distances(MUSIC)["harmonic_quality"] == pytest.approx(0.3)
    assert reference(major_harmonic_quality_distribution=ours).distances(MUSIC)["harmonic_quality"] == pytest.approx(0)


def test_what_the_reference_never_has_comes_after_all_that_it_has() -> None:
    found = reference(major_harmonic_quality_distribution={"major": 1.0}).distances(MUSIC)
    assert found["harmonic_quality"] == pytest.approx(0.2)


def test_parallels_weigh_as_often_as_they_occur() -> None:
    parallel = parse_line("C3.G3.E4.C5 D3.A3.F4.D5 " * 4)
    assert reference().distances(MUSIC)["parallel_error"] == 0
    once = reference().distances(parallel)["parallel_error"]
    assert once > 0
    assert reference(parallel_error_note_ratio=0.02).distances(parallel)["parallel_error"] == pytest.approx(once / 2)


def test_the_grade_is_the_sum_of_nine_distances() -> None:
    found = reference().distances(MUSIC)
    assert len(found) == 9
    assert reference().grade(MUSIC) == pytest.approx(sum(found.values()))
    assert reference().grade(()) >= 0


def test_a_stretch_of_a_voice_that_comes_twice_is_counted_by_its_length() -> None:
    voice = "C4 D4 E4 A4 C4 D4 E4 G4"
    found = reference(repeated_sequence_2_distribution={"12": 1.0}).distances(parse_line(voice))
    assert found["repeated_sequence"] == pytest.approx(0)


def test_a_file_must_hold_the_distributions(tmp_path: Path) -> None:
    file = tmp_path / "reference.json"
    file.write_text(json.dumps(dict(reference().shares)))
    assert Reference.read(file).grade(MUSIC) == reference().grade(MUSIC)
    for text in ("{}", "[]", "no JSON"):
        file.write_text(text)
        with pytest.raises(UsageError, match=r"reference\.json"):
            Reference.read(file)
