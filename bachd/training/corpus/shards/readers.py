"""Read files of music in parallel, by processes of this machine or by the workers of a Dask cluster.

Law: rows come some at a time, so that what is done can be kept; they do not depend on who read them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from bachd.training.corpus.model import CorpusError
from bachd.training.corpus.read_file import read
from bachd.training.corpus.shards import read_job, store
from bachd.training.corpus.shards.read_job import DIED, Job
from bachd.training.corpus.shards.store import Packed

AT_ONCE: Final = 256
"""Files whose rows come together."""
_JOB: Final = 16
"""Files that a worker of a cluster reads at a time."""
_ANSWER: Final = 10
"""Seconds in which a scheduler has to answer."""


class Unread(NamedTuple):
    """A file that is to be read."""

    key: str
    name: str
    file: Path


Reader = Callable[[Sequence[Unread]], Iterator[list[Packed]]]


def here(files: Sequence[Unread]) -> Iterator[list[Packed]]:
    """Yield the rows of files, read by the cores of this machine, each by a process that may die of it."""
    pool = ProcessPoolExecutor()
    try:
        for chunk in _chunks(files, AT_ONCE):
            rows, unfinished = _together(pool, chunk)
            if unfinished:  # a process died, and took along what the others had not finished
                pool.shutdown()
                pool = ProcessPoolExecutor()
                rows += [_alone(each) for each in unfinished]
            yield rows
    finally:
        pool.shutdown(cancel_futures=True)


def _together(pool: ProcessPoolExecutor, chunk: Sequence[Unread]) -> tuple[list[Packed], list[Unread]]:
    tasks: dict[Future[Packed], Unread] = {}
    rows: list[Packed] = []
    with suppress(BrokenProcessPool):  # the first may be dead before the last is handed over
        for each in chunk:
            tasks[pool.submit(_row, each)] = each
    finished = set()
    for done in as_completed(tasks):
        if not isinstance(done.exception(), BrokenProcessPool):
            rows.append(done.result())
            finished.add(tasks[done].key)
    return rows, [each for each in chunk if each.key not in finished]


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

    The files go to them with the task; they need bachd, but no folder in common. Raises CorpusError without Dask, and
    where no scheduler answers.
    """
    try:
        import distributed
    except ImportError as error:
        raise CorpusError("--cluster needs Dask; in bachd's checkout, pip install '.[train,cluster]'") from error
    try:
        client = distributed.Client(address, timeout=_ANSWER, set_as_default=False)
    except (TimeoutError, OSError, ValueError) as fault:
        raise CorpusError(
            f"no Dask scheduler answers at {address} ({_line(fault)}); start one with 'dask scheduler', and workers "
            "with 'dask worker ADDRESS' where bachd is installed"
        ) from fault

    def reader(files: Sequence[Unread]) -> Iterator[list[Packed]]:
        with client:
            try:
                for chunk in _chunks(files, AT_ONCE):
                    yield _by_workers(client, chunk)
            except (OSError, RuntimeError, asyncio.CancelledError, CancelledError) as fault:
                raise CorpusError(
                    f"the Dask cluster at {address} failed ({_line(fault)}); what was read is kept, and the same "
                    "command goes on from it"
                ) from fault

    return reader


def _by_workers(client: Any, chunk: Sequence[Unread]) -> list[Packed]:
    """Return the rows of files that the workers of a cluster read; a worker that dies is replaced by the others."""
    from distributed import KilledWorker

    jobs = [Job(each.key, each.name, each.file.suffix.lower(), _data(each.file)) for each in chunk]
    tasks = {client.submit(read_job.run, store.VERSION, part, pure=False): part for part in _chunks(jobs, _JOB)}
    rows: list[Packed] = []
    for task, part in tasks.items():
        try:
            rows += task.result()
        except KilledWorker:  # some workers have died of it, one after another
            rows += read_job.run(store.VERSION, part)
    return rows


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
