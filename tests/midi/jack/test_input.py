"""A clock that comes in through a real JACK server, from a program that shares nothing with what hears it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from bachd.errors import OutputError
from bachd.midi.input.purpose import FOLLOWING, PLAYING
from bachd.midi.jack.input import JackInput
from tests.conftest import PATIENCE, JackServer

CYCLE = 1.0
"""Seconds: far more than a cycle of JACK's, which what is said in it is dated from the beginning of."""
Heard = tuple[float, bytes, str]


class Master:
    """Another program. See jack_master.py."""

    def __init__(self, name: str, destination: str = "") -> None:
        script = Path(__file__).parents[2] / "jack_master.py"
        self._process = subprocess.Popen(
            [sys.executable, script, name, destination], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            self.unplug()
            raise AssertionError(f"{script} does not run")

    def say(self, *messages: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{message}\n" for message in messages))
        self._process.stdin.flush()

    def unplug(self) -> None:
        self._process.communicate()


@pytest.fixture
def plug(jack: JackServer) -> Iterator[Callable[..., Master]]:
    masters: list[Master] = []

    def plug(name: str, destination: str = "") -> Master:
        masters.append(Master(name, destination))
        return masters[-1]

    yield plug
    for master in masters:
        master.unplug()


def until(source: JackInput, description: str) -> None:
    """Wait for who is listened to."""
    end = time.monotonic() + PATIENCE
    while source.description != description:
        assert source.poll() == ()
        assert time.monotonic() < end


def said_until_heard(master: Master, message: str, heard: SimpleQueue[Heard]) -> Heard:
    """Say it until it is heard: a connection is listed some cycles before the server makes it."""
    end = time.monotonic() + PATIENCE
    while True:
        master.say(message)
        with suppress(Empty):
            while (found := heard.get(timeout=1.0))[1].hex() != message:
                pass  # what an earlier master has said again
            return found
        assert time.monotonic() < end, f"{message} was not heard"


def test_what_a_master_says_is_heard_and_dated(jack: JackServer, plug: Callable[..., Master]) -> None:
    heard: SimpleQueue[Heard] = SimpleQueue()
    source = JackInput((), lambda *message: heard.put(message), FOLLOWING)
    try:
        master = plug("a master", "bachd clock:in")
        before = time.monotonic()
        master.say("f23208", "fa", "903c40", "f8")
        found = [heard.get(timeout=PATIENCE) for _ in range(3)]
        assert [data.hex() for _, data, _ in found] == ["f23208", "fa", "f8"]
        assert before - CYCLE < found[0][0] <= found[2][0] < time.monotonic() + CYCLE
        assert source.poll() == ()
    finally:
        source.close()


def test_a_master_is_connected_by_name_whenever_he_comes(jack: JackServer, plug: Callable[..., Master]) -> None:
    heard: SimpleQueue[Heard] = SimpleQueue()
    source = JackInput(("drum",), lambda *message: heard.put(message), FOLLOWING)
    try:
        assert source.description == "drum"
        plug("something else")
        for message in ("f8", "fa"):
            master = plug("Drum Machine")
            until(source, "Drum Machine:out")
            assert said_until_heard(master, message, heard)[2] == "JACK"
            master.unplug()
            until(source, "drum")
    finally:
        source.close()


def test_another_master_is_connected_while_a_clock_keeps_coming(jack: JackServer, plug: Callable[..., Master]) -> None:
    heard: SimpleQueue[Heard] = SimpleQueue()
    source = JackInput(("drum",), lambda *message: heard.put(message), FOLLOWING)
    try:
        first = plug("Drum One")
        until(source, "Drum One:out")
        second = plug("Drum Two")
        end = time.monotonic() + PATIENCE / 4
        while source.description != "Drum One:out, Drum Two:out":
            said_until_heard(first, "f8", heard)
            assert time.monotonic() < end
        said_until_heard(second, "fa", heard)
    finally:
        source.close()


def test_a_server_that_dies_is_waited_for(jack: JackServer, plug: Callable[..., Master]) -> None:
    heard: SimpleQueue[Heard] = SimpleQueue()
    source = JackInput((), lambda *message: heard.put(message), FOLLOWING)
    try:
        jack.stop()
        end = time.monotonic() + PATIENCE
        try:
            while source._process.poll() is None:
                assert time.monotonic() < end
            assert source.poll() == ()
        finally:
            jack.start()
        while not (news := source.poll()):
            assert time.monotonic() < end
        assert news == ("JACK is back: listening for a MIDI clock",)
        plug("a master", "bachd clock:in").say("f8")
        assert heard.get(timeout=PATIENCE)[1] == b"\xf8"
    finally:
        source.close()


@pytest.mark.usefixtures("jack")
def test_a_ctrl_c_in_the_terminal_is_not_for_its_process() -> None:
    source = JackInput((), lambda *_: None, FOLLOWING)
    try:
        assert os.getsid(source._process.pid) == source._process.pid
    finally:
        source.close()


@pytest.mark.usefixtures("no_midi")
def test_without_a_server_that_is_told() -> None:
    with pytest.raises(OutputError, match="JACK: no server runs"):
        JackInput((), lambda *_: None, FOLLOWING)


def test_what_a_person_plays_is_received_and_the_end_of_a_cable_reported(
    jack: JackServer, plug: Callable[..., Master]
) -> None:
    heard: SimpleQueue[Heard] = SimpleQueue()
    source = JackInput(("piano", "organ"), lambda *message: heard.put(message), PLAYING)
    try:
        for name in ("Piano", "Organ"):
            keyboard = plug(name)
            until(source, f"{name}:out")
            said_until_heard(keyboard, "b00100", heard)
            before = time.monotonic()
            keyboard.say("fe", "903c40", "f8", "b0407f", "c005", "e00040", "3e40")
            while (first := heard.get(timeout=PATIENCE))[1].hex() == "b00100":
                pass  # said again while it was not heard yet
            found = [first, *(heard.get(timeout=PATIENCE) for _ in range(3))]
            assert [data.hex() for _, data, _ in found] == ["903c40", "b0407f", "c005", "e00040"]
            assert before - CYCLE < found[0][0] <= found[-1][0] < time.monotonic() + CYCLE
            keyboard.unplug()
            assert heard.get(timeout=PATIENCE)[1] == b"\xe0\x3e\x40"  # running status
            assert heard.get(timeout=PATIENCE)[1:] == (b"", "JACK")
            until(source, "piano, organ")
        assert heard.empty()
    finally:
        source.close()
    assert heard.get(timeout=PATIENCE)[1:] == (b"", "JACK")
