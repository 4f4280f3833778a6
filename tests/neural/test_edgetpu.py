"""Which device composes, and what happens when it stops to. There is no Coral here: see `delegates`."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from bachd.errors import ModelError
from bachd.music.event import parse
from bachd.music.metre import Grid
from bachd.neural import edgetpu as devices
from bachd.neural.bundle import bundle
from bachd.neural.context import Context
from bachd.neural.edgetpu import EdgeTpuModel, open_model
from bachd.neural.model import TfliteModel
from tests.neural import delegates

CHORALES = bundle.folder("chorales")
TRUNK = CHORALES / "trunk.tflite"
USED = ("1a6e", "089a"), ("18d1", "9302")


def listening(model: TfliteModel) -> Context:
    context = model.context()
    context.reset(Grid().place(0))
    context.push(parse("C3.G3.E4.C5"), Grid().place(24))
    return context


def plug(folder: Path, bus: str, names: tuple[str, str], ids: tuple[str, str]) -> None:
    device = folder / bus / "devices" / "1-1"
    device.mkdir(parents=True)
    for name, number in zip(names, ids, strict=True):
        (device / name).write_text(f"{number}\n")


@pytest.fixture
def buses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with buses and a mouse."""
    folder = tmp_path / "bus"
    monkeypatch.setattr(devices, "_BUSES", folder)
    plug(folder, "usb", ("idVendor", "idProduct"), ("046d", "c077"))
    (folder / "usb/devices/usb1").mkdir()
    return folder


@pytest.fixture
def ample(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is busy with other things nothing is late."""
    monkeypatch.setattr(devices, "STARTING", 60.0)
    monkeypatch.setattr(devices, "PATIENCE", 60.0)


def test_a_coral_is_known_by_its_numbers(buses: Path) -> None:
    assert not devices.attached()
    plug(buses, "pci", ("vendor", "device"), ("0x1ac1", "0x089a"))
    assert devices.attached()


@pytest.mark.parametrize("ids", USED)
def test_a_coral_on_usb_is_known_before_and_after_its_first_use(buses: Path, ids: tuple[str, str]) -> None:
    device = buses / "usb/devices/1-2"
    device.mkdir()
    (device / "idVendor").write_text(f"{ids[0]}\n")
    assert not devices.attached()
    (device / "idProduct").write_text(f"{ids[1]}\n")
    assert devices.attached()


def test_without_a_coral_nothing_is_loaded_or_said(
    buses: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegates.install("hangs", tmp_path, monkeypatch)
    said: list[str] = []
    model = open_model(CHORALES, TRUNK, demanded=False, tell=said.append)
    assert type(model) is TfliteModel
    assert said == []


@pytest.mark.usefixtures("ample")
def test_what_cannot_be_used_is_told_or_where_it_is_demanded_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegates.install("crashes", tmp_path, monkeypatch)
    monkeypatch.setattr(devices, "attached", lambda: True)
    said: list[str] = []
    assert type(open_model(CHORALES, TRUNK, demanded=False, tell=said.append)) is TfliteModel
    assert said == [
        "composing on the CPU, for the Edge TPU cannot be used: its process was ended by SIGSEGV",
    ]
    with pytest.raises(ModelError, match=r"^device: edgetpu: its process was ended by SIGSEGV; .* device: auto$"):
        open_model(CHORALES, TRUNK, demanded=True, tell=said.append)


@pytest.mark.usefixtures("ample")
@pytest.mark.parametrize(("slower", "taken"), [("cpu", "the Edge TPU"), ("edgetpu", "the CPU, which is faster")])
def test_the_faster_is_taken_and_said(slower: str, taken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delegates.install("works", tmp_path, monkeypatch)
    monkeypatch.setattr(devices, "attached", lambda: True)
    compare = devices._compare
    monkeypatch.setattr(
        devices, "_compare", lambda *both: (compare(*both), (2.0, 1.0) if slower == "edgetpu" else (1.0, 2.0))[1]
    )
    said: list[str] = []
    model = open_model(CHORALES, TRUNK, demanded=False, tell=said.append)
    assert isinstance(model, EdgeTpuModel) == (slower == "cpu")
    (line,) = said
    assert line.startswith(f"composing on {taken}: ")
    assert line.endswith(" ms on the CPU")


@pytest.mark.usefixtures("ample")
def test_the_trunk_that_answers_is_the_one_in_the_other_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegates.install("works", tmp_path, monkeypatch)
    said: list[str] = []
    model = open_model(CHORALES, TRUNK, demanded=True, tell=said.append)
    context = listening(model)
    expected = TfliteModel.open(CHORALES).encode(context)

    def idle() -> None:
        raise AssertionError("the CPU's trunk is not asked while the other one works")

    model.trunk.bare = idle
    assert np.array_equal(model.encode(context), expected)
    assert len(said) == 1


@pytest.mark.usefixtures("ample")
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGSTOP])
def test_the_cpu_takes_over_for_good_and_says_so_once(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegates.install("works", tmp_path, monkeypatch)
    said: list[str] = []
    model = open_model(CHORALES, TRUNK, demanded=True, tell=said.append)
    assert isinstance(model, EdgeTpuModel)
    assert model.remote is not None
    context = listening(model)
    expected = model.encode(context)
    os.kill(model.remote._process.pid, number)
    model.remote.patience = 0.5
    for _ in range(3):
        assert np.array_equal(model.encode(context), expected)
    assert model.remote is None
    assert len(said) == 2
    assert said[1].startswith("the Edge TPU is lost: ")
    assert said[1].endswith("; from here on the CPU composes")


@pytest.mark.usefixtures("ample")
def test_a_trunk_that_computes_something_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated", reason="tflite-runtime brings no schema")
    delegates.install("works", tmp_path, monkeypatch)
    content = bytearray(TRUNK.read_bytes())
    graph = schema.Model.GetRootAs(content)
    for index in range(graph.BuffersLength()):
        if graph.Buffers(index).DataLength() > 10_000:
            graph.Buffers(index).DataAsNumpy()[:] = 0
    other = tmp_path / "trunk_edgetpu.tflite"
    other.write_bytes(content)
    with pytest.raises(ModelError, match="computes something else than the CPU"):
        open_model(CHORALES, other, demanded=True, tell=print)
