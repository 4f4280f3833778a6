"""Attacks on the page, each of which has turned it off, filled the memory or kept everybody out at some time.

Law: on loopback alone, against daemons of this test's own, and bounded in number.
"""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bachd.music.smf import MOST_BYTES
from bachd.service.web.server.music_files.files import LARGEST, MOST_NOTES
from bench.attacks import chunked, fill, head, worst
from tests.service.web.conftest import PATIENCE, Answer, Running, few_files

MOST_MEMORY = 120e6
"""Bytes that the page's process may have at its worst."""


@pytest.fixture(scope="module")
def page(run: Callable[..., Running]) -> Running:
    """A page that anybody on this machine may steer."""
    return run()


@pytest.fixture(autouse=True)
def lives_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """The page's process is the same afterwards, was never larger than it may be, and logged nothing."""
    running: Running = request.getfixturevalue("page")
    (process,) = running.pages()
    Path(f"/proc/{process}/clear_refs").write_text("5")  # the largest size so far counts from here
    yield
    assert running.pages() == [process]
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    assert int(status["VmHWM"].split()[0]) * 1024 < MOST_MEMORY
    faults = [fault["what"] for fault in ask(running, "/api/status").json["faults"]]
    # Where files have run out, a step that is played just then cannot be written down, which is said.
    assert [what for what in faults if "Too many open files" not in what] == []


def ask(running: Running, path: str) -> Answer:
    """Ask again where there was too much at once."""
    while (answer := running.ask(path)).status in (429, 503):
        pass
    return answer


def connect(running: Running) -> socket.socket:
    return socket.create_connection((running.host, running.port), PATIENCE)


def status(client: socket.socket) -> int:
    """Of the answer that comes."""
    return int(client.recv(64)[9:12])


@pytest.mark.parametrize("body", [b" " * 280_000, b'{"tempo": "' + b"\xff" * 280_000 + b'"}', b"[" * 280_000])
def test_changes_in_chunks_are_refused_before_they_are_read(page: Running, body: bytes) -> None:
    for _ in range(6):
        with closing(connect(page)) as client:
            client.sendall(head("PATCH", "/api/settings", "Transfer-Encoding: chunked") + chunked(body))
            assert status(client) == 413
    small = json.dumps({"tempo": "\N{GRINNING FACE}" * 3000}, ensure_ascii=False).encode()
    with closing(connect(page)) as client:  # what is allowed, but grows on its way to the daemon
        client.sendall(head("PATCH", "/api/settings", f"Content-Length: {len(small)}") + small)
        assert status(client) == 422


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "x", "gzip, gzip"])
@pytest.mark.parametrize("path", ["/api/settings", "/api/seeds"])
def test_a_body_that_says_it_is_compressed_is_not_read(page: Running, coding: str, path: str) -> None:
    method = "PATCH" if path.endswith("settings") else "POST"
    assert page.ask(path, b"\x1f\x8b" + bytes(99), method, Content_Encoding=coding).status == 415


def test_a_full_recording_goes_to_many_who_do_not_read_it(page: Running) -> None:
    fill(page.folder / "state", 120)
    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(closing(connect(page))).sendall(head("GET", "/api/music.mid"))
        answer = ask(page, "/api/music.mid")
        assert len(answer.body) > 1_500_000
        assert answer.body.endswith(b"\x00\xff\x2f\x00")
        assert page.ask("/health").status == 200


@pytest.mark.parametrize("held", [False, True])
def test_the_worst_pieces_are_asked_for_by_many(page: Running, held: bool) -> None:
    assert page.ask("/api/seeds", worst(MOST_NOTES + 200, held)[:LARGEST]).status in (413, 422)
    answer = page.ask("/api/seeds?name=worst.mid", worst(MOST_NOTES, held))
    assert answer.status == 200
    name = Path(answer.json["piece"]).name
    with ThreadPoolExecutor(6) as askers:
        answers = list(askers.map(lambda _: page.ask(f"/api/pieces/{name}"), range(6)))
    assert {answer.status for answer in answers} == {200}
    assert 0 < len(answers[0].json["events"]) <= 2000
    assert MOST_BYTES >= LARGEST


def test_scores_are_asked_for_by_many(page: Running) -> None:
    with ThreadPoolExecutor(12) as askers:
        answers = list(askers.map(lambda _: ask(page, "/api/score.musicxml"), range(36)))
    assert {answer.status for answer in answers} == {200}


def test_a_wav_that_nobody_reads_takes_no_memory(page: Running) -> None:
    fill(page.folder / "state", 20)
    with closing(connect(page)) as client:
        client.sendall(head("GET", "/api/music.wav?bars=512"))
        start = client.recv(4096)
        if b" 501 " in start:
            pytest.skip("no fluidsynth here")
        (length,) = [
            int(line.split()[1]) for line in start.split(b"\r\n") if line.lower().startswith(b"content-length")
        ]
        assert length > 1_000_000_000
        assert page.ask("/api/music.wav").status == 503
        assert page.ask("/health").status == 200
    while page.ask("/api/music.wav?bars=1").status == 503:
        pass  # until it has been seen that the first has gone


def test_who_goes_away_in_the_middle_of_a_request_is_no_fault(page: Running) -> None:
    form = ("Content-Type: multipart/form-data; boundary=x", "Content-Length: 9000")
    begun = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.mid"\r\n\r\nMThd'
    for sent in (
        head("POST", "/api/seeds", "Content-Length: 9000") + b"MThd",
        head("POST", "/api/seeds", *form) + begun,
        head("POST", "/api/seeds", *form) + b"--",
        head("POST", "/api/seeds", "Transfer-Encoding: chunked") + b"ffff\r\nMThd",
        head("POST", "/api/seeds", "Transfer-Encoding: chunked") + b"zz\r\n",
        head("PATCH", "/api/settings", "Content-Length: 900") + b"{",
        head("POST", "/login", "Content-Length: 900") + b"token=",
        head("GET", "/api/music.mid"),
        head("GET", "/api/feed", "Upgrade: websocket"),
    ):
        for reset in (False, True):
            client = connect(page)
            client.sendall(sent)
            if reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            client.close()
    assert page.ask("/health").status == 200


def test_names_of_folders_are_refused_and_others_kept_as_they_are(page: Running) -> None:
    good = worst(300, held=False)
    for name in ("..", ".", "%20..%20", "a/..", "..%5c.."):
        assert page.ask(f"/api/seeds?name={name}", good).status == 400
    for name, stem in (
        ("%E9%9F%B3%E6%A5%BD.mid", "\u97f3\u697d"),
        ("Fu%CC%88r.mid", "F\u00fcr"),
        ("a%1b%5b31mb%0a.mid", "a-31mb"),
        ("x%E2%80%AEdim.mid", "x-dim"),
        ("...mid", "seed"),
    ):
        path = Path(page.ask(f"/api/seeds?name={name}", good).json["piece"])
        assert path.parent == page.folder / "state/seeds"
        assert path.name.startswith(f"{stem}-")


def test_when_files_run_out_the_page_is_back_once_there_are_some(page: Running) -> None:
    (process,) = page.pages()
    with few_files(process, 4), ExitStack() as stack:
        clients = [stack.enter_context(closing(connect(page))) for _ in range(12)]
        for client in clients:
            client.sendall(head("GET", "/health"))
        assert select.select(clients, [], [], PATIENCE)[0]
    assert page.ask("/health").status == 200
