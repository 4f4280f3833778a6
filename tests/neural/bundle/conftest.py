from __future__ import annotations

from pathlib import Path

import pytest

from tests.neural.bundle.tiny import FILES, a_card, write_card


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A bundle whose graphs are only bytes: what the card vouches for is all that is looked at here."""
    folder = tmp_path / "tiny"
    (folder / "seeds").mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    write_card(folder, a_card(FILES))
    return folder
