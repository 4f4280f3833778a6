"""Play, pause, stop and panic, asked of a real daemon."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientWebSocketResponse

from tests.service.web.conftest import Running
from tests.service.web.server.test_app import look, until


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
            assert (step["piece"], step["bar"], step["opens"]) == (piece, 0, True)

    look(bachd_run, watch)
