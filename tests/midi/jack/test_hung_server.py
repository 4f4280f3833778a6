"""A JACK server that does not answer: stopped, and not dead."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from bachd.errors import OutputError
from bachd.midi.input.purpose import FOLLOWING
from bachd.midi.jack import output as jack_output
from bachd.midi.jack.input import JackInput
from bachd.midi.jack.output import JackOutput, destinations
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from tests.conftest import PATIENCE, JackServer
from tests.midi.jack import jackport
from tests.midi.jack.jackport import RESET, PlugSynth, control, news, note, send

playing = partial(jackport.playing, JackOutput)


@contextmanager
def hung(server: JackServer) -> Iterator[None]:
    """Let the server stop for a while, in which nobody is patient."""
    server.signal(signal.SIGSTOP)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for module in ("player_child", "jack.output", "jack.input"):
                patch.setattr(f"bachd.midi.{module}.PATIENCE", 0.5)
            yield
    finally:
        server.signal(signal.SIGCONT)


@pytest.mark.parametrize(
    "opening",
    [
        destinations,
        lambda: JackOutput(None, MonotonicClock(), Lateness()),
        lambda: JackInput((), lambda *_: None, FOLLOWING),
        lambda: JackInput(("drum",), lambda *_: None, FOLLOWING),
    ],
    ids=["list", "output", "input", "named input"],
)
def test_a_server_that_hangs_is_an_error(jack: JackServer, opening: Callable[[], object]) -> None:
    with hung(jack), pytest.raises(OutputError, match="JACK: the server does not answer"):
        opening()


def test_an_output_goes_on_and_is_closed_while_the_server_hangs(jack: JackServer, plug_synth: PlugSynth) -> None:
    plug_synth("synth")
    output = JackOutput("synth:in", MonotonicClock(), Lateness())
    with hung(jack):
        for _ in range(100):
            send(output, note(60))
            assert output.poll() == []
        output.close()


def test_an_input_goes_on_and_is_closed_while_the_server_hangs(jack: JackServer) -> None:
    source = JackInput(("drum",), lambda *_: None, FOLLOWING)
    with hung(jack):
        assert source.poll() == ()
        source.close()


def test_a_note_that_is_long_past_does_not_begin(plug_synth: PlugSynth) -> None:
    synth = plug_synth("synth")
    with playing("synth:in") as output:
        synth.hear(len(RESET))
        send(output, note(60), wait=-10.0)
        assert synth.hear_after(send(output, control(1))) == []


def test_a_server_that_stood_still_and_makes_up_for_it_plays_no_note_early(
    jack: JackServer, plug_synth: PlugSynth
) -> None:
    synth = plug_synth("synth")
    with playing("synth:in") as output:
        synth.hear(len(RESET))
        jack.signal(signal.SIGSTOP)
        time.sleep(3.0)  # what it has to make up for
        jack.signal(signal.SIGCONT)
        for number in range(20):  # its clock is behind at first, and later half a second ahead
            due = time.monotonic() + 0.2
            sent = send(output, control(number), wait=0.2)
            assert synth.hear(1) == sent
            assert time.monotonic() > due - 0.1


def test_a_child_that_never_gets_ready_is_started_again(jack: JackServer, plug_synth: PlugSynth) -> None:
    plug_synth("synth")
    with playing("synth:in") as output:
        assert output._child is not None
        with hung(jack):
            output._child._process.kill()
            assert news(output) == ["JACK is gone: the music goes on without it, until it is back"]
            assert output.poll() == []  # it starts another one
            first = output._child
            end = time.monotonic() + PATIENCE
            while output._child is first or output._child is None:
                assert output.poll() == []
                assert time.monotonic() < end
        assert news(output) == ["JACK is back: synth:in"]


def test_the_daemon_has_no_library_of_jack() -> None:
    """It is called in child processes only, where it may hang or crash."""
    assert not hasattr(jack_output, "Client")
