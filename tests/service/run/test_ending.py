"""Switching the machine off: where it is permitted, and that a run ends in order for it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import mido
import pytest

import bachd
from bachd.config import Config
from bachd.config_web import Web
from bachd.errors import EXIT_OK, EXIT_SHUTDOWN, UsageError
from bachd.service.run.ending import Ending
from tests import lines
from tests.fakes import run

PERMITTED = Config(web=Web(shutdown=True))


def test_it_is_refused_unless_the_settings_permit_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACHD_SHUTDOWN", str(EXIT_SHUTDOWN))
    ending = Ending()
    with pytest.raises(UsageError, match="true in config"):
        ending.switch_off(Config())
    assert (ending.is_set(), ending.code) == (False, EXIT_OK)


def test_it_is_refused_where_nobody_would_switch_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACHD_SHUTDOWN", raising=False)
    with pytest.raises(UsageError, match="only the installed service"):
        Ending().switch_off(PERMITTED)


def test_the_run_is_ended_once_there_was_time_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACHD_SHUTDOWN", str(EXIT_SHUTDOWN))

    async def main() -> None:
        ending = Ending()
        ending.switch_off(PERMITTED)
        assert not ending.is_set()
        await ending.wait()
        assert ending.code == EXIT_SHUTDOWN

    run(main())


def order(address: str) -> tuple[int, str]:
    """Ask for it as the page does; returns the status and the body."""
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{address}/api/shutdown", method="POST")) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


@pytest.mark.parametrize("permitted", [True, False])
def test_all_notes_have_ended_when_the_process_leaves(tmp_path: Path, permitted: bool) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    text = "tempo: 240\nseed: {piece: bwv269, rng: 5}\nmidi: {output: 'file:out.mid'}\n"
    text += f"web: {{listen: '{listen}', shutdown: {json.dumps(permitted)}}}\n"
    (tmp_path / "config.yaml").write_text(text)
    given = {"PYTHONPATH": str(Path(bachd.__file__).parents[1]), "RUNTIME_DIRECTORY": str(tmp_path)}
    given |= {"STATE_DIRECTORY": str(tmp_path / "state"), "BACHD_SHUTDOWN": str(EXIT_SHUTDOWN)}
    with subprocess.Popen(
        [sys.executable, "-m", "bachd", "run"],
        cwd=tmp_path,
        text=True,
        stderr=subprocess.PIPE,
        env={**os.environ, **given},
    ) as process:
        try:
            lines.until(process.stderr, "the page is at")
            status, said = order(f"http://{listen}")
            if not permitted:
                assert (status, "web.shutdown: true" in said) == (409, True)
                process.send_signal(signal.SIGTERM)
            else:
                assert (status, json.loads(said)) == (200, {"playing": False})
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == (EXIT_SHUTDOWN if permitted else EXIT_OK)
    sounding: set[int] = set()
    for message in mido.MidiFile(tmp_path / "out.mid"):
        if message.type in ("note_on", "note_off"):
            (sounding.add if message.type == "note_on" else sounding.remove)(message.note)
    assert not sounding
