"""What of bachd's dependencies its package carries: bindings that are not compiled need more than those that are."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest

SCRIPT = Path(__file__).parents[3] / "packaging/deb/dependencies.py"
WHEELS = {
    "compiled": "alsa_midi-1.0.4-cp313-cp313-manylinux_2_17_x86_64",
    "interpreted": "alsa_midi-1.0.4-py3-none-any",
}


@pytest.fixture
def dependencies(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, in a Debian that has trixie's cffi and nothing else."""
    spec = importlib.util.spec_from_file_location("dependencies", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "_installed", {"cffi": "1.17.1"}.get)
    return module


@pytest.fixture(params=WHEELS)
def bindings(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def wheels(folder: Path, *wanted: tuple[str, str, str]) -> tuple[Path, Path]:
    """Write wheels: the name of each file, its own name, what it needs. Returns METADATA of bachd, and the folder."""
    for wheel, name, needs in wanted:
        with ZipFile(folder / f"{wheel}.whl", "w") as archive:
            archive.writestr(f"{name}.dist-info/METADATA", f"Name: {name}\n{needs}\n")
    (folder / "METADATA").write_text("Name: bachd\nRequires-Dist: alsa-midi\n")
    return folder / "METADATA", folder


def test_bindings_that_are_not_compiled_get_all_of_debians_cffi(
    dependencies: ModuleType, tmp_path: Path, bindings: str
) -> None:
    carried, debian = dependencies.chosen(
        *wheels(tmp_path, (WHEELS[bindings], "alsa_midi", "Requires-Dist: cffi>=1.16"))
    )
    assert [each.stem for each in carried] == [WHEELS[bindings]]
    assert debian == {{"compiled": "python3-cffi-backend", "interpreted": "python3-cffi"}[bindings]: "1.16"}


def test_where_debians_cffi_is_too_old_what_it_needs_is_carried_with_it(
    dependencies: ModuleType, tmp_path: Path, bindings: str
) -> None:
    cffi = ("cffi-2.1-cp311-cp311-manylinux_2_17_x86_64", "cffi", "Requires-Dist: pycparser")
    parser = ("pycparser-3.0-py3-none-any", "pycparser", "")
    alsa = (WHEELS[bindings], "alsa_midi", "Requires-Dist: cffi>=2")
    carried, debian = dependencies.chosen(*wheels(tmp_path, alsa, cffi, parser))
    names = [each.stem.partition("-")[0] for each in carried]
    assert names == ["alsa_midi", "cffi", *(["pycparser"] if bindings == "interpreted" else [])]
    assert debian == {}
