"""A source is 'chorales' or a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd.training.corpus import chorales, sources
from bachd.training.corpus.model import Corpus, CorpusError


def test_chorales_need_no_folder_even_where_one_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra 'train'")
    bundled = Corpus("chorales", (), (), "", ())
    monkeypatch.setattr(chorales, "load", lambda: bundled)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chorales").mkdir()
    assert sources.load("chorales") is bundled
    sources.check("chorales")
    for ask in (sources.load, sources.check):
        with pytest.raises(CorpusError, match="no music in chorales"):
            ask("./chorales")
