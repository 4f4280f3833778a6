"""A UART at MIDI's speed: a pseudo-terminal stands for it, whose settings the kernel keeps like any other's."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from bachd.errors import OutputError
from bachd.midi.din import uart


@pytest.fixture
def cable() -> Iterator[tuple[int, int]]:
    """Our end, opened as a UART, and the other."""
    other, ours = os.openpty()
    descriptor = uart.opened(os.ttyname(ours))
    yield descriptor, other
    for each in (descriptor, other, ours):
        os.close(each)


def test_it_sends_31250_bits_a_second(cable: tuple[int, int]) -> None:
    assert uart.speed_of(cable[0]) == 31_250
    assert uart.speed_of(cable[1]) == 31_250  # as the kernel tells the other end


def test_another_speed_where_an_overlay_has_slowed_the_clock() -> None:
    other, ours = os.openpty()
    descriptor = uart.opened(os.ttyname(ours), 38_400)
    assert uart.speed_of(descriptor) == 38_400
    for each in (descriptor, other, ours):
        os.close(each)


def test_every_byte_passes_as_it_is_both_ways(cable: tuple[int, int]) -> None:
    ours, other = cable
    everything = bytes(range(256))  # among them what a terminal takes for an end, a signal or a new line
    for begin, end in ((ours, other), (other, ours)):
        os.write(begin, everything)
        passed = b""
        while len(passed) < 256 and select.select([end], [], [], 5)[0]:
            passed += os.read(end, 512)
        assert passed == everything
    assert not select.select([other], [], [], 0.05)[0]  # and nothing is echoed


def test_what_is_no_uart_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"No such file or directory; './deploy\.sh din uart0' sets it up"):
        uart.opened(str(tmp_path / "ttyAMA0"))
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be set to 31250 bits a second"):
        uart.opened(str(tmp_path / "file"))
