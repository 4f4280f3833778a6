"""The config.yaml that is shipped is what the table of settings says."""

from __future__ import annotations

import configparser
import itertools
import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

from bachd.config import Config
from bachd.configfile import load
from bachd.yamlfile.keys import keys

TOP = Path(__file__).parents[1]
SHIPPED = TOP / "config.yaml"


def test_the_shipped_file_says_the_defaults() -> None:
    assert load(SHIPPED) == Config()


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


def test_the_shipped_file_is_what_the_table_says() -> None:
    command = [sys.executable, "-m", "bachd.config"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=TOP).stdout
    assert told == SHIPPED.read_text(), "run `python -m bachd.config > config.yaml`"


def test_every_key_is_explained_in_lines_that_fit() -> None:
    assert all(key.help for key in keys(Config) if key.kind)
    assert max(map(len, SHIPPED.read_text().splitlines())) <= 120


def test_every_package_is_installed() -> None:
    options = configparser.ConfigParser()
    options.read(TOP / "setup.cfg", encoding="utf-8")
    installed = set(options["options"]["packages"].split()) - {"bachd.models"}
    assert installed == {
        ".".join(path.parent.relative_to(TOP).parts) for path in (TOP / "bachd").rglob("__init__.py")
    } | {"bachd.page"}


def test_a_verb_that_deploy_does_not_have_is_named() -> None:
    done = subprocess.run([TOP / "deploy.sh", "instal"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (64, "deploy: no verb 'instal'; './deploy.sh' alone lists them\n")
    done = subprocess.run([TOP / "deploy.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert "./deploy.sh try" in done.stderr
