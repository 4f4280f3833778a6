"""The config.yaml that is shipped says the defaults, and all of them."""

from __future__ import annotations

import configparser
import itertools
import re
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from bachd.config import Config, Expression, Midi, Sampling, Seed, Web
from bachd.configfile import load

TOP = Path(__file__).parents[1]


def test_the_shipped_file_says_the_defaults() -> None:
    assert load(TOP / "config.yaml") == Config()


def test_what_was_taken_from_others_says_so_in_its_first_line() -> None:
    scripts = [path for path in (TOP / "bachd" / "page" / "vendor").iterdir() if path.suffix in (".js", ".mjs")]
    assert scripts
    for script in scripts:
        first = script.read_text().partition("\n")[0]
        assert re.search(r" \d+\.\d+\.\d+: .* https://\S+, .*licence", first), first


def test_what_is_locked_is_what_is_asked_for() -> None:
    """systemd/requirements.txt holds a release of each thing that setup.cfg wants for the service, with hashes."""
    settings = configparser.ConfigParser()
    settings.read(TOP / "setup.cfg")
    listed = (TOP / "systemd" / "requirements.txt").read_text().replace("\\\n", " ").splitlines()
    locked = [line.split(" --hash=sha256:") for line in listed if line and not line.startswith("#")]
    assert all(len(hashes) > 0 for _, *hashes in locked)
    releases = [Requirement(line) for line, *_ in locked]
    for python, machine in itertools.product(("3.11", "3.12", "3.13"), ("x86_64", "aarch64")):
        there = {
            "python_version": python,
            "python_full_version": f"{python}.0",
            "platform_machine": machine,
            "sys_platform": "linux",
            "implementation_name": "cpython",
        }
        found = {each.name: each for each in releases if each.marker is None or each.marker.evaluate(there)}
        for line in settings["options"]["install_requires"].strip().splitlines():
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate(there):
                (pin,) = found[wanted.name].specifier
                assert wanted.specifier.contains(pin.version), (line, python, machine)


def test_the_shipped_file_explains_every_key() -> None:
    shipped = yaml.safe_load((TOP / "config.yaml").read_text())
    assert list(shipped) == list(Config.__dataclass_fields__)
    for section in (Seed, Midi, Sampling, Expression, Web):
        assert list(shipped[section.__name__.lower()]) == list(section.__dataclass_fields__)
