"""Settings as options of the command line."""

from __future__ import annotations

import argparse
import re
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


def helps(verb: str) -> dict[str, str]:
    """What `--help` says of the options of a verb that are settings."""
    parser = argparse.ArgumentParser()
    setting_options.add(parser, rendering=verb == "render")
    keys = {key.path for key in setting_options.settable()}
    return {action.option_strings[-1]: str(action.help) for action in parser._actions if action.dest in keys}


@pytest.mark.parametrize("verb", ["run", "render"])
def test_the_help_of_every_option_reads_as_sentences(verb: str) -> None:
    for option, text in helps(verb).items():
        assert text.endswith("."), option
        assert not re.search(r":[:,;.]|[.:] such|  |\n|beside this file|of the first", text), option
        assert not re.search(r"\b(\w+), \1\b|[.] [a-z]+, [a-z]+,", text), option


def test_a_list_of_words_becomes_a_part_of_its_sentence() -> None:
    said = helps("run")
    assert said["--device"].endswith("runs the network. One of auto, cpu or edgetpu; config.yaml explains them.")
    assert said["--tempo"].endswith(" Or the external tempo to follow: clock or link; config.yaml explains them.")
    assert said["--input"].endswith(" several as a list, or auto; config.yaml explains it.")
    assert said["--output"].endswith("joins when it can be; the others play.")
    assert "One of auto, speaker, virtual, jack, none, file:NAME.mid or FP-30X; config.yaml" in said["--output"]


def test_the_examples_of_mappings_can_be_given_as_they_stand() -> None:
    for option, key in (("--controls", "controls"), ("--clock", "clock"), ("--program", "program")):
        example = re.search(r"\{.*?\}", helps("run")[option])
        assert example is not None
        options = argument_parser.parse(["run", option, example[0]])
        found = setting_options.wanted(options, None).config
        assert getattr(found.midi, key) != getattr(Config().midi, key)


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
