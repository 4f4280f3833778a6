"""deploy.sh on a machine of its own: again, interrupted, without room, from afar, and away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.container import Container
from tests.systemd.service import DEPLOY, SETTINGS, files, write

UPGRADE = (DEPLOY, "upgrade", "--wheels", "/wheels")


@pytest.fixture
def newer(shared: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """The checkout is of a newer version for a while, another one for each test."""
    changed = shared / "checkout" / "bachd" / "service" / "daemon.py"
    before = changed.read_text()
    changed.write_text(f"{before}# {request.node.name}\n")
    yield
    changed.write_text(before)


def test_installing_it_again_leaves_the_music_alone(service: Container) -> None:
    before = service.show("MainPID")
    said = service.run(DEPLOY, "install", "--wheels", "/wheels").stderr
    assert "is installed already, and plays" in said
    assert service.show("MainPID") == before


def test_settings_that_this_version_refuses_stop_an_upgrade_before_the_music(service: Container, shared: Path) -> None:
    write(service, "tempo: 1200\n")
    before = service.show("MainPID")
    done = service.run(DEPLOY, "upgrade", "--wheels", "/wheels", check=False)
    assert done.returncode == 1
    assert f"{SETTINGS}:1: tempo: 1200 is not between 20 and 300" in done.stderr
    assert "what was installed goes on playing" in done.stderr
    assert service.show("MainPID") == before


def test_a_faulty_version_is_taken_back_with_all_it_brought(service: Container, shared: Path) -> None:
    before = service.out("readlink", "/opt/bachd/current")
    daemon, release = shared / "checkout/bachd/service/daemon.py", shared / "checkout/systemd/release.sh"
    more = release.with_name("more.conf")
    good = {path: path.read_text() for path in (daemon, release)}
    fault = 'def run(*_: object, **__: object) -> int:\n    raise RuntimeError("a fault of this version")\n'
    daemon.write_text(f"{good[daemon]}\n\n{fault}")
    more.write_text("# a file that earlier versions do not have\n")
    release.write_text(
        good[release].replace("  echo bachd.service", "  echo more.conf /etc/more.conf\n  echo bachd.service")
    )
    try:
        done = service.run(*UPGRADE, check=False)
    finally:
        for path, text in good.items():
            path.write_text(text)
        more.unlink()
    assert done.returncode == 1
    assert "a fault of this version" in done.stderr
    assert f"going back to {before.removeprefix('releases/')}" in done.stderr
    assert service.out("readlink", "/opt/bachd/current") == before
    assert service.show("ActiveState") == "active"
    assert service.run("test", "-e", "/etc/more.conf", check=False).returncode == 1


def test_an_upgrade_may_be_killed_in_any_step_and_run_again(service: Container, newer: None) -> None:
    """Like a power cut in each of them: whatever starts afterwards plays."""
    before = service.out("readlink", "/opt/bachd/current")
    script = """
        mkfifo -m 600 /run/said
        set -m  # a process group of its own
        "$@" 2> /run/said &
        while read -r line; do case $line in *" $0"*) kill -KILL -- -$!; break ;; esac; done < /run/said
        rm /run/said
    """
    for step in ("building", "making", "checking", "switching to", "starting it"):
        service.run("sh", "-c", script, step, *UPGRADE)
        assert service.show("ActiveState") in ("active", "activating", "deactivating")
        service.run("systemctl", "restart", "bachd")
    service.run(*UPGRADE)
    assert service.out("readlink", "/opt/bachd/current") != before
    assert service.show("ActiveState") == "active"
    assert "is installed already, and plays" in service.run(*UPGRADE).stderr


def test_a_wheel_that_is_missing_is_named_and_the_music_goes_on(service: Container, newer: None) -> None:
    before = service.show("MainPID")
    service.run("sh", "-c", "mkdir /run/few && cp /wheels/* /run/few && rm /run/few/rich-*")
    done = service.run(DEPLOY, "upgrade", "--wheels", "/run/few", check=False)
    service.run("rm", "-r", "/run/few")
    assert done.returncode == 1
    assert "rich" in done.stderr
    assert "what was installed goes on playing" in done.stderr
    assert service.show("MainPID") == before


def test_without_room_the_music_goes_on_and_what_was_begun_is_taken_away(service: Container, newer: None) -> None:
    """A card with room for what is installed, and hardly more."""
    service.run(
        "sh",
        "-c",
        "mkdir /run/card && mount -t tmpfs -o size=$(($(du -sm /opt/bachd | cut -f1) + 40))m card /run/card"
        " && cp -a /opt/bachd/. /run/card && mount --bind /run/card /opt/bachd",
    )
    try:
        before, releases = service.show("MainPID"), service.out("ls", "/opt/bachd/releases")
        done = service.run(*UPGRADE, check=False)
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert "what was installed goes on playing" in done.stderr
        assert service.show("MainPID") == before
        assert service.out("ls", "/opt/bachd/releases") == releases
    finally:
        service.run("sh", "-c", "umount --lazy /opt/bachd && umount --lazy /run/card && rmdir /run/card")


@pytest.mark.parametrize("target", ["/etc/cron.d", "/etc/cron.d/planted", "/etc/shadow"])
def test_links_that_the_services_user_has_put_lead_root_nowhere(service: Container, target: str) -> None:
    look = ("sh", "-c", "ls -lR --time-style=full-iso /etc/cron.d && sha256sum /etc/shadow && stat -c %a%U /etc/shadow")
    service.run("mkdir", "-p", "/etc/cron.d")
    service.run("sh", "-c", 'ln -sfT "$1" "$0" && chown -h bachd "$0"', f"{SETTINGS}.new", target)
    before = service.out(*look)
    service.run(DEPLOY, "install", "--wheels", "/wheels")
    assert service.out(*look) == before
    assert service.out("stat", "-c", "%F %U", f"{SETTINGS}.new") == "regular file bachd"


def test_settings_are_checked_with_the_rights_of_the_services_user(service: Container, newer: None) -> None:
    service.run(
        "sh", "-c", "cp /opt/bachd/current/venv/lib/python3*/site-packages/bachd/models/chorales/seeds/bwv269.mid /root"
    )
    service.run("chmod", "600", "/root/bwv269.mid")
    write(service, "seed: {piece: /root/bwv269.mid}\n")
    try:
        done = service.run(*UPGRADE, check=False)
    finally:
        service.run("rm", "/root/bwv269.mid")
    assert done.returncode == 1
    assert "seed.piece: '/root/bwv269.mid' cannot be read: permission denied" in done.stderr


def test_a_wheel_that_was_tampered_with_is_refused(service: Container, newer: None) -> None:
    before = service.show("MainPID")
    service.run(
        "sh", "-c", "cp -r /wheels /run/tampered && for each in /run/tampered/rich-*; do printf x >> $each; done"
    )
    done = service.run(DEPLOY, "upgrade", "--wheels", "/run/tampered", check=False)
    service.run("rm", "-r", "/run/tampered")
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert service.show("MainPID") == before


def test_one_deploy_at_a_time(service: Container) -> None:
    held = ("flock", "/run/bachd-deploy.lock", DEPLOY, "install", "--wheels", "/wheels")
    done = service.run(*held, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "deploy: another deploy.sh is at work on this machine; wait until it has ended\n",
    )


def test_nothing_is_imported_from_the_folder_that_root_is_in(service: Container, newer: None) -> None:
    planted = "mkdir /run/here && cd /run/here && for name in venv ensurepip platform zipfile pip compileall struct; do"
    planted += ' echo \'open("/run/here/ran", "w")\' > $name.py; done && exec "$0" "$@"'
    service.run("sh", "-c", planted, *UPGRADE)
    assert service.run("test", "-e", "/run/here/ran", check=False).returncode == 1
    service.run("rm", "-r", "/run/here")


def test_over_ssh_and_away_without_a_trace(service: Container, untouched: set[str]) -> None:
    for command in (
        "useradd --create-home --groups sudo guest && echo 'guest ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/guest",
        "mkdir -p /root/.ssh ~guest/.ssh && ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519",
        "install -o guest -m 600 /root/.ssh/id_ed25519.pub ~guest/.ssh/authorized_keys",
        "echo StrictHostKeyChecking accept-new > /root/.ssh/config",
    ):
        service.run("sh", "-c", command)
    service.run(DEPLOY, "uninstall")
    afar = (DEPLOY, "install", "guest@127.0.0.1", "--wheels", "/wheels")
    assert service.show("StatusText") in service.run(*afar).stderr.splitlines()[-1]
    assert "is installed already, and plays" in service.run(*afar).stderr
    assert "running" in service.out(DEPLOY, "status", "guest@127.0.0.1")
    service.run(DEPLOY, "uninstall", "guest@127.0.0.1", "--purge")
    # What the visitor needed, among it the copies that useradd keeps of its files; and what apt has read since then.
    visitors: tuple[str, ...] = ("/home/guest", "/root/.ssh", "/etc/sudoers.d/guest", "/etc/subgid-", "/etc/subuid-")
    visitors += ("/var/cache/apt/", "/var/lib/apt/lists/")
    assert {path for path in files(service) - untouched if not path.startswith(visitors)} == set()
    assert service.run("getent", "passwd", "bachd", check=False).returncode == 2
    assert service.run("systemctl", "cat", "bachd", check=False).returncode == 1
    assert not service.out("find", "/home/guest/.cache", "-mindepth", "1")
