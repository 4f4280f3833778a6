"""Some cases of one kind, in a process that may die of them.

Law: whatever happens to the process, the case that it happened to lies in its folder.
"""

from __future__ import annotations

import faulthandler
import json
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.configs import configs
from tests.fuzz.holding import HOLDS
from tests.fuzz.scores import scores

KINDS: Final[dict[str, st.SearchStrategy[bytes]]] = {"config": configs(), "score": scores()}
DEADLINE: Final = 30
"""Seconds that a case may take on a machine that has other things to do, too."""
MEMORY: Final = 2 << 30
"""Bytes of address space; half a gigabyte of it belongs to the libraries."""


def work(kind: str, number: int, cases: int, folder: Path) -> dict[str, float | int]:
    """Try cases of a kind that the random number `number` decides. Prints nothing; raises what does not hold.

    Returns how many were accepted and refused, and the seconds of the slowest; its contents stay in `folder`.
    """
    told: dict[str, float | int] = {"accepted": 0, "refused": 0, "slowest": 0.0}
    case = folder / "case"

    @seed(number)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(KINDS[kind])
    def trial(data: bytes) -> None:
        case.write_bytes(data)
        faulthandler.dump_traceback_later(DEADLINE, exit=True)
        begin = time.monotonic()
        accepted = HOLDS[kind](data, folder)
        seconds = time.monotonic() - begin
        told["accepted" if accepted else "refused"] += 1
        if seconds > told["slowest"]:
            told["slowest"] = seconds
            (folder / "slowest").write_bytes(data)

    try:
        trial()
    finally:
        faulthandler.cancel_dump_traceback_later()
    return told


def main() -> int:
    """`python -m tests.fuzz.worker KIND NUMBER CASES FOLDER`: print a line of JSON, or a traceback."""
    kind, number, cases, folder = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        told = work(kind, int(number), int(cases), Path(folder))
    except Exception:  # noqa: BLE001  (what was found, for the one who asked)
        traceback.print_exc()
        return 1
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
