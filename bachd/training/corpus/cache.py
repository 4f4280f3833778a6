"""Keep parsed scores between runs.

Law: a cache that is damaged, or that cannot be written, costs only the time to parse again.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bachd import atomic_file

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return where parsed scores are kept between runs: $XDG_CACHE_HOME/bachd or ~/.cache/bachd."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "bachd"


def cached(name: str, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the rows in the cache under `name`; if there are none, or damaged ones, call `make` and keep its rows."""
    file = cache_folder() / f"{name}.json"
    try:
        rows = json.loads(file.read_text())
        if isinstance(rows, list) and all(isinstance(row, dict) and "name" in row for row in rows):
            return rows
    except (OSError, ValueError):
        pass
    rows = make()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_file.replace(file, json.dumps(rows).encode())
    except OSError as fault:
        log.warning("%s cannot be written (%s): the next command parses again", file, fault.strerror)
    return rows
