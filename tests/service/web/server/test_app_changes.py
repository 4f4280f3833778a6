"""Settings changed and pieces uploaded through a page, asked of a real daemon."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientWebSocketResponse

import bachd
from tests.service.web.conftest import CONFIG, Running
from tests.service.web.feed_client import look, until

SEED = (Path(bachd.__file__).parents[1] / "models/chorales/seeds/bwv10.7.mid").read_bytes()


def test_a_change_is_heard_and_saved_with_its_comments_and_taken_back(bachd_run: Running) -> None:
    async def watch(feed: ClientWebSocketResponse) -> float:
        await until(feed, "hello")
        answer = await asyncio.to_thread(bachd_run.ask, "/api/settings", {"tempo": 270}, "PATCH")
        assert answer.status == 200
        assert answer.json["values"]["tempo"] == 270
        assert answer.json["unsaved"]
        while (step := (await until(feed, "step"))[0]["step"])["bpm"] > 271 or step["bpm"] < 250:
            pass
        return float(step["bpm"])

    assert look(bachd_run, watch) > 250
    assert bachd_run.ask("/api/settings/save", b"").json["unsaved"] is False
    address = f"{bachd_run.host}:{bachd_run.port}"
    assert bachd_run.config.read_text() == CONFIG.replace("ADDRESS", address).replace("240", "270")
    assert bachd_run.ask("/api/settings/undo", b"").json["values"]["tempo"] == 240
    assert bachd_run.ask("/api/settings/save", b"").status == 200
    assert bachd_run.ask("/api/settings/undo", b"").json["faults"] == ["there is nothing to undo"]
    assert bachd_run.ask("/api/settings/redo", b"").json["values"]["tempo"] == 270


def test_a_preset_is_saved_listed_and_removed(bachd_run: Running) -> None:
    bachd_run.ask("/api/settings", {"sampling.top_p": 0.5, "voices.bass.mute": True}, "PATCH")
    saved = bachd_run.ask("/api/presets/Mein%20%C3%9Cben", b"", "PUT").json["presets"][-1]
    assert (saved["name"], saved["own"]) == ("Mein Üben", True)
    assert (saved["values"]["sampling.top_p"], saved["values"]["voices.bass.mute"]) == (0.5, True)
    assert bachd_run.ask("/api/presets/calm", b"", "DELETE").status == 422
    assert bachd_run.ask("/api/presets/Mein%20%C3%9Cben", b"", "DELETE").json["presets"][-1]["own"] is False
    assert bachd_run.ask("/api/presets/Mein%20%C3%9Cben", b"", "DELETE").status == 422


def test_what_is_refused_is_refused_in_the_words_of_config_yaml(bachd_run: Running) -> None:
    answer = bachd_run.ask("/api/settings", {"tempo": 1200}, "PATCH")
    assert (answer.status, answer.json) == (422, {"faults": ["tempo: 1200 is not between 20 and 300"]})
    answer = bachd_run.ask("/api/settings", {"midi.output": "no such synth"}, "PATCH")
    assert answer.status == 422
    assert "no such synth" in answer.json["faults"][0]
    assert bachd_run.ask("/api/settings").json["values"]["midi"]["output"] == ["none"]


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 9000, b'"\xff"', b"1e99999", b"9" * 5000])
def test_what_is_no_change_is_refused(bachd_run: Running, body: bytes) -> None:
    assert bachd_run.ask("/api/settings", body, "PATCH").status in (400, 422)


def test_a_change_that_is_too_large_is_not_read(bachd_run: Running) -> None:
    assert bachd_run.ask("/api/settings", b" " * 20_000, "PATCH").status == 413
    assert bachd_run.ask("/api/seeds", b"MThd" + bytes(300_000)).status == 413


def test_a_piece_is_shown(bachd_run: Running) -> None:
    piece = bachd_run.ask("/api/pieces/bwv269").json
    assert piece["name"] == "bwv269"
    assert {"ticks", "starts", "held", "text", "bar", "phase", "metre"} == set(piece["events"][0])
    assert bachd_run.ask("/api/pieces/bwv0").status == 404
    assert bachd_run.ask("/api/pieces/..%2f..%2fx").status == 404


def test_a_piece_of_ones_own_is_taken_and_played(bachd_run: Running) -> None:
    answer = bachd_run.ask("/api/seeds?name=..%2fmine%20%26.mid", SEED, Content_Type="audio/midi")
    path = Path(answer.json["piece"])
    assert path.parent == bachd_run.folder / "state/seeds"
    assert path.name.startswith("mine-")
    form = b'--x\r\nContent-Disposition: form-data; name="f"; filename="mine.mid"\r\n\r\n' + SEED + b"\r\n--x--\r\n"
    again = bachd_run.ask("/api/seeds", form, Content_Type="multipart/form-data; boundary=x")
    assert again.json == answer.json
    assert str(path) in bachd_run.ask("/api/settings").json["choices"]["pieces"]
    assert bachd_run.ask("/api/settings", {"seed.piece": str(path)}, "PATCH").status == 200

    async def watch(feed: ClientWebSocketResponse) -> None:
        while (await until(feed, "step"))[0]["step"]["piece"] not in (path.stem, path.name):
            pass

    look(bachd_run, watch)


@pytest.mark.parametrize("data", [b"", b"MThd", SEED[:22], b"RIFF" + bytes(99)])
def test_what_is_no_midi_file_is_refused_with_the_reason(bachd_run: Running, data: bytes) -> None:
    answer = bachd_run.ask("/api/seeds?name=broken.mid", data)
    assert answer.status in (400, 422)
    assert len(answer.json["faults"]) == 1


def test_a_form_that_is_broken_is_refused(bachd_run: Running) -> None:
    kind = "multipart/form-data; boundary=x"
    for name in ("c\x0e\xfc", 'f"; filename="a\x00', "", "\r\n"):
        form = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{{}}\r\n--x--\r\n'.encode("latin-1")
        assert bachd_run.ask("/api/seeds", form, Content_Type=kind).status == 400
        assert bachd_run.ask("/login", form, Content_Type=kind).status in (303, 400)
    assert bachd_run.ask("/api/seeds", b"--y--", Content_Type="multipart/form-data").status == 400
