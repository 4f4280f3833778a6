"""Run `bachd run` with every tempo multiplied: `python -m bench.browser.hurried 16 run`.

Law: all else is bachd's own: the composer, the pieces with their tempos, the rests between them, and the page.
"""

from __future__ import annotations

import sys
from unittest.mock import patch

from bachd.commands.cli import main
from bachd.config import Config
from bachd.music.piece import Step


def hurry(speed: float) -> int:
    """Play so many times as fast as usual. Returns bachd's exit code."""
    usual = Config.pace

    def pace(config: Config, step: Step) -> float:
        return speed * usual(config, step)

    with patch.object(Config, "pace", pace):
        return main()


if __name__ == "__main__":
    sys.exit(hurry(float(sys.argv.pop(1))))
