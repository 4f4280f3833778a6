"""Read files of music in parallel, by processes of this machine or by the workers of a Dask cluster.

Law: rows come as they are read, in any order, so that what is done can be kept; they do not depend on who read them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from bachd.errors import pip_install
from bachd.training.corpus.model import CorpusError
from bachd.training.corpus.read_file import read
from bachd.training.corpus.shards import read_job, store
from bachd.training.corpus.shards.read_job import DIED, Job
from bachd.training.corpus.shards.store import Packed

_AHEAD: Final = 4
"""Files, or jobs, that each core or worker has at hand, so that none waits for another one's long file."""
_JOB: Final = 16
"""Files that a worker of a cluster reads at a time."""
_ANSWER: Final = 10
"""Seconds in which a scheduler has to answer."""
_LOOK: Final = 2
"""Seconds after which it is looked whether there are workers."""
_WITHOUT: Final = 60
"""Seconds that a cluster may be without a worker: one that died may be started anew."""


class Unread(NamedTuple):
    """A file that is to be read."""

    key: str
    name: str
    file: Path


Reader = Callable[[Sequence[Unread]], Iterator[list[Packed]]]


def here(files: Sequence[Unread]) -> Iterator[list[Packed]]:
    """Yield the rows of files as they are read by the cores of this machine, each by a process that may die of it."""
    rest, tasks = deque(files), dict[Future[Packed], Unread]()
    pool = ProcessPoolExecutor()
    try:
        while rest or tasks:
            died = not _submit(pool, rest, tasks)
            done = wait(tasks, return_when=FIRST_COMPLETED).done
            rows, unfinished = _rows(tasks, done)
            if died or unfinished:  # a process died, and takes along what the others have not finished
                more, others = _rows(tasks, wait(tasks).done)
                pool.shutdown()
                pool = ProcessPoolExecutor()
                rows += more + [_alone(each) for each in unfinished + others]
            yield rows
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, rest: deque[Unread], tasks: dict[Future[Packed], Unread]) -> bool:
    """Hand over as many files as the pool should have at hand. Returns whether it lives."""
    most = _AHEAD * (os.cpu_count() or 1)
    try:
        while rest and len(tasks) < most:
            tasks[pool.submit(_row, rest[0])] = rest[0]
            rest.popleft()
    except BrokenProcessPool:
        return False
    return True


def _rows(tasks: dict[Future[Packed], Unread], done: Iterable[Future[Packed]]) -> tuple[list[Packed], list[Unread]]:
    """Take some tasks from those that are open; returns their rows, and the files of which a process may have died."""
    rows, unfinished = [], []
    for task in done:
        file = tasks.pop(task)
        if isinstance(task.exception(), BrokenProcessPool):
            unfinished.append(file)
        else:
            rows.append(task.result())
    return rows, unfinished


def _alone(each: Unread) -> Packed:
    with ProcessPoolExecutor(1) as alone:
        try:
            return alone.submit(_row, each).result()
        except BrokenProcessPool:
            return store.pack(each.key, {"name": each.name, "dropped": DIED})


def _row(each: Unread) -> Packed:
    return store.pack(each.key, read(each.file, each.name))


def cluster(address: str) -> Reader:
    """Return a reader for the workers of the Dask cluster whose scheduler is at `address`.

    The files go to them with the task; they need bachd, but no folder in common. Raises CorpusError without Dask,
    where no scheduler answers, and where a worker has no bachd.
    """
    try:
        import distributed
    except ImportError as error:
        raise CorpusError(f"--cluster needs Dask; {pip_install('[train,cluster]')}") from error
    try:
        _require_usable(address)
        client = distributed.Client(address, timeout=_ANSWER, set_as_default=False)
    except (TimeoutError, OSError, ValueError) as fault:
        raise CorpusError(
            f"no Dask scheduler answers at {address} ({_line(fault)}); start one with 'dask scheduler', and workers "
            "with 'dask worker ADDRESS' where bachd is installed"
        ) from fault
    _require_bachd(client)

    def reader(files: Sequence[Unread]) -> Iterator[list[Packed]]:
        with client:
            try:
                yield from _by_workers(client, files)
            except (OSError, RuntimeError, asyncio.CancelledError, CancelledError) as fault:
                raise CorpusError(
                    f"the Dask cluster at {address} failed ({_line(fault)}); what was read is kept, and the same "
                    "command goes on from it"
                ) from fault

    return reader


def _require_usable(address: str) -> None:
    """Raise ValueError for an address by which no client can be begun: such a client would linger."""
    from distributed import Security
    from distributed.comm import get_address_host_port

    get_address_host_port(address)
    if address.startswith("tls:") and Security().get_connection_args("client")["ssl_context"] is None:
        raise ValueError("Dask has no certificates here; see its distributed.comm.tls")


def _require_bachd(client: Any) -> None:
    """Raise CorpusError for a worker that cannot read music: it would die of each task that it gets."""
    for worker, found in client.run(import_module, read_job.__name__, on_error="return").items():
        if isinstance(found, BaseException):
            client.close()
            raise CorpusError(
                f"the Dask worker {worker} cannot read music ({_line(found)}); install bachd there, in its "
                "checkout: python -m pip install '.[train,cluster]'"
            )


def _by_workers(client: Any, files: Sequence[Unread]) -> Iterator[list[Packed]]:
    """Yield the rows of files that the workers of a cluster read; a worker that dies is replaced by the others."""
    from distributed import KilledWorker

    parts, tasks = iter(_chunks(files, _JOB)), dict[Any, list[Job]]()
    while True:
        room = max(1, _AHEAD * sum(client.ncores().values())) - len(tasks)
        for part in islice(parts, max(0, room)):
            jobs = [Job(each.key, each.name, each.file.suffix.lower(), _data(each.file)) for each in part]
            task = client.submit(read_job.run, store.VERSION, jobs, pure=False)
            tasks[task] = jobs
        if not tasks:
            return
        task = _finished(client, tasks)
        jobs = tasks.pop(task)
        try:
            rows = task.result()
        except KilledWorker:  # some workers have died of it, one after another
            rows = read_job.run(store.VERSION, jobs)
        yield rows


def _finished(client: Any, tasks: Iterable[Any]) -> Any:
    """Wait until one of some tasks is finished, and return it. Raises RuntimeError where nobody works on them."""
    from distributed import wait as wait_for

    since = time.monotonic()
    while time.monotonic() - since < _WITHOUT:
        with client.as_current(), suppress(TimeoutError):
            return next(iter(wait_for(list(tasks), _LOOK, "FIRST_COMPLETED").done))
        if client.ncores():
            since = time.monotonic()
    raise RuntimeError(f"it has had no worker for {_WITHOUT} s; start some with 'dask worker ADDRESS'")


def _data(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _chunks(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _line(fault: BaseException) -> str:
    return " ".join(str(fault).split())[:200] or type(fault).__name__
