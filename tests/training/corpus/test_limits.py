from __future__ import annotations

import resource
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from bachd.training.corpus import limits, read_file


def endless(*_: object) -> None:
    while True:
        with suppress(Exception):
            sum(range(1000))


def settings() -> tuple[object, ...]:
    return (
        resource.getrlimit(resource.RLIMIT_DATA),
        signal.getsignal(signal.SIGPROF),
        signal.getitimer(signal.ITIMER_PROF),
    )


def test_what_never_ends_is_ended_whatever_faults_it_passes_over() -> None:
    before = settings()
    with pytest.raises(limits.TooLongError), limits.bounded(seconds=0.1):
        endless()
    assert settings() == before


@pytest.mark.skipif("sys.platform != 'linux'", reason="elsewhere the limit does not count what is mapped")
def test_who_wants_too_much_memory_does_not_get_it() -> None:
    before = settings()
    with pytest.raises(MemoryError), limits.bounded(memory=1 << 30):
        bytearray(1 << 30)
    assert settings() == before
    assert len(bytearray(1 << 20)) == 1 << 20


def test_a_file_that_would_be_read_for_ever_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = limits.bounded
    monkeypatch.setattr(limits, "bounded", lambda: real(seconds=0.1))
    monkeypatch.setattr(read_file, "_score", endless)
    assert read_file.read(tmp_path / "odd.xml", "odd") == {
        "name": "odd",
        "dropped": "takes more than 300 seconds to read",
    }
