"""What is allowed and was probably not meant."""

from __future__ import annotations

import pytest

from bachd.config import Config
from bachd.config_midi import Midi
from bachd.service.settings.remarks import remarks


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (Config(), []),
        (Config(midi=Midi(channels=(1, 10))), ["midi.channels: channel 10 is for percussion"]),
        (Config(midi=Midi(channels=(1, 2), program=((1, 19), (5, 3)))), ["midi.program: channel 5 is not among"]),
        (Config(midi=Midi(channels=(1,), program=19, bank=((1, 8), (2, 8)))), ["midi.bank: channel 2 is not among"]),
        (Config(midi=Midi(wait_for_start=True)), ["midi.wait_for_start: means something only with tempo: clock"]),
        (Config(tempo="clock", midi=Midi(wait_for_start=True)), []),
    ],
)
def test_remarks(config: Config, said: list[str]) -> None:
    found = remarks(config)
    assert len(found) == len(said)
    assert all(line.startswith(beginning) for line, beginning in zip(found, said, strict=True))
