"""Choose the device that runs the trunk: an Edge TPU, if there is one and it is faster, or the CPU.

Law: whatever an Edge TPU, its library or its driver does (raise, crash, hang, answer nonsense), the music goes on. It
runs in a process of its own, its answers are held against the CPU's before one is used, and the CPU's trunk is loaded
all along: at the first fault it takes over, within a beat and for good.

Only the trunk goes there. It is called once an event and is most of the work; the head is called once a note, and the
way over USB would take longer than the head does.
"""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from bachd.errors import ModelError
from bachd.neural.context import Context
from bachd.neural.graph_process import Remote
from bachd.neural.model import TfliteModel
from bachd.neural.runtime import Graph, Int8Array

LIBRARY: Final = "libedgetpu.1.dylib" if platform.system() == "Darwin" else "libedgetpu.so.1"
"""Coral's runtime, under the name its installers give it."""
STARTING: Final = 20.0
"""Seconds for the first answers: a Coral that was just plugged in is first sent its firmware."""
PATIENCE: Final = 0.2
"""Seconds for an answer while music plays: a beat at 300 to the minute."""
TRIALS: Final = 40
"""Windows on which both devices are tried; the first quarter is not timed."""
TOLERANCE: Final = 4.0
"""Steps of a byte by which the two may differ on average. They round differently; nonsense is tens of steps away."""

# A Coral on USB has the first pair until it is first used, and the second from then on.
_USB: Final = {("1a6e", "089a"), ("18d1", "9302")}
_PCI: Final = {("0x1ac1", "0x089a")}
_BUSES = Path("/sys/bus")
_FOLDERS: Final = ("/usr/local/lib", "/opt/homebrew/lib", "/opt/local/lib")


def open_model(folder: Path, compiled: Path, *, demanded: bool, tell: Callable[[str], object]) -> TfliteModel:
    """The bundle in `folder` on whichever is faster: the CPU, or the Edge TPU with the trunk `compiled` for it.

    demanded: on the Edge TPU, even where the CPU is faster. tell: called with what was chosen and why, unless there is
    simply no Coral, and later, perhaps from another thread, when the CPU has to take over. Raises ModelError when the
    bundle does not load, or when the Edge TPU is demanded and cannot be used.
    """
    model = TfliteModel.open(folder)
    if not demanded and not attached():
        return model
    try:
        remote = Remote(compiled, LIBRARY, model.trunk, STARTING)
        theirs, ours = _compare(remote, model.trunk)
    except ModelError as fault:
        if demanded:
            raise ModelError(f"device: edgetpu: {fault}; fix that, or set device: auto") from fault
        tell(f"composing on the CPU, for the Edge TPU cannot be used: {fault}")
        return model
    times = f"{theirs:.2f} ms for a trunk on the Edge TPU, {ours:.2f} ms on the CPU"
    if ours <= theirs and not demanded:
        remote.close()
        tell(f"composing on the CPU, which is faster: {times}")
        return model
    tell(f"composing on the Edge TPU: {times}")
    return EdgeTpuModel(model, remote, tell)


def attached() -> bool:
    """Whether a Coral seems to be plugged in. Looks at a few files, loads nothing."""
    if not _BUSES.is_dir():  # not Linux: the library is the only trace
        return any(Path(folder, LIBRARY).exists() for folder in _FOLDERS)
    return _any_of(_USB, "usb", "idVendor", "idProduct") or _any_of(_PCI, "pci", "vendor", "device")


def _any_of(wanted: set[tuple[str, str]], bus: str, vendor: str, product: str) -> bool:
    for device in (_BUSES / bus / "devices").glob("*"):
        try:
            if ((device / vendor).read_text().strip(), (device / product).read_text().strip()) in wanted:
                return True
        except OSError:  # a hub's port has no such files; another device is unplugged just now
            continue
    return False


class EdgeTpuModel(TfliteModel):
    """A model whose trunk runs on the Edge TPU for as long as that works."""

    def __init__(self, model: TfliteModel, remote: Remote, tell: Callable[[str], object]) -> None:
        """`model` has the graphs for the CPU; `tell` is called once, if it has to take over."""
        super().__init__(model.trunk, model.head)
        self.remote: Remote | None = remote
        """None once the CPU has taken over."""
        self._tell = tell
        remote.patience = PATIENCE

    def encode(self, context: Context) -> Int8Array:
        """See `Model`."""
        if self.remote is not None:
            try:
                return self.remote.invoke(context.window)
            except ModelError as fault:
                self.remote = None
                self._tell(f"the Edge TPU is lost: {fault}; from here on the CPU composes")
        return super().encode(context)


def _compare(remote: Remote, trunk: Graph) -> tuple[float, float]:
    """Milliseconds for one trunk on the Edge TPU, the way there and back included, and on the CPU: medians.

    Raises ModelError when the two do not compute the same.
    """
    (window,) = trunk.inputs
    rng = np.random.default_rng(0)
    times: list[tuple[float, float]] = []
    for _ in range(TRIALS):
        ones = rng.random(window.shape) < 0.05  # about as many as music has
        array = np.where(ones, window.quantise(1), window.quantise(0)).astype(np.int8)
        begin = perf_counter()
        theirs = remote.invoke(array)
        between = perf_counter()
        ours = trunk.invoke(array)
        times.append((between - begin, perf_counter() - between))
        apart = float(np.abs(theirs.astype(np.int16) - ours).mean())
        if apart > TOLERANCE:
            remote.close()
            raise ModelError(f"it computes something else than the CPU, {apart:.0f} steps of a byte apart on average")
    theirs_ms, ours_ms = (1e3 * statistics.median(column) for column in zip(*times[TRIALS // 4 :], strict=True))
    return theirs_ms, ours_ms
