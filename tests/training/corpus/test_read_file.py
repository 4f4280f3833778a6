from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("tqdm", reason="needs the extra 'train'")
pytest.importorskip("pyarrow", reason="needs the extra 'train'")
from bachd.training.corpus import sources
from bachd.training.export import attribution
from tests.training.corpus.works import put


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "music"


def test_what_music21_does_not_understand_is_counted_and_not_printed(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("music21", reason="needs the extra 'train'")
    for number in range(4):
        put(folder, f"piece-{number}", number)
    tune = "4c\t4d\t4e\t4f\t2g\t2g\t4a\t4a\t4a\t4a\t1g".replace("\t", "\n")
    for name, metre in (("clear", "*M4/4"), ("unclear", "*M4/=2-")):
        (folder / f"{name}.krn").write_text(f"**kern\n{metre}\n{tune}\n*-\n")
    found = sources.load(folder)
    assert len(found.works) == 6 - len(found.dropped)
    assert "1 scores of which music21 did not understand all" in found.remarks
    assert "WARNING" not in capfd.readouterr().err


def test_what_a_humdrum_file_says_of_its_origin_is_kept(folder: Path) -> None:
    pytest.importorskip("music21", reason="needs the extra 'train'")
    for number in range(4):
        put(folder, f"piece-{number}", number)
    notes = "\n".join(f"4{step}" for step in "cdefgabcdefg")
    says = "!!!OTL: A song\n!!!YEC: Copyright 2022 an institute\n!!!YEM: License CC-BY-4.0\n!!!YEM@@DE: Lizenz\n"
    (folder / "song.krn").write_text(
        f"{says}!!!ENC:\tAnn\n!!!EED: \n**kern\n*M4/4\n{notes}\n*-\n!!!EED: J\xfcrgen\n", "latin-1"
    )
    (work,) = [work for work in sources.load(folder).works if work.piece.name == "song"]
    assert work.credit == "Copyright 2022 an institute; License CC-BY-4.0; Encoded by Ann; Edited by J\xfcrgen"
    assert attribution.licence([work]).startswith("MIT")
