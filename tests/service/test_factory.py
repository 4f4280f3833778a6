"""From settings to a composer on the device they ask for."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bachd.config import Config, Seed
from bachd.config_midi import Midi
from bachd.config_voices import Voice, Voices
from bachd.errors import ModelError
from bachd.music.event import Event
from bachd.neural import edgetpu as devices
from bachd.neural.bundle import bundle
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.bundle.card import COMPILED
from bachd.neural.edgetpu import EdgeTpuModel
from bachd.neural.model import TfliteModel
from bachd.service.factory import make_composer, mix, open_composer, open_model, patches
from tests.neural import delegates

SEED = Seed(piece="bwv269", bars=1, rng=5)


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bundle with a trunk for the Edge TPU, and a library that runs it: on the CPU, see `delegates`."""
    delegates.install("works", tmp_path / "lib", monkeypatch)
    monkeypatch.setattr(devices, "STARTING", 60.0)
    monkeypatch.setattr(devices, "PATIENCE", 60.0)
    folder = tmp_path / "compiled"
    shutil.copytree(bundle.folder("chorales"), folder)
    trunk = (folder / "trunk.tflite").read_bytes()
    (folder / COMPILED).write_bytes(trunk)
    card = json.loads((folder / "card.json").read_text())
    card["files"][COMPILED] = hashlib.sha256(trunk).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))
    return str(folder)


def test_a_bundle_that_was_not_compiled_composes_on_the_cpu_at_no_cost() -> None:
    script = (
        "import sys; from bachd.config import Config; from bachd.service.factory import open_composer; "
        "open_composer(Config(), 1).next(); print('bachd.neural.edgetpu' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    with pytest.raises(ModelError, match=r"^device: edgetpu: model 'chorales' was not compiled .* --edgetpu'$"):
        open_composer(Config(device="edgetpu"), 1)


def test_the_cpu_is_what_was_asked_for(compiled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "attached", lambda: True)
    assert type(open_model("cpu", Bundle.open(compiled))) is TfliteModel


def test_the_music_goes_on_when_the_edge_tpu_dies(compiled: str, caplog: pytest.LogCaptureFixture) -> None:
    def events(device: str) -> list[Event]:
        opened = Bundle.open(compiled)
        model = open_model(device, opened)
        composer = make_composer(Config(seed=SEED), opened, model)
        played = [composer.next().event for _ in range(20)]
        if isinstance(model, EdgeTpuModel):
            assert model.remote is not None
            os.kill(model.remote._process.pid, signal.SIGKILL)
        return played + [composer.next().event for _ in range(20)]

    with caplog.at_level(logging.WARNING):
        assert events("edgetpu") == events("cpu")
    chosen, lost = caplog.messages
    assert chosen.startswith("composing on the Edge TPU: ")
    assert lost == "the Edge TPU is lost: its process was ended by SIGKILL; from here on the CPU composes"


def test_each_channel_in_use_has_its_bank_and_program() -> None:
    midi = Midi(channels=(1, 2, 2, 5), program=((1, 19), (2, 48), (9, 3)), bank=((2, 87 * 128 + 64),))
    assert sent(Config(midi=midi)) == [["c013"], ["b10057", "b12040", "c130"]]
    everywhere = Midi(channels=(3, 4), program=0, bank=0)
    assert sent(Config(midi=everywhere)) == [["b20000", "b22000", "c200"], ["b30000", "b32000", "c300"]]


def test_a_voice_with_a_sound_of_its_own_has_a_channel_of_its_own() -> None:
    voices = Voices(alto=Voice(program=70), bass=Voice(program=42))
    config = Config(midi=Midi(channels=(1, 3), program=6), voices=voices)
    assert mix(config).channels == (None, 2, None, 4)
    assert sent(config) == [["c006"], ["c206"], ["c146"], ["c32a"]]


def test_no_voice_is_sent_to_the_drums_and_without_a_channel_left_it_stays_where_it_was() -> None:
    most = tuple(channel for channel in range(1, 17) if channel not in (10, 12))
    voices = Voices(soprano=Voice(program=1), bass=Voice(program=2))
    config = Config(midi=Midi(channels=most), voices=voices)
    assert mix(config).channels == (12, None, None, None)


def sent(config: Config) -> list[list[str]]:
    return [[message.data.hex() for message in patch] for patch in patches(config)]
