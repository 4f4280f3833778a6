"""Convert the habits of a repertoire to the JSON of a bundle's card, and back.

Law: what is read has been checked; whatever does not belong there is a ValueError of one line.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from bachd.music.form.habits import Cadence, Close, Habits

_SHARES: Final = ("long_ends", "returns", "sequences", "imitations", "picardy")
_MODES: Final = ("major", "minor")


def to_json(habits: Habits) -> dict[str, Any]:
    """Return habits as plain data, as `from_json` reads them."""
    return {
        "bars": list(habits.bars),
        "phrases": {
            metre: {f"{quarters:g}": count for quarters, count in counts.items()}
            for metre, counts in habits.phrases.items()
        },
        "breathes": habits.breathes,
        "closes": {
            mode: [[close.third, close.semitones, close.minor, close.cadence.value, close.count] for close in closes]
            for mode, closes in habits.closes.items()
        },
        **{name: getattr(habits, name) for name in _SHARES},
    }


def from_json(data: object) -> Habits:
    """Return habits from a card; what is missing has its default. Raises ValueError."""
    _require(isinstance(data, dict), "is not a JSON object")
    assert isinstance(data, dict)
    known = {each.name for each in fields(Habits)}
    _require(data.keys() <= known, f"has no {', '.join(sorted(map(str, data.keys() - known)))}")
    found: dict[str, Any] = {}
    for name in _SHARES:
        if name in data:
            _require(type(data[name]) in (int, float) and 0 <= data[name] <= 1, f"{name} is not a share, 0 to 1")
            found[name] = float(data[name])
    if "bars" in data:
        bars = data["bars"]
        _require(
            isinstance(bars, list) and bool(bars) and all(_is_count(bar, 1000) for bar in bars),
            "bars is not a list of counts",
        )
        found["bars"] = tuple(bars)
    if "breathes" in data:
        _require(type(data["breathes"]) is bool, "breathes is neither true nor false")
        found["breathes"] = data["breathes"]
    if "phrases" in data:
        found["phrases"] = _phrases(data["phrases"])
    if "closes" in data:
        _require(
            isinstance(data["closes"], dict) and data["closes"].keys() <= set(_MODES),
            "closes may only be 'major' and 'minor'",
        )
        _require(all(isinstance(closes, list) for closes in data["closes"].values()), "closes are not lists")
        found["closes"] = {mode: tuple(map(_close, closes)) for mode, closes in data["closes"].items()}
    return Habits(**found)


def _phrases(data: object) -> dict[str, dict[float, int]]:
    _require(isinstance(data, dict), "phrases is not a JSON object")
    assert isinstance(data, dict)
    found: dict[str, dict[float, int]] = {}
    for metre, counts in data.items():
        _require(isinstance(counts, dict) and bool(counts), f"phrases in {metre} are not counts")
        _require(all(_is_count(count, 10**9) for count in counts.values()), f"phrases in {metre} are not counts")
        try:
            found[metre] = {float(quarters): count for quarters, count in counts.items()}
        except ValueError:
            raise ValueError(f"phrases in {metre} have no lengths") from None
        _require(all(0.5 <= quarters <= 256 for quarters in found[metre]), f"phrases in {metre} have no lengths")
    return found


def _close(row: object) -> Close:
    _require(isinstance(row, list) and len(row) == 5, "a close has five parts")
    assert isinstance(row, list)
    third, semitones, minor, cadence, count = row
    fits = third in (0, 1, 2) and semitones in range(12) and type(minor) is bool and _is_count(count, 10**9)
    _require(fits and cadence in {each.value for each in Cadence}, f"{row} is not a close")
    return Close(third, semitones, minor, Cadence(cadence), count)


def _is_count(value: object, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _require(fits: bool, complaint: str) -> None:
    if not fits:
        raise ValueError(complaint)
