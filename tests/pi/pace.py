"""How fast a processor is, to hold an emulated one against the one that emulates it: the same work on both.

Law: it is work like that of starting a program. Where others compute beside the guest, it is slower still, and says so.

`python3 -m tests.pi.pace` prints the seconds.
"""

from __future__ import annotations

import json
import sys
from time import process_time


def seconds() -> float:
    """Seconds of processor that some work takes which is like starting a program: objects, text and dictionaries."""
    fastest = float("inf")
    for _ in range(3):
        begin = process_time()
        tree = {str(number): [number, number / 7, {"text": "x" * (number % 50)}] for number in range(2000)}
        for _ in range(5):
            tree = json.loads(json.dumps(tree, sort_keys=True))
        fastest = min(fastest, process_time() - begin)
    return fastest


if __name__ == "__main__":
    sys.stdout.write(f"{seconds():.4f}\n")
