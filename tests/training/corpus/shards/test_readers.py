"""A real scheduler and real workers, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

pytest.importorskip("tqdm", reason="needs the extra 'train'")
pytest.importorskip("distributed", reason="needs the extra 'cluster'")
from bachd.training.corpus import folder, sources
from bachd.training.corpus.model import Corpus, CorpusError
from bachd.training.corpus.read_file import Row, read
from bachd.training.corpus.shards import read_job, readers, store
from tests.training.corpus.works import put
from tests.training.full_disk import no_file_beyond

PATIENCE = 120.0
"""Seconds that a cluster may take to come up on a busy machine."""
FILES = 128

pytestmark = pytest.mark.filterwarnings("ignore")  # distributed's own


@dataclass
class Cluster:
    """A scheduler, and two workers."""

    address: str
    processes: list[subprocess.Popen[bytes]]
    """The scheduler, and the workers."""

    def wait(self) -> None:
        """Return when the workers are there."""
        import distributed

        with distributed.Client(self.address, timeout=PATIENCE, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=PATIENCE)


@pytest.fixture
def modules() -> Path | None:
    """A folder in which the workers look for modules first."""
    return None


@pytest.fixture
def cluster(tmp_path: Path, modules: Path | None) -> Iterator[Cluster]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = ["worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    environment = {**os.environ, "DASK_TEMPORARY_DIRECTORY": str(tmp_path)}
    first = {"PYTHONPATH": str(modules)} if modules else {}
    with (tmp_path / "log").open("wb") as log:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "dask", *words], env=environment | more, cwd=tmp_path, stdout=log, stderr=log
            )
            for words, more in ((scheduler, {}), (worker, first), (worker, first))
        ]
    try:
        yield Cluster(address, processes)
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait(PATIENCE)


def load(monkeypatch: pytest.MonkeyPatch, folder: Path, cache: Path, address: str | None = None) -> Corpus:
    """The folder, read into a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return sources.load(folder, address)


def test_what_a_cluster_reads_is_what_one_process_reads_even_if_a_worker_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    import distributed

    for number in range(FILES):
        put(tmp_path / "music", f"piece-{number:03}", number)
    (tmp_path / "music/broken.mid").write_text("no music")
    alone = load(monkeypatch, tmp_path / "music", tmp_path / "alone")
    monkeypatch.setattr(folder, "AT_ONCE", 32)
    monkeypatch.setattr(readers, "_JOB", 8)
    cluster.wait()
    with distributed.Client(cluster.address, timeout=PATIENCE, set_as_default=False) as client:
        killed: list[bool] = []

        def kill_one_in_the_middle() -> None:
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                if len([*(tmp_path / "shared").rglob("*.arrow")]) >= 2:
                    cluster.processes[-1].send_signal(signal.SIGKILL)
                    killed.append(len([*(tmp_path / "shared").rglob("*.arrow")]) < FILES // 32)
                    return
                time.sleep(0.005)

        killer = Thread(target=kill_one_in_the_middle)
        killer.start()
        together = load(monkeypatch, tmp_path / "music", tmp_path / "shared", cluster.address)
        killer.join()
        assert killed == [True], "a worker died before all was read"
        assert len(client.scheduler_info()["workers"]) == 1
    assert together == alone
    assert len(together.works) == FILES
    assert [name for name, _ in together.dropped] == ["broken"]


@pytest.mark.skipif(multiprocessing.get_start_method() != "fork", reason="needs processes that share what is patched")
def test_a_file_that_takes_long_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 2 * 2 * readers._AHEAD * (os.cpu_count() or 1)
    names = ["0-slow", *(f"{number + 1}" for number in range(count))]
    files = [readers.Unread(name, name, put(tmp_path, name, at)) for at, name in enumerate(names)]

    def waits(path: Path, name: str) -> Row:
        until = time.monotonic() + PATIENCE
        while name == "0-slow" and not (tmp_path / "all others are there").exists() and time.monotonic() < until:
            time.sleep(0.01)
        return read(path, name)

    monkeypatch.setattr(readers, "read", waits)
    monkeypatch.setattr(readers, "ProcessPoolExecutor", partial(ProcessPoolExecutor, 2))
    rows = []
    for some in readers.here(files):
        rows += some
        if len(rows) == count:
            (tmp_path / "all others are there").touch()
    assert sorted(row["key"] for row in rows) == sorted(names)
    assert rows[-1]["key"] == "0-slow"
    assert (tmp_path / "all others are there").exists()


def test_a_scheduler_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "music", "piece", 1)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(readers, "_ANSWER", 1)
    with pytest.raises(CorpusError, match=rf"no Dask scheduler answers at {address} .*dask scheduler") as fault:
        load(monkeypatch, tmp_path / "music", tmp_path / "cache", address)
    assert "\n" not in str(fault.value)
    with pytest.raises(CorpusError, match="no Dask scheduler answers at nonsense"):
        load(monkeypatch, tmp_path / "music", tmp_path / "cache", "nonsense")


def test_a_scheduler_that_dies_in_the_middle_costs_only_what_is_not_read_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    for number in range(40):
        put(tmp_path / "music", f"piece-{number:03}", number)
    monkeypatch.setattr(readers, "_JOB", 8)
    cluster.wait()
    reader = readers.cluster(cluster.address)

    def dies(files: list[readers.Unread]) -> Iterator[list[dict[str, object]]]:
        for at, rows in enumerate(reader(files)):
            yield rows
            if at == 1:
                for process in cluster.processes:
                    process.kill()
                    process.wait(PATIENCE)

    monkeypatch.setattr(readers, "cluster", lambda _: dies)
    with pytest.raises(CorpusError, match="what was read is kept") as fault:
        load(monkeypatch, tmp_path / "music", tmp_path / "cache", cluster.address)
    assert "\n" not in str(fault.value)
    asked: list[str] = []
    here = readers.here

    def counting(files: list[readers.Unread]) -> Iterator[list[dict[str, object]]]:
        asked.extend(each.name for each in files)
        return here(files)

    monkeypatch.setattr(readers, "here", counting)
    assert len(load(monkeypatch, tmp_path / "music", tmp_path / "cache").works) == 40
    assert len(asked) == 24


def test_a_cluster_that_has_lost_all_its_workers_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    for number in range(4):
        put(tmp_path / "music", f"piece-{number}", number)
    cluster.wait()
    for worker in cluster.processes[1:]:
        worker.kill()
        worker.wait(PATIENCE)
    monkeypatch.setattr(readers, "_LOOK", 0.1)
    monkeypatch.setattr(readers, "_WITHOUT", 1)
    with pytest.raises(CorpusError, match=rf"{cluster.address} failed .it has had no worker for 1 s; .*kept") as fault:
        load(monkeypatch, tmp_path / "music", tmp_path / "cache", cluster.address)
    assert "\n" not in str(fault.value)


class TestWorkersWithoutBachd:
    @pytest.fixture
    def modules(self, tmp_path: Path) -> Path:
        (tmp_path / "modules/bachd").mkdir(parents=True)
        (tmp_path / "modules/bachd/__init__.py").write_text("raise ModuleNotFoundError('No module named bachd')")
        return tmp_path / "modules"

    def test_are_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Cluster) -> None:
        put(tmp_path / "music", "piece", 1)
        cluster.wait()
        with pytest.raises(
            CorpusError, match=r"worker tcp://.* cannot read music .No module named bachd.; install"
        ) as fault:
            load(monkeypatch, tmp_path / "music", tmp_path / "cache", cluster.address)
        assert "\n" not in str(fault.value)


def test_a_worker_without_room_for_a_file_leaves_it_to_be_read_later(tmp_path: Path) -> None:
    data = put(tmp_path, "piece", 1).read_bytes()
    jobs = [read_job.Job(str(number), "piece", ".mid", data) for number in range(2)]
    with no_file_beyond(10), pytest.raises(RuntimeError, match="cannot write temporary files: make room there"):
        read_job.run(store.VERSION, jobs)
    assert [row["dropped"] for row in read_job.run(store.VERSION, jobs)] == [None, None]
