"""What is at each address, asked of a real daemon."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import signal
import socket
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import mido
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

import bachd
from tests.service.web.conftest import PATIENCE, Running
from tests.service.web.feed_client import look, until

SEED = (Path(bachd.__file__).parents[1] / "models/chorales/seeds/bwv10.7.mid").read_bytes()


def test_it_is_well_and_says_what_it_does(bachd_run: Running) -> None:
    look(bachd_run, lambda feed: until(feed, "status"))
    assert bachd_run.ask("/health").json == {"playing": True}
    status = bachd_run.ask("/api/status").json
    assert status["piece"]
    assert status["clock"]["now"] > 0
    assert "page" not in status


def test_figures_are_there_for_prometheus(bachd_run: Running) -> None:
    look(bachd_run, lambda feed: until(feed, "status"))
    answer = bachd_run.ask("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    figures = dict(line.rsplit(" ", 1) for line in answer.body.decode().splitlines() if not line.startswith("#"))
    assert float(figures["bachd_events_total"]) > 0
    assert float(figures["bachd_playing"]) == 1
    assert 'bachd_lateness_seconds{quantile="0.99"}' in figures
    assert (
        0
        < float(figures["bachd_composing_seconds_count"])
        == float(figures['bachd_composing_seconds_bucket{le="+Inf"}'])
    )
    assert float(figures["bachd_composing_seconds_sum"]) > 0


def test_files_are_compressed_and_not_sent_twice(bachd_run: Running) -> None:
    answer = bachd_run.ask("/", Accept_Encoding="gzip")
    assert answer.status == 200
    assert b"<html" in gzip.decompress(answer.body)
    assert bachd_run.ask("/").body == gzip.decompress(answer.body)
    assert bachd_run.ask("/", If_None_Match=answer.headers["ETag"]).status == 304


@pytest.mark.parametrize(
    "path", ["/none", "/../config.yaml", "/..%2fconfig.yaml", "/%2e%2e/x", "//etc/passwd", "/a\\b"]
)
def test_no_path_leads_anywhere_else(bachd_run: Running, path: str) -> None:
    assert bachd_run.ask(path).status == 404


def test_every_answer_has_the_headers_of_a_careful_server(bachd_run: Running) -> None:
    for path in ("/", "/health", "/none", "/api/status"):
        headers = bachd_run.ask(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"] == "bachd"


def test_the_feed_tells_each_step_before_it_sounds(bachd_run: Running) -> None:
    async def watch(feed: ClientWebSocketResponse) -> None:
        (hello,) = await until(feed, "hello")
        steps = [told["step"] for told in await until(feed, "step", 6)]
        assert [step["n"] for step in steps] == list(range(steps[0]["n"], steps[0]["n"] + 6))
        for before, after in pairwise(steps):
            assert after["tick"] == before["tick"] + before["ticks"]
            assert after["due"] > before["due"]
        assert hello["now"] < steps[0]["due"]
        assert len(steps[0]["starts"][0]) == 3
        assert {"n", "tick", "due", "ticks", "starts", "held", "text", "bar", "phase", "metre"} <= set(steps[0])

    look(bachd_run, watch)
    (hello,) = look(bachd_run, lambda feed: until(feed, "hello"))
    assert hello["past"]
    assert hello["settings"]["values"]["seed"]["rng"] == 5


def test_what_is_planned_is_played(bachd_run: Running) -> None:
    async def watch(feed: ClientWebSocketResponse) -> None:
        (plan,) = await until(feed, "plan")
        planned = {step["n"]: step["text"] for step in plan["steps"]}
        assert planned
        steps = [told["step"] for told in await until(feed, "step", max(planned) - min(planned) + 1)]
        assert {step["n"]: step["text"] for step in steps if step["n"] in planned} == planned

    look(bachd_run, watch)


def test_a_ping_is_answered_with_the_daemons_clock(bachd_run: Running) -> None:
    async def ping(feed: ClientWebSocketResponse) -> None:
        await feed.send_str('{"type": "ping", "t": 12.5}')
        (pong,) = await until(feed, "pong")
        assert pong["t"] == 12.5
        assert pong["now"] > 0

    look(bachd_run, ping)


@pytest.mark.parametrize("nonsense", ["", "{", "[]", '{"type": "pong"}', '{"type": "ping", "t": []}', "[" * 900])
def test_who_talks_nonsense_is_let_go(bachd_run: Running, nonsense: str) -> None:
    async def talk(feed: ClientWebSocketResponse) -> None:
        await feed.send_str(nonsense)
        async for message in feed:
            assert message.type == WSMsgType.TEXT
        assert feed.close_code == 1008

    look(bachd_run, talk)


def test_what_was_played_can_be_kept(bachd_run: Running) -> None:
    look(bachd_run, lambda feed: until(feed, "step", 8))
    for query in ("", "?bars=all", "?bars=2"):
        answer = bachd_run.ask(f"/api/music.mid{query}")
        name = answer.headers["Content-Disposition"].removeprefix('attachment; filename="bachd-')
        assert name.endswith('.mid"')
        kept = mido.MidiFile(file=io.BytesIO(answer.body))
        sounding: set[int] = set()
        for message in kept:
            if message.type in ("note_on", "note_off"):
                (sounding.add if message.type == "note_on" else sounding.remove)(message.note)
        assert kept.length > 0.5
        assert not sounding
    assert bachd_run.ask("/api/music.mid?bars=-1").status == 400


@pytest.mark.parametrize(("method", "path"), [("PUT", "/api/settings"), ("POST", "/"), ("GET", "/api/play")])
def test_other_methods_are_refused(bachd_run: Running, method: str, path: str) -> None:
    assert bachd_run.ask(path, None, method).status == 405


def test_the_number_of_clients_is_bounded(run: Callable[..., Running]) -> None:
    running = run()

    async def crowd() -> None:
        async with asyncio.timeout(PATIENCE), ClientSession() as session:
            address = f"http://{running.host}:{running.port}/api/feed"
            feeds = [await session.ws_connect(address) for _ in range(32)]
            with pytest.raises(WSServerHandshakeError) as refused:
                await session.ws_connect(address)
            assert refused.value.status == 503
            for feed in feeds:
                await feed.close()
            async with session.ws_connect(address) as feed:
                await until(feed, "step")

    asyncio.run(crowd())


def test_a_page_that_dies_is_started_again_and_the_music_goes_on(run: Callable[..., Running]) -> None:
    running = run()
    look(running, lambda feed: until(feed, "step"))
    (page,) = running.pages()
    os.kill(page, signal.SIGKILL)
    look(running, lambda feed: until(feed, "step"))  # the listening socket is the daemon's, so this waits for it
    assert running.pages() != [page]
    assert "stopped after" in running.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((running.host, running.port), PATIENCE).close()


def test_a_port_that_is_taken_is_no_reason_for_silence(tmp_path: Path) -> None:
    running = Running(tmp_path)
    with socket.socket() as taken:
        taken.bind((running.host, running.port))
        taken.listen()
        running.start(told="the music plays without the page: web.listen: ")
    assert "stopped after" in running.stop()
