"""Print the lines of a requirements.txt that are for the Python that runs this, without their markers."""

from __future__ import annotations

import sys
from pathlib import Path

from packaging.requirements import Requirement


def main(text: str) -> None:
    """Print what applies: name, version and hashes."""
    for line in text.replace("\\\n", " ").splitlines():
        wanted, *hashes = line.split("--hash=")
        if not wanted.strip() or wanted.startswith("#"):
            continue
        requirement = Requirement(wanted)
        if requirement.marker is None or requirement.marker.evaluate():
            words = (f"{requirement.name}{requirement.specifier}", *(f"--hash={each.strip()}" for each in hashes))
            sys.stdout.write(" ".join(words) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).read_text(encoding="utf-8"))
