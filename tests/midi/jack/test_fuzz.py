"""Anything at all, sent to the port at which a clock comes in: it costs neither the listener nor the clock."""

from __future__ import annotations

import random
import time
from queue import Empty, SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.midi.input.purpose import FOLLOWING
from bachd.midi.jack.input import JackInput
from bachd.midi.jack.input_process import messages
from bachd.sync.midi_master import MidiMaster
from tests.conftest import PATIENCE, JackServer
from tests.midi.jack.test_input import Heard
from tests.midi.jack.test_input import Master as Sender

CASES = 300
"""Messages that a sender makes up."""
LENGTHS = {0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xF2: 3}
ODD = [
    "f2",
    "f232",
    "f2ff08",
    "f0f7",
    "f0" + "00" * 1000 + "f7",
    "f8fa",
    "f0f8f7",
    "903c",
    "3c40",
    "ff",
    "fd",
    "f4",
    "f23208ff",
]


@given(st.binary(max_size=64) | st.lists(st.sampled_from(sorted(LENGTHS)), max_size=8).map(bytes))
def test_whatever_comes_only_whole_messages_of_a_clock_are_passed_on(data: bytes) -> None:
    master = MidiMaster()
    for message in messages(data):
        assert len(message) == LENGTHS[message[0]]
        assert max(message[1:], default=0) < 0x80
        master.receive(0.0, message, "somebody")
    real_time = [byte for byte in data if byte in (0xF8, 0xFA, 0xFB, 0xFC)]
    passed = [message[0] for message in messages(data) if len(message) == 1]
    assert passed == real_time  # wherever they stand: MIDI allows it


def made_up(rng: random.Random) -> str:
    """A message that may be none."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(ODD)
    if kind == 1:
        return rng.randbytes(rng.randint(1, 8)).hex()
    if kind == 2:
        return (b"\xf0" + bytes(rng.randrange(256) for _ in range(rng.randint(1, 2000)))).hex()
    return bytes((rng.choice(list(LENGTHS)), *rng.randbytes(rng.randint(0, 3)))).hex()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_clock_is_still_heard_after_anything_else(jack: JackServer, seed: int) -> None:
    rng = random.Random(seed)
    heard: SimpleQueue[Heard] = SimpleQueue()
    source = JackInput((), lambda *message: heard.put(message), FOLLOWING)
    sender = Sender("a fuzzer", "bachd clock:in")
    try:
        for _ in range(CASES):
            sender.say(made_up(rng))
        sender.say("f27f7f", "fb")
        end = time.monotonic() + PATIENCE
        last = [b""]
        while last[-2:] != [b"\xf2\x7f\x7f", b"\xfb"]:
            assert time.monotonic() < end
            assert source.poll() == ()
            try:
                last.append(heard.get(timeout=1.0)[1])
            except Empty:
                continue
            assert len(last[-1]) == LENGTHS[last[-1][0]]
    finally:
        sender.unplug()
        source.close()


def test_a_flood_does_not_wear_the_listener_out(jack: JackServer) -> None:
    heard: SimpleQueue[Heard] = SimpleQueue()
    source = JackInput((), lambda *message: heard.put(message), FOLLOWING)
    sender = Sender("a flood", "bachd clock:in")
    try:
        sender.say(*["f8"] * 20_000, "fc")
        end = time.monotonic() + PATIENCE
        while heard.get(timeout=PATIENCE)[1] != b"\xfc":
            assert time.monotonic() < end
        assert source.poll() == ()
    finally:
        sender.unplug()
        source.close()
