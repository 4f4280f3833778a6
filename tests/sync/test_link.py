"""A Link session: its time by a small one that can be set, and two real peers on this machine."""

from __future__ import annotations

import threading
import time

import pytest

from bachd.config import Config
from bachd.errors import OutputError
from bachd.music.metre import Grid, Metre
from bachd.service.tempo_source import open_tempo_source
from bachd.sync.conductor import FollowingConductor
from bachd.sync.link import LinkSource, LinkTempo
from tests.conftest import PATIENCE


class Session:
    """Stands for aalink.Link."""

    def __init__(self) -> None:
        self.tempo, self.beat, self.quantum, self.num_peers = 120.0, 6.0, 1.0, 1


def test_the_next_bar_line_of_the_session_is_found() -> None:
    session, now = Session(), 100.0
    following = FollowingConductor(LinkTempo(session, lambda: now))
    assert following.begin(0, Grid().place(0), now)
    assert session.quantum == 4.0
    assert following.due(0) == pytest.approx(now + 1.0), "beat 8"
    assert following.begin(96, Grid(((0, Metre(3, 4)),)).place(0), now)
    assert session.quantum == 3.0
    assert following.due(96) == pytest.approx(now), "beat 6"
    assert following.due(96 + 24) == pytest.approx(now + 0.5)


def test_another_tempo_stirs_and_a_jump_begins_anew() -> None:
    session, now = Session(), 100.0
    leader = LinkTempo(session, lambda: now)
    following = FollowingConductor(leader)
    following.begin(0, Grid().place(0), now)
    following.due(24)
    following.notify()
    following.changed.clear()
    session.tempo = 60.0
    leader.poll()
    following.notify()
    assert following.changed.is_set()
    assert following.running
    session.beat = 17.0
    leader.poll()
    assert not following.running


def test_without_aalink_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "aalink", None)
    with pytest.raises(OutputError, match=r"aalink is not installed; .*-m pip install .*\[link\]"):
        open_tempo_source(Config(tempo="link"), lambda *_: None)


def test_two_peers_agree_on_tempo_and_bar_line() -> None:
    pytest.importorskip("aalink", reason="aalink is not installed")
    met = threading.Event()
    peers: list[LinkSource] = []

    def look() -> None:
        if len(peers) == 2 and all(peer.link.num_peers for peer in peers):
            met.set()

    try:
        for bpm in (100.0, 140.0):
            peers.append(LinkSource(bpm, look))
            peers[-1].start()
        assert met.wait(PATIENCE)
        leaders = [LinkTempo(peer.link) for peer in peers]
        for leader in leaders:
            leader.set_bar_length(96)
        end = time.monotonic() + PATIENCE
        while abs(leaders[0].bpm - leaders[1].bpm) > 0.01 and time.monotonic() < end:
            pass
        lines = [leader.moment(96 * (leader.position(time.monotonic()) // 96 + 1)) for leader in leaders]
        assert abs(lines[0] - lines[1]) < 0.05 or abs(abs(lines[0] - lines[1]) - 4 * 60 / leaders[0].bpm) < 0.05
        assert leaders[0].condition(0.0) == ""
    finally:
        for peer in peers:
            peer.close()
