"""Settings as options of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd.commands import argument_parser, setting_options
from bachd.commands.cli import main
from bachd.config import Config
from bachd.service.web.change_request import KEYS


def test_every_setting_of_the_page_is_an_option_of_run() -> None:
    options = argument_parser.options("run")
    assert {setting_options.option(key) for key in KEYS if not key.startswith("web.")} <= set(options)
    assert len(set(options)) == len(options)


def test_every_option_of_render_is_one_of_run_or_its_own() -> None:
    own = {"-o", "--output", "--bars", "--with"}
    assert set(argument_parser.options("render")) - own <= set(argument_parser.options("run"))


def test_options_win_over_the_file(folder: Path, composed: list[tuple[Config, int]]) -> None:
    (folder / "config.yaml").write_text("tempo: 60  # slow\nseed: {piece: bwv269}\nsampling:\n  top_p: 0.5\n")
    assert main(["render", "-o", "a.mid", "--tempo", "90", "--temperature", "0.5", "--range", "[C2, C6]"]) == 0
    config = composed[-1][0]
    assert (config.tempo, config.seed.piece, config.sampling.top_p) == (90, "bwv269", 0.5)
    assert (config.sampling.temperature, config.sampling.range) == (0.5, (36, 84))
    assert (folder / "config.yaml").read_text().startswith("tempo: 60  # slow\n")


def test_another_model_takes_none_of_the_pieces_of_the_file(folder: Path, composed: list[tuple[Config, int]]) -> None:
    (folder / "config.yaml").write_text("seed: {piece: bwv269}")
    assert main(["render", "a.mid", "--model", "cello"]) == 0
    assert (composed[-1][0].model, composed[-1][0].seed.piece) == ("cello", None)
    assert main(["render", "a.mid", "--model", "cello", "--piece", "BWV1007-prelude"]) == 0
    assert composed[-1][0].seed.piece == "bwv1007-prelude"


def test_a_path_on_the_command_line_starts_from_here(folder: Path, composed: list[tuple[Config, int]]) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / "config.yaml").write_text("tempo: 60")
    (folder / "tune.mid").write_bytes(b"MThd")
    for name in ("tune.mid", "./tune.mid"):
        assert main(["render", "a.mid", "--config", "etc/config.yaml", "--piece", name]) == 0
        assert composed[-1][0].seed.piece == str(folder / "tune.mid")


def test_a_file_that_is_wrong_is_told_by_its_lines_and_an_option_by_its_name(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.yaml").write_text("tempo: 1200\n")
    assert main(["render", "a.mid", "--temperature", "9"]) == 78
    assert capsys.readouterr().err == "config.yaml:1: tempo: 1200 is not between 20 and 300\n"
