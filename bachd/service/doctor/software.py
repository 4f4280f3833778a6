"""Check Python, its packages, the settings and the model.

Law: a package is judged by what is installed, not by importing it: the wrong one may crash its process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bachd.config import Config
from bachd.errors import BachdError, pip_install
from bachd.service.doctor.machine import Finding, Machine

LITERT: Final = "ai-edge-litert"
TFLITE: Final = "tflite-runtime"
TRIED: Final = ((3, 11), (3, 13))
"""The oldest and the newest Python that all wheels exist for."""

_STRANGERS: Final = {
    "pycoral": "PyPI's pycoral is an atlas of coral reefs, not Google's library, and bachd needs neither",
    "pycoral-pi5": "pycoral-pi5 is broken, and bachd needs no pycoral: libedgetpu is enough",
    "edgecompiler": "PyPI's edgecompiler writes models that no Edge TPU can run; it is not Google's edgetpu_compiler",
}
"""Distributions that are something else than their names say."""
_OF_GOOGLE: Final = "pycoral/utils/edgetpu.py"
"""A file of the real pycoral."""


def python(machine: Machine) -> Finding:
    """Check that wheels exist for this Python on this processor."""
    name = f"Python {machine.python[0]}.{machine.python[1]} on {machine.system} {machine.processor}"
    if not machine.wide and machine.processor == "aarch64":
        seen = f"{name}, but as a 32-bit program on a 64-bit kernel: no runtime for .tflite exists for that"
        return Finding("python", "fault", seen, "install the 64-bit Raspberry Pi OS")
    if machine.processor == "armv7l" and machine.python > (3, 11):
        seen = f"{name}: on 32-bit ARM the only runtime, tflite-runtime, ends with Python 3.11"
        return Finding("python", "fault", seen, "install a 64-bit system, or Raspberry Pi OS bookworm, which has 3.11")
    if machine.python > TRIED[1]:
        seen = f"{name}, which is newer than what bachd was tested with (up to {TRIED[1][0]}.{TRIED[1][1]})"
        return Finding("python", "note", seen, "if something does not install or run, use Python 3.13")
    return Finding("python", "ok", name)


def runtime(machine: Machine) -> Finding:
    """Check that a .tflite runtime is installed that works with the installed NumPy."""
    litert, tflite, numpy = (machine.distribution(name) for name in (LITERT, TFLITE, "numpy"))
    if numpy is None:
        return Finding("runtime", "fault", "NumPy is not installed", pip_install("numpy"))
    if litert is not None:
        return Finding("runtime", "ok", f"{LITERT} {litert.version} with NumPy {numpy.version}")
    if tflite is None:
        if machine.processor == "armv7l":
            return Finding("runtime", "fault", "no runtime for .tflite", pip_install(TFLITE, "numpy<2"))
        return Finding("runtime", "fault", "no runtime for .tflite", pip_install(LITERT))
    pair = f"{TFLITE} {tflite.version} with NumPy {numpy.version}"
    if int(numpy.version.split(".")[0]) >= 2:
        seen = f"{pair}: it was built for NumPy 1, without declaring it, and fails with '_ARRAY_API not found'"
        return Finding("runtime", "fault", seen, f"{pip_install(LITERT)}; if there is no wheel for it: 'numpy<2'")
    if machine.processor == "armv7l":
        return Finding("runtime", "ok", pair)
    return Finding("runtime", "note", f"{pair}, which works, but is slower", pip_install(LITERT))


def strangers(machine: Machine) -> Finding:
    """Check for packages that people install for a Coral and that are something else."""
    found = [name for name in _STRANGERS if (there := machine.distribution(name)) and not _is_google(name, there)]
    if not found:
        return Finding("packages", "ok", "no misleading packages for the Edge TPU")
    seen = "; ".join(_STRANGERS[name] for name in found)
    return Finding("packages", "note", seen, f"pip uninstall {' '.join(found)}")


def _is_google(name: str, there: object) -> bool:
    locate = getattr(there, "locate_file")  # noqa: B009  (typed as something that cannot say whether it exists)
    return name == "pycoral" and Path(str(locate(_OF_GOOGLE))).exists()


def libraries(machine: Machine, config: Config) -> Iterator[Finding]:
    """Check the bindings: alsa-midi with ALSA's library, python-rtmidi on macOS, aalink if it is used."""
    alsa, rtmidi = machine.distribution("alsa-midi"), machine.distribution("python-rtmidi")
    if machine.system == "Linux":
        yield _alsa(machine, None if alsa is None else alsa.version)
    if config.tempo == "link":
        yield _aalink(machine)
    if rtmidi is not None:
        yield Finding("python-rtmidi", "ok", rtmidi.version)
        return
    needed = machine.system == "Darwin"
    if not needed:
        yield Finding("python-rtmidi", "ok", "not installed, and not needed: ALSA and JACK work without it")
        return
    seen = "not installed: CoreMIDI cannot be used"
    if machine.python >= (3, 13):
        seen += "; there is no wheel for Python 3.13 or later"
    yield Finding(
        "python-rtmidi", "fault", seen, f"{pip_install('python-rtmidi')} (from Python 3.13 on, this compiles it)"
    )


def _alsa(machine: Machine, version: str | None) -> Finding:
    if version is None:
        return Finding("alsa-midi", "fault", "not installed: ALSA cannot be used", pip_install("alsa-midi"))
    if machine.library("libasound.so.2") is False:
        package = "libasound2t64 (libasound2 on Debian 12)"
        return Finding("alsa-midi", "fault", f"{version}, but libasound.so.2 is missing", f"sudo apt install {package}")
    return Finding("alsa-midi", "ok", version)


def _aalink(machine: Machine) -> Finding:
    found = machine.distribution("aalink")
    if found is None:
        return Finding("aalink", "fault", "not installed, but tempo: link needs it", pip_install("[link]"))
    return Finding("aalink", "ok", found.version)


def settings(path: Path | None) -> tuple[Finding, Config]:
    """Check and return the settings as `bachd run` reads them; the defaults if they are invalid."""
    from bachd import configfile

    if path is None:
        return Finding("settings", "ok", "no config.yaml; using the defaults"), Config()
    try:
        return Finding("settings", "ok", str(path)), configfile.load(path)
    except BachdError as fault:
        return Finding("settings", "fault", str(fault), "correct these lines"), Config()


def model(config: Config) -> Finding:
    """Check that the bundle is complete, its graphs load, and the first piece holds music."""
    from dataclasses import replace

    from bachd.service.factory import open_composer

    try:
        open_composer(replace(config, device="cpu"), 0).next()
    except BachdError as fault:
        return Finding("model", "fault", str(fault), "see above; ./deploy.sh install puts the bundles back")
    return Finding("model", "ok", f"{config.model}: complete, and it composes")
