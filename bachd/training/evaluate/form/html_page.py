"""Write the report as an HTML page: the table, and pictures of some pieces.

Law: the page is one file and asks nothing of any network.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from bachd.training.evaluate import html_report
from bachd.training.evaluate.analysis.passage_analysis import Analysis
from bachd.training.evaluate.form import pictures
from bachd.training.evaluate.form.figures import CHORALES
from bachd.training.evaluate.form.report import Report
from bachd.training.evaluate.form.table import ROWS, printed

_SHOWN: Final = (3, 2)
"""How many composed and how many written pieces are drawn."""


def write(report: Report, path: Path) -> None:
    """Write the page. Raises UsageError without matplotlib; an older page stays until the new one is whole."""
    html_report.save(html_report.document(f"{report.table.bundle}: form", _parts(report)), path)


def _parts(report: Report) -> Iterator[str]:
    table = report.table
    columns = table.columns()
    yield f"<h1>{escape(table.bundle)}: form</h1>"
    yield (
        "<p>Whole pieces, counted from where the bars end that they were given. The pieces of the corpus are cut into "
        "the same events and counted by the same rules, from the same bar on.</p>"
    )
    yield html_report.table(
        ["", *(f"{name} ({column.pieces})" for name, column in columns.items())],
        [
            [row.label, *(printed(row, column.figures.get(key)) for column in columns.values())]
            for key, row in ROWS.items()
            if any(key in column.figures for column in columns.values())
        ],
    )
    groups = (("composed", report.composed), (table.label, report.written))
    for (title, pieces), count in zip(groups, _SHOWN, strict=True):
        for passage in pictures.shown(pieces, count):
            name = f"{passage.source}, {title}"
            analysis = Analysis(passage)
            yield f"<h2>{escape(name)}</h2>"
            if table.kind == CHORALES:
                yield "<h3>Phrases</h3>" + pictures.phrases(analysis, name)
            yield "<h3>Keys</h3>" + pictures.key_path(analysis, name)
            yield "<h3>What returns</h3>" + pictures.returning(analysis, name)
    yield (
        "<p class=faint>An arc is a phrase with its length in quarters: green ends with an authentic cadence, blue "
        "with a half or plagal one, orange with a deceptive one. The dashed line is where counting begins.</p>"
    )
