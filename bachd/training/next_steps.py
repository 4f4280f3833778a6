"""Say what to do with what was trained or exported: the commands, ready to be copied."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def export_command(options: argparse.Namespace) -> str:
    """Return the command that exports what `fit` has trained with these options."""
    words = ["bachd-train", "export", str(options.recipe)]
    words += ["--corpus", options.corpus] if options.corpus else []
    words += ["--work", str(options.work)] if options.work else []
    return shlex.join(words)


def after_export(card: Mapping[str, Any], target: Path) -> str:
    """Describe a bundle that was written: its figures, and how to play it here and on a Pi."""
    figures = card["figures"]["int8"]
    home, name = target.resolve().parent, target.name
    here = target if target.is_absolute() else f"./{target}"
    lines = (
        f"wrote {target}: {figures['event_nll']} nats an event; held out: {card['figures']['held out']}",
        f"licence: {card['licence']}",
        f"to play it here, in config.yaml: model: {here}",
        "to play it on a Pi as a service, which cannot read home folders and so needs the bundle in /etc/bachd:",
        f"  tar -C {shlex.quote(str(home))} -c {name} |"
        " ssh pi@raspberrypi.local sudo tar -C /etc/bachd --no-same-owner -x",
        f"and there in /etc/bachd/config.yaml: model: /etc/bachd/{name}",
    )
    return "\n".join(lines)
