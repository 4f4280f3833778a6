"""Any interleaving of changes, compared with a model of what must come of it."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.config import Config
from bachd.errors import BachdError
from bachd.service.settings.draft import Draft
from tests.service.settings.live import NOWHERE, Run, Values, applied


class Model:
    """What must come of changes, without files, threads and ports."""

    def __init__(self) -> None:
        self.file: Values = {"tempo": 84, "midi.output": "none"}
        self._base, self._unsaved, self._undos = self.file, dict[str, Any](), list[Values]()

    @property
    def wanted(self) -> Values:
        return {**self._base, **self._unsaved}

    def do(self, what: str, given: Values) -> bool:
        """Whether it can be done."""
        unsaved = {key: each for key, each in self._unsaved.items() if self.file[key] == self._base[key]}
        before, undos = {**self.file, **unsaved}, self._undos
        if what == "undo" and not undos:
            return False
        if what == "undo":
            given, undos = undos[-1], undos[:-1]
        elif given and {**before, **given} != before:
            undos = [*undos, {key: before[key] for key in given}]
        wanted = {**before, **given}
        if wanted["tempo"] not in range(20, 301) or wanted["midi.output"] == NOWHERE:
            return False
        if what == "save":
            self.file = wanted
        self._base, self._undos = self.file, undos
        self._unsaved = {key: value for key, value in wanted.items() if self.file[key] != value}
        return True


@dataclass
class Batch:
    """What happens at once."""

    file: Values
    """Saved at the beginning, if it says anything."""
    commands: list[tuple[str, Values]]
    pauses: list[int] = field(default_factory=list)
    """Turns of the event loop before each command."""


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "tempo": st.sampled_from([84, 96, 120, 1200]),
        "midi.output": st.sampled_from(["none", "file:a.mid", "file:b.mid", NOWHERE]),
    },
)


COMMAND: st.SearchStrategy[tuple[str, Values]] = st.tuples(st.just("change"), VALUES.filter(bool)) | st.tuples(
    st.sampled_from(["undo", "save", "reload", "bar"]), st.just({})
)


BATCH = st.builds(
    Batch,
    st.just({}) | VALUES,
    st.lists(COMMAND, min_size=1, max_size=5),
    st.lists(st.integers(0, 12), min_size=5, max_size=5),
)


@given(st.lists(BATCH, max_size=5))
def test_however_changes_interleave_each_gets_its_own_answer(batches: list[Batch]) -> None:
    model = Model()

    async def command(run: Run, what: str, given: Values) -> object:
        match what:
            case "change":
                return await run.live.apply(lambda draft: draft.changed(given))
            case "undo":
                return await run.live.apply(Draft.undone)
            case "save":
                return await run.live.apply(save=True)
            case "reload":
                return await run.live.apply()
        await run.bar()
        return None

    async def perform(run: Run) -> None:
        for batch in batches:
            if batch.file:
                model.file = {**model.file, **batch.file}
                tempo, output = model.file.values()
                run.path.write_text(f"# mine\ntempo: {tempo}\nmidi:\n  output: '{output}'\n")
            tasks = []
            for (what, wanted), turns in zip(batch.commands, batch.pauses, strict=False):
                tasks.append(asyncio.ensure_future(command(run, what, wanted)))
                for _ in range(turns):
                    await asyncio.sleep(0)
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            for (what, wanted), answer in zip(batch.commands, answers, strict=True):
                if what != "bar":
                    assert isinstance(answer, Config if model.do(what, wanted) else BachdError), (what, wanted, answer)
            assert {"tempo": run.config.tempo, "midi.output": run.config.midi.output[0]} == model.wanted
            assert run.live.draft.unsaved == model._unsaved
        await run.bar()
        await run.bar()
        assert run.exchange.present.config == run.config

    with TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        applied(perform)
        assert not [link for link in Path("/proc/self/fd").iterdir() if home in os.path.realpath(link)]
