"""The Debian package on a machine of its own: installed, upgraded while it plays, taken back, gone without a trace."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.systemd.container import Container
from tests.systemd.package.machine import DEBS, Repack, apt, playing
from tests.systemd.service import CONFIG, DEPLOY, SETTINGS, files, write

FAULT = '\n\ndef run(*_: object, **__: object) -> int:\n    raise RuntimeError("a fault of this version")\n'


def test_apt_installs_it_and_it_plays(machine: Container, installed: str) -> None:
    assert " plays: bwv269 at 240 bpm" in installed
    assert machine.show("ActiveState") == "active"
    assert machine.show("UnitFileState") == "enabled"
    assert machine.out("cat", SETTINGS) == CONFIG.strip()
    assert "output: auto" in machine.out("cat", f"{SETTINGS}.new")
    assert machine.out("sh", "-c", "cd / && bachd status | head -n 1").startswith("piece     bwv269")
    wrong = machine.run("dpkg", "--verify", "bachd", check=False).stdout.splitlines()
    assert [line for line in wrong if "/usr/share/" not in line] == []  # this Debian leaves documentation out


def test_security_fixes_of_numpy_and_yaml_come_from_debian(service: Container) -> None:
    where = "import numpy, yaml, aiohttp; print(numpy.__file__, yaml.__file__, aiohttp.__file__)"
    numpy, yaml, aiohttp = service.out("/opt/bachd/current/venv/bin/python", "-I", "-c", where).split()
    assert numpy.startswith("/usr/lib/python3/dist-packages/")
    assert yaml.startswith("/usr/lib/python3/dist-packages/")
    assert aiohttp.startswith("/opt/bachd/")


def test_it_depends_on_nothing_that_brings_along_what_nobody_uses(package: Path) -> None:
    command = ("dpkg-deb", "--field", package, "Depends")
    depends = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "python3-numpy" in depends
    assert "python3-rich" not in depends


def test_what_it_carries_is_compiled_and_python_takes_it(service: Container) -> None:
    folder = "/opt/bachd/current/venv/lib"
    assert service.out("sh", "-c", f"find -L {folder} -path '*/bachd/service/__pycache__/daemon.*.pyc'") != ""
    compileall = ("/opt/bachd/current/venv/bin/python", "-I", "-m", "compileall", "-x", "/(training|tests?)/", folder)
    assert [line for line in service.out(*compileall).splitlines() if line.startswith("Compiling")] == []


def test_it_brings_manual_pages_and_completion(package: Path, service: Container, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    for name in ("bachd", "bachd-train"):
        page = tmp_path / f"usr/share/man/man1/{name}.1.gz"
        text = subprocess.run(["gzip", "-dc", page], check=True, capture_output=True, text=True).stdout
        assert f".SH NAME\n{name.replace('-', chr(92) + '-')} \\- " in text
    script = ". /usr/share/bash-completion/completions/bachd; COMP_WORDS=(bachd ren) COMP_CWORD=1"
    script += '; "$(complete -p bachd | sed "s/.*-F \\([^ ]*\\).*/\\1/")"; echo "${COMPREPLY[@]}"'
    assert service.out("bash", "-c", script) == "render"


def test_upgrades_while_it_plays(service: Container, repack: Repack) -> None:
    for number in range(3):
        before = service.show("MainPID")
        said = apt(service, "install", repack(f"9.0.{number}"))
        assert f"9.0.{number}" in said.splitlines()[-1] or " plays: " in said
        assert playing(service) == f"9.0.{number}"
        assert service.show("ActiveState") == "active"
        assert service.show("MainPID") != before
        assert service.out("cat", SETTINGS) == CONFIG.strip()


def test_a_version_that_does_not_start_is_taken_back_and_apt_goes_on(service: Container, repack: Repack) -> None:
    before = playing(service)
    for number in range(3):
        said = apt(service, "install", repack(f"9.1.{number}", FAULT))
        assert "a fault of this version" in said
        assert f"does not play, so {before}-" in said
        assert playing(service) == before
        assert service.show("ActiveState") == "active"
        assert service.out("dpkg-query", "-W", "-f", "${db:Status-Status}", "bachd") == "installed"
    said = apt(service, "install", repack("9.2.0"))  # a good one again, and the package's own unit
    assert playing(service) == "9.2.0"
    assert "/usr/lib/systemd" in service.show("FragmentPath") or "/lib/systemd" in service.show("FragmentPath")


def test_settings_that_the_new_version_refuses_leave_the_music_alone(service: Container, repack: Repack) -> None:
    write(service, "tempo: 1200\n")
    before, process = playing(service), service.show("MainPID")
    said = apt(service, "install", repack("9.3.0"))
    assert f"{SETTINGS}:1: tempo: 1200 is not between 20 and 300" in said
    assert "goes on playing" in said
    assert (playing(service), service.show("MainPID")) == (before, process)
    write(service, CONFIG)
    service.run("dpkg-reconfigure", "-f", "noninteractive", "bachd")
    assert playing(service) == "9.3.0"


def test_an_upgrade_may_be_killed_and_what_starts_then_plays(service: Container, repack: Repack) -> None:
    """Like a power cut while files are unpacked, or while it is configured."""
    before, deb = playing(service), repack("9.4.0")
    script = 'set -m; mkfifo /run/said; dpkg -i "$1" > /run/said 2>&1 &'
    script += ' while read -r line; do case $line in "$0"*) kill -KILL -- -$!; break ;; esac; done < /run/said'
    script += "; wait; rm /run/said"
    for step in ("Unpacking", "Setting up"):
        service.run("sh", "-c", script, step, deb)
        service.run("systemctl", "restart", "bachd")
        assert playing(service) in (before, "9.4.0")
        assert service.show("ActiveState") == "active"
    service.run("dpkg", "--configure", "-a")
    service.run("dpkg", "-i", deb)
    assert playing(service) == "9.4.0"


def test_a_package_for_another_suite_is_refused_in_one_line(service: Container, repack: Repack) -> None:
    process, deb = service.show("MainPID"), repack("9.5.0", suite="sid")
    done = service.run("dpkg", "-i", deb, check=False)
    assert done.returncode == 1
    assert "bachd: this package is for" in done.stderr
    assert service.show("MainPID") == process
    assert service.show("ActiveState") == "active"


def test_whoever_has_stopped_it_finds_it_stopped_after_an_upgrade(service: Container, repack: Repack) -> None:
    service.run("systemctl", "stop", "bachd")
    apt(service, "install", repack("9.6.0"))
    assert service.show("ActiveState") == "inactive"
    service.run("systemctl", "start", "bachd")
    assert playing(service) == "9.6.0"


def test_deploy_installs_the_package_in_place_of_a_release_of_its_own(service: Container, package: Path) -> None:
    service.run(DEPLOY, "install", "--wheels", "/wheels")
    assert service.show("FragmentPath") == "/etc/systemd/system/bachd.service"
    service.run(DEPLOY, "install", "--deb", f"{DEBS}/{package.name}")
    assert playing(service) == service.out("cat", "/usr/lib/bachd/release")
    assert service.run("test", "-e", "/etc/systemd/system/bachd.service", check=False).returncode == 1
    assert service.run("test", "-e", "/usr/local/bin/bachd", check=False).returncode == 1


def test_deploy_says_so_if_a_package_does_not_play(service: Container, repack: Repack) -> None:
    before = playing(service)
    done = service.run(DEPLOY, "install", "--deb", repack("9.7.0", FAULT), check=False)
    assert done.returncode == 1
    assert "it did not play" in done.stderr
    assert playing(service) == before
    assert service.show("ActiveState") == "active"


def test_removed_it_keeps_the_settings_and_purged_nothing(service: Container, package: Path) -> None:
    service.run("apt-get", "remove", "-q", "-y", "bachd")
    assert service.out("cat", SETTINGS) == CONFIG.strip()
    assert service.run("test", "-e", "/opt/bachd", check=False).returncode == 1
    assert service.show("ActiveState") == "inactive"
    without = files(service)
    apt(service, "install", "bachd")
    assert playing(service) == service.out("cat", "/usr/lib/bachd/release")
    service.run(DEPLOY, "uninstall", "--purge")
    left = {path for path in files(service) - without if "__pycache__" not in path}
    assert {path for path in left if "/dpkg/" not in path} == set()
    for path in ("/etc/bachd", "/var/lib/bachd", "/opt/bachd", "/usr/lib/bachd", "/etc/systemd/system/bachd.service"):
        assert service.run("test", "-e", path, check=False).returncode == 1, path
    assert service.run("getent", "passwd", "bachd", check=False).returncode == 2
