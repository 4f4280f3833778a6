"""Play, pause, stop and panic, asked of a real daemon."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientWebSocketResponse

from bachd.service.pieces import titles
from tests.service.web.conftest import Running
from tests.service.web.feed_client import look, until


def test_the_music_halts_and_goes_on(bachd_run: Running) -> None:
    async def watch(feed: ClientWebSocketResponse) -> None:
        await until(feed, "step")
        for order in ("pause", "panic", "stop"):
            assert (await asyncio.to_thread(bachd_run.ask, f"/api/{order}", b"")).json == {"playing": False}
            await until(feed, "halted")
            while (await until(feed, "status"))[0]["status"]["playing"]:
                pass
            health = await asyncio.to_thread(bachd_run.ask, "/health")
            assert (health.status, health.json) == (200, {"playing": False})
            assert (await asyncio.to_thread(bachd_run.ask, "/api/play", b"")).json == {"playing": True}
            await until(feed, "going")
            await until(feed, "step")

    look(bachd_run, watch)


def test_after_a_stop_the_seed_piece_comes_and_after_a_pause_what_was_to_come(bachd_run: Running) -> None:
    async def watch(feed: ClientWebSocketResponse) -> None:
        async def after(*orders: str) -> dict[str, Any]:
            for order in orders:
                await asyncio.to_thread(bachd_run.ask, f"/api/{order}", b"")
            await until(feed, "going")
            step: dict[str, Any] = (await until(feed, "step"))[0]["step"]
            return step

        while (await until(feed, "step"))[0]["step"]["bar"] < 2:
            pass
        paused = await after("pause", "play")
        assert (paused["bar"] >= 2, paused["opens"]) == (True, False)
        for orders in (("stop", "play"), ("pause", "stop", "play")):
            while (await until(feed, "step"))[0]["step"]["bar"] < 2:
                pass
            stopped = await after(*orders)
            assert (stopped["bar"], stopped["opens"], stopped["origin"]) == (0, True, "seed")
            assert stopped["piece"] == paused["piece"] == "bwv269"

    look(bachd_run, watch)


def test_a_piece_that_is_chosen_while_the_music_is_stopped_comes_first(bachd_run: Running) -> None:
    async def watch(feed: ClientWebSocketResponse) -> None:
        for piece in ("bwv10.7", "bwv269"):
            await asyncio.to_thread(bachd_run.ask, "/api/stop", b"")
            await until(feed, "halted")
            await asyncio.to_thread(bachd_run.ask, "/api/settings", {"seed.piece": piece}, "PATCH")
            while (await until(feed, "plan"))[0]["steps"][0]["piece"] != piece:
                pass
            await asyncio.to_thread(bachd_run.ask, "/api/play", b"")
            step = (await until(feed, "step"))[0]["step"]
            upbeat = piece == "bwv269"
            assert (step["piece"], step["bar"], step["opens"]) == (piece, 0 if upbeat else 1, True)

    look(bachd_run, watch)


def test_another_piece_comes_and_the_present_one_again(bachd_run: Running) -> None:
    async def watch(feed: ClientWebSocketResponse) -> None:
        async def opened(order: str) -> str:
            assert (await asyncio.to_thread(bachd_run.ask, f"/api/{order}", b"")).json == {"playing": True}
            while not (step := (await until(feed, "step"))[0]["step"])["opens"]:
                pass
            return str(step["piece"])

        first = (await until(feed, "step"))[0]["step"]["piece"]
        assert await opened("again") == first
        other = await opened("next")
        assert other != first
        history = (await asyncio.to_thread(bachd_run.ask, "/api/history")).json
        assert [each["piece"] for each in history["pieces"]][-3:] == [first, first, other]
        assert [each["whole"] for each in history["pieces"]][-2:] == [True, False]

    look(bachd_run, watch)


def test_a_piece_is_kept_played_again_and_written_down(bachd_run: Running) -> None:
    def ask(path: str, body: Any = None, method: str | None = None) -> Any:
        return bachd_run.ask(path, body, method) if method else bachd_run.ask(path, body)

    async def watch(feed: ClientWebSocketResponse) -> None:
        first = (await until(feed, "step"))[0]["step"]["piece"]
        number = (await asyncio.to_thread(ask, "/api/history")).json["pieces"][-1]["number"]
        await asyncio.to_thread(ask, "/api/next", b"")
        while not (step := (await until(feed, "step"))[0]["step"])["opens"]:
            pass
        kept = (await asyncio.to_thread(ask, "/api/keep", {"number": number}, "POST")).json["kept"]
        assert (kept["number"], kept["piece"]) == (1, first)
        while (part := (await asyncio.to_thread(ask, "/api/keep", b"")).json)["kept"]["number"] == 1:
            await until(feed, "step")  # the next piece has been sent, and sounds soon
        assert part["whole"] is False
        assert (await asyncio.to_thread(ask, "/api/history")).json["favourites"] == [kept, part["kept"]]
        told = await asyncio.to_thread(ask, "/api/describe", {"favourite": kept["favourite"]}, "POST")
        assert (told.json["piece"], told.json["model"]) == (first, "chorales")
        assert told.json["bars"] >= 1
        asked = await asyncio.to_thread(ask, "/api/replay", {"favourite": kept["favourite"]}, "POST")
        assert asked.json == {"playing": True}
        while not (step := (await until(feed, "step"))[0]["step"])["opens"]:
            pass
        assert step["piece"] == first
        removed = await asyncio.to_thread(ask, "/api/forget", {"favourite": kept["favourite"]}, "POST")
        assert removed.json == {"removed": kept}
        left = (await asyncio.to_thread(ask, "/api/history")).json["favourites"]
        assert [(each["number"], each["piece"]) for each in left] == [(1, part["kept"]["piece"])]
        written = await asyncio.to_thread(ask, f"/api/score.musicxml?piece={number}")
        assert written.status == 200
        assert f"<work-title>After {titles.full(first)}</work-title>".encode() in written.body
        for path, body, status in (
            ("/api/replay", {"favourite": "bachd1.broken"}, 422),
            ("/api/describe", {"favourite": "bachd1.broken"}, 422),
            ("/api/describe", {"favourite": 1}, 422),
            ("/api/replay", {"number": 9999}, 422),
            ("/api/replay", [], 422),
            ("/api/keep", {"number": "1"}, 409),
            ("/api/forget", {"favourite": "bachd1.broken"}, 422),
            ("/api/forget", {"number": 1}, 422),
        ):
            refused = await asyncio.to_thread(ask, path, body, "POST")
            assert (refused.status, len(refused.json["faults"])) == (status, 1)
        present = await asyncio.to_thread(ask, "/api/score.musicxml?bar=0&bars=3")
        assert present.status == 200
        assert 1 <= present.body.count(b"<measure ") / present.body.count(b"<part ") <= 3
        for query, status in (("bar=999999", 404), ("bar=-1", 400), ("bars=x", 400)):
            assert (await asyncio.to_thread(ask, f"/api/score.musicxml?{query}")).status == status
        for piece, status in (("9999", 422), ("x", 400), ("", 400)):
            assert (await asyncio.to_thread(ask, f"/api/score.musicxml?piece={piece}")).status == status

    look(bachd_run, watch)
