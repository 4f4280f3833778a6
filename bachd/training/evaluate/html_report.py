"""Write an evaluation as an HTML page for musicians.

Law: the page is one file, asks nothing of any network, and says in plain words what each figure means. What a card says
is text and never markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import exp
from pathlib import Path
from typing import Final

from bachd import atomic_file
from bachd.training.evaluate import plots
from bachd.training.evaluate.evaluation import Evaluation, Side
from bachd.training.evaluate.style_statistics import WINDOW

EXPLAINED: Final = {
    "hours": "Hours of music, at 84 quarter notes a minute.",
    "pieces": "How many pieces that is.",
    "frozen": "How often the same notes go on for more than two bars.",
    "periodic": "How often more than 64 events in a row only repeat themselves. Composers repeat whole sections.",
    "out_of_range": "Notes below the lowest or above the highest of the music it learned from.",
    "events": "Everything that sounds from one beginning of a note to the next is an event.",
    "longest_circle": "Events in the longest stretch that goes round in circles.",
    "pitch_class_entropy": "How evenly the twelve notes are used, in bits: 2.8 is a scale, 3.6 all twelve alike.",
    "distinct_4": "Share of new ones among all successions of four chords: 1 never repeats itself.",
    "scale_consistency": "Share of the notes that lie in one scale: 1 never leaves its key.",
    "polyphony": "How many notes sound together, on average.",
    "lowest": "The lowest note, by its MIDI number; 60 is the C in the middle.",
    "highest": "The highest note.",
    "changes": "Steps from one chord of four notes to another: where the next two are counted.",
    "fifths": "Parallel fifths in a thousand of them. Voices are counted from the top, so good writing has some, too.",
    "octaves": "Parallel octaves in a thousand of them.",
}
"""What each figure of `Side.figures` means."""

_WINDOWS: Final = {
    "pitch_class_entropy": "how evenly the twelve notes are used (bits)",
    "distinct_4": "share of new successions of four chords",
    "scale_consistency": "share of notes in one scale",
}
_STYLE: Final = """
:root { color-scheme: light dark; --paper: #fdfcf9; --ink: #22201c; --faint: #8a857b; --line: #ddd8cd; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #191817; --ink: #e8e4dc; --faint: #989286; --line: #3a3733; }
}
body { margin: 0 auto; max-width: 44rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 Georgia, "Times New Roman", serif; }
h1, h2 { line-height: 1.2; font-weight: normal; }
h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
svg { width: 100%; height: auto; display: block; margin: 0.5rem 0; font-family: system-ui, sans-serif; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font: 0.9rem/1.4 system-ui, sans-serif; }
th, td { text-align: left; padding: 0.3rem 0.6rem 0.3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.faint, small { color: var(--faint); }
"""


def write(evaluation: Evaluation, path: Path) -> None:
    """Write the page. Raises UsageError without matplotlib; an older page stays until the new one is whole."""
    save(page(evaluation), path)


def save(text: str, path: Path) -> None:
    """Write a page; an older one stays until the new one is whole."""
    atomic_file.replace(path, text.encode())


def document(title: str, parts: Iterable[str]) -> str:
    """A page as HTML; `title` is text, `parts` are HTML."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def page(evaluation: Evaluation) -> str:
    """The page as HTML."""
    name = str(evaluation.card.get("name", ""))
    parts = [
        f"<h1>{escape(name)}</h1><p>{escape(str(evaluation.card.get('description', '')))}</p>",
        *_what_it_is(evaluation),
        *_predicting(evaluation),
        *_playing(evaluation),
        *_copying(evaluation),
        *_looks(evaluation),
        *_credit(evaluation),
    ]
    return document(f"{name}: how it plays", parts)


def _what_it_is(evaluation: Evaluation) -> Iterable[str]:
    yield (
        "<p>This is a small neural network that has read music. It looks at the last forty events, says what "
        "could come next and how likely that is, and one of these is drawn and played. It knows no rules but what it "
        "gathered from the notes. This page shows how well it foresees music of the same kind that it has not read, "
        "and what its own music is like beside it.</p>"
    )


def _predicting(evaluation: Evaluation) -> Iterable[str]:
    yield "<h2>How well it foresees music</h2>"
    score = evaluation.score
    if score is None:
        yield "<p>There was no corpus to measure this with. What follows is from the bundle's own card.</p>"
    else:
        pieces = f"{evaluation.held_out} pieces of {escape(str(evaluation.corpus))}"
        yield (
            f"<p>It was shown {pieces} that it had not read, note by note, and had to say each time what comes next. "
            f"It names the right note {score.note_accuracy:.0%} of the time. "
        )
        if score.pitch_event_accuracy is not None:
            yield f"A whole chord, every note of it, it foresees {score.pitch_event_accuracy:.0%} of the time. "
        if score.note_nll is not None:
            yield f"It is as unsure as if it had {exp(score.note_nll):.1f} equally likely notes to choose from."
        yield "</p>"
    rows = {f"{name} (card)": row for name, row in evaluation.baselines().items()}
    rows = ({"measured now": score.rounded()} if score else {}) | rows
    heads = {
        "event_nll": "surprise an event",
        "pitch_event_nll": "surprise a chord",
        "note_accuracy": "right notes",
        "pitch_event_accuracy": "right chords",
        "length_accuracy": "right lengths",
    }
    yield table(
        ["", *heads.values()],
        [
            [name, *(_number(row.get(key), share=key.endswith("accuracy")) for key in heads)]
            for name, row in rows.items()
        ],
    )
    yield (
        "<p class=faint>Surprise is counted in nats; less is better, and two nats less mean seven times as likely. A "
        "unigram only knows how often each note occurs, an n-gram counts what followed the last few notes: both know "
        "nothing of music. int8 is the network as it plays, float as it was trained.</p>"
    )
    if score and score.reliability:
        yield "<h3>Does it know when it knows?</h3>" + plots.reliability(score.reliability)
        yield (
            "<p>When it is 70 % sure of a note, it should be right seven times in ten: on the dashed line. Larger dots "
            f"stand for more notes. On average it is off by {score.calibration_error or 0:.1%}.</p>"
        )


def _playing(evaluation: Evaluation) -> Iterable[str]:
    sides = _sides(evaluation)
    yield "<h2>Left to itself</h2>"
    yield (
        f"<p>It played for {evaluation.playing.music.hours:.1f} hours of music without anybody interfering. "
        "What is counted is its own; the bars that each piece begins with are left out.</p>"
    )
    figures = {name: side.figures() for name, side in sides.items()}
    yield table(
        ["", *figures],
        [
            [f"{key.replace('_', ' ')}\n{explained}", *(_number(each[key]) for each in figures.values())]
            for key, explained in EXPLAINED.items()
        ],
    )
    yield f"<p>The music was cut into windows of {WINDOW} events, and each window was looked at.</p>"
    for key, label in _WINDOWS.items():
        yield plots.histograms({name: getattr(side.windows, key) for name, side in sides.items()}, label)
        if key in evaluation.within:
            yield f"<p>{evaluation.within[key]:.0%} of its windows lie where nine of ten of {evaluation.label} do.</p>"


def _copying(evaluation: Evaluation) -> Iterable[str]:
    ways = {name: side.copied for name, side in _sides(evaluation).items() if side.copied}
    if not ways:
        return
    yield "<h2>Does it copy?</h2>"
    yield (
        "<p>From each of its events on: how many chords in a row stand just so in the pieces it has read? Composers "
        "repeat themselves, too; beside it is the same for pieces that it has not read.</p>"
    )
    yield table(
        ["", "", "usually", "one in a hundred", "at most"],
        [
            [name, way, *(_number(value) for value in (found.p50, found.p99, found.longest))]
            for name, copied in ways.items()
            for way, found in copied.items()
        ],
    )


def _looks(evaluation: Evaluation) -> Iterable[str]:
    sides = _sides(evaluation)
    rows = {name: side.music.row for name, side in sides.items()}
    yield "<h2>What it looks like</h2><h3>Keys</h3>" + plots.keys(rows)
    yield "<h3>Steps of the highest voice</h3>" + plots.steps(rows)
    yield "<h3>Lengths</h3>" + plots.lengths(rows)
    yield "<h3>Sixteen bars of each</h3>"
    for (name, side), colour in zip(sides.items(), plots.COLOURS, strict=False):
        yield plots.roll(side.music.excerpt, name, colour)


def _credit(evaluation: Evaluation) -> Iterable[str]:
    data = evaluation.card.get("data")
    credit = data.get("credit", "") if isinstance(data, dict) else ""
    yield f"<h2>Who made what</h2><p>{escape(str(credit))}</p><p>{escape(str(evaluation.card.get('licence', '')))}</p>"
    yield f"<p><small>Random numbers began at {evaluation.rng}.</small></p>"


def _sides(evaluation: Evaluation) -> dict[str, Side]:
    return {"the model": evaluation.playing, **({evaluation.label: evaluation.written} if evaluation.written else {})}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of text; what looks like a number stands to the right, and a second line is small."""

    def cell(kind: str, text: str) -> str:
        right = ' class="n"' if text[:1].isdigit() or text == "-" else ""
        first, more, second = escape(text).partition("\n")
        return f"<{kind}{right}>{first}{f'<br><small>{second}</small>' if more else ''}</{kind}>"

    lines = ["".join(cell("th", head) for head in heads), *("".join(cell("td", text) for text in row) for row in rows)]
    return "<div class=table><table>" + "\n".join(f"<tr>{line}</tr>" for line in lines) + "</table></div>"


def _number(value: float | None, *, share: bool = False) -> str:
    if value is None:
        return "-"
    if share:
        return f"{value:.1%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
