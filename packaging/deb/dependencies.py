"""Choose what of bachd's dependencies the package carries, and what Debian's own packages provide.

    python3 dependencies.py METADATA WHEELS      in the suite, with Debian's packages installed

METADATA is a METADATA file that names what bachd needs, WHEELS a folder with a wheel of each dependency that there is.
Prints a line for each: 'carry WHEEL', or 'depend PACKAGE (>= VERSION)'.

Law: Debian's package is used wherever its version satisfies everybody who needs it, and what it brings along is of use
here; the package carries the rest.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from email.parser import HeaderParser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

UNUSED: Final = {
    "ai-edge-litert": {"backports-strenum", "flatbuffers", "ml-dtypes", "protobuf", "tqdm", "typing-extensions"},
    "cffi": {"pycparser"},
    # Needed to show Markdown and source text.
    "rich": {"markdown-it-py", "pygments"},
}
"""What a distribution brings along for more than bachd does with it, such as tools that make models. Compiled bindings
need nothing of cffi but _cffi_backend, which is a package of its own; see `_reads_declarations` for the others."""
LADEN: Final = {"rich"}
"""What of Debian's depends on packages that bachd does nothing with, and that take as long to install as bachd."""
DEBIAN: Final = {"attrs": "attr", "cffi": "cffi-backend", "pyyaml": "yaml", "python-rtmidi": "rtmidi"}
"""Distributions whose package is called otherwise than python3-NAME."""
EPOCHS: Final = {"numpy": "1:"}


def chosen(metadata: Path, wheels: Path) -> tuple[list[Path], dict[str, str]]:
    """Return the wheels to carry, and Debian's packages with the lowest version of each. Raises LookupError."""
    found = {canonicalize_name(wheel.name.split("-")[0]): wheel for wheel in wheels.glob("*.whl")}
    carried: set[str] = set()
    while True:
        wanted = _closure(metadata, found, carried)
        more = {name for name, each in wanted.items() if name not in carried and not _satisfied(name, each)}
        if not more:
            break
        if missing := more - found.keys():
            raise LookupError(f"neither Debian nor {wheels} has {', '.join(sorted(missing))}")
        carried |= more
    debian = {_package(name, found): _lowest(name, each) for name, each in wanted.items() if name not in carried}
    return [found[name] for name in sorted(carried & wanted.keys())], debian


def _closure(metadata: Path, wheels: dict[str, Path], carried: set[str]) -> dict[str, list[Requirement]]:
    """All that bachd needs and that is needed by what is carried, by name. What Debian has brings its own along."""
    wanted: dict[str, list[Requirement]] = {}
    queue = [("bachd", each) for each in _requirements(metadata.read_text(encoding="utf-8"))]
    while queue:
        by, requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        if name in UNUSED.get(by, ()) and not (by == "cffi" and _reads_declarations(wheels)):
            continue
        if name not in wanted and name in carried:
            queue += [(name, each) for each in _requirements(_metadata_of(wheels[name]))]
        wanted.setdefault(name, []).append(requirement)
    return wanted


def _requirements(metadata: str) -> Iterator[Requirement]:
    """What is needed on this suite's Python, whatever the processor: both are 64 bits wide."""
    for line in HeaderParser().parsestr(metadata).get_all("Requires-Dist") or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def _metadata_of(wheel: Path) -> str:
    with ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return archive.read(name).decode()


def _satisfied(name: str, requirements: list[Requirement]) -> bool:
    """Whether Debian's package of that name, as it is installed here, is what all of these ask for, and no more."""
    version = _installed(name)
    return name not in LADEN and version is not None and all(each.specifier.contains(version) for each in requirements)


def _installed(name: str) -> str | None:
    try:
        return distribution(name).version
    except PackageNotFoundError:
        if name != "cffi":
            return None
    try:  # python3-cffi-backend is a module without metadata
        import _cffi_backend
    except ImportError:
        return None
    version: str = _cffi_backend.__version__
    return version


def _reads_declarations(wheels: dict[str, Path]) -> bool:
    """Whether alsa-midi's bindings are not compiled for the processor: then it needs all of cffi at each start."""
    return "alsa-midi" in wheels and wheels["alsa-midi"].stem.endswith("-none-any")


def _package(name: str, wheels: dict[str, Path]) -> str:
    if name == "cffi" and _reads_declarations(wheels):
        return "python3-cffi"
    return f"python3-{DEBIAN.get(name, name)}"


def _lowest(name: str, requirements: list[Requirement]) -> str:
    """The highest of the lower bounds, as Debian writes it; '' if there is none."""
    bounds = [
        each.version for one in requirements for each in one.specifier if each.operator in (">=", ">", "==", "~=")
    ]
    key = max(bounds, key=lambda text: [int(part) for part in text.split(".") if part.isdecimal()], default="")
    return f"{EPOCHS.get(name, '')}{key}" if key else ""


def main(metadata: Path, wheels: Path) -> None:
    """Print the choice."""
    carried, debian = chosen(metadata, wheels)
    lines = [f"carry {wheel.name}" for wheel in carried]
    lines += [f"depend {package}" + (f" (>= {version})" if version else "") for package, version in debian.items()]
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
