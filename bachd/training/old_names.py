"""Convert recipes with older names of keys."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Final

from bachd.yamlfile.nodes import Mapping, Node

log = logging.getLogger(__name__)

RENAMED: Final = {
    "hear": "train_on",
    "hold": "hold_out",
    "hide": "context_dropout",
    "crop": "crop_length",
    "size": "batch_size",
    "peak": "learning_rate",
    "decay": "weight_decay",
    "average": "ema_decay",
    "restraint": "logit_penalty",
    "smoothing": "label_smoothing",
}
"""Keys that older recipes have, which are still read, and what they are called now."""


def with_new_names(tree: Node, path: Path) -> Node:
    """Return the tree with today's keys; log a hint for each key that was renamed."""
    if not isinstance(tree, Mapping):
        return tree
    for key, _ in tree.pairs:
        if key.text in RENAMED:
            log.warning("%s:%d: '%s' is called '%s' now: rename it", path, key.line, key.text, RENAMED[key.text])
    pairs = tuple((replace(key, text=RENAMED.get(key.text, key.text)), node) for key, node in tree.pairs)
    return replace(tree, pairs=pairs)
