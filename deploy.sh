#!/usr/bin/env bash
# The ways to bachd from a checkout. Each may be run again, and does what is still to be done. Without root:
#
#   ./deploy.sh try  [ARGUMENTS]   set bachd up in .venv, in this folder, and play: 'bachd run ARGUMENTS'
#   ./deploy.sh test [ARGUMENTS]   set up what the tests need, too, and run them: 'pytest ARGUMENTS'
#
# As a service that starts with the machine: with sudo on this one, or from here by ssh on USER@HOST.
#
#   ./deploy.sh install   [USER@HOST] [--wheels DIR]   install it, start it, wait until it plays; DIR: without a network
#                         [USER@HOST] --deb FILE       the same with a package of packaging/deb/build
#   ./deploy.sh upgrade   [USER@HOST] [--wheels DIR]   the same if it is installed; the old one comes back if this fails
#   ./deploy.sh uninstall [USER@HOST] [--purge]        remove it; with --purge its settings and recordings, too
#   ./deploy.sh status    [USER@HOST]                  say what is installed, and whether it plays
#   ./deploy.sh kiosk     [roll|score] [--off]         show its page on this machine's display, from boot on
#   ./deploy.sh din       UART|off                     play to DIN sockets on a UART: uart0 is that of a MIDI HAT
#   ./deploy.sh gadget    on|off                       be a USB MIDI instrument for the computer at the USB port
#   ./deploy.sh readonly  on|off                       leave the card as it is, so that power may fail at any time
#
#   ./deploy.sh card BOOT-PARTITION    have a freshly flashed Raspberry Pi OS install bachd at its first boot, and play

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
venv=$top/.venv

say() { printf 'deploy: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}
usage() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 64
}

# Debian and its like, with the right to install packages.
can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; }

apt_install() {
  say "installing with apt-get: $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq > /dev/null && apt-get install -qq -y --no-install-recommends "$@" > /dev/null
}

# Python is run with -I throughout: nothing is imported from the folder this is called in, nor from PYTHONPATH.
#
# The first Python of at least 3.11 that runs. A pyenv shim may exist for a version that is not switched on.
find_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11; do
    if "$candidate" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# Unpack Python's own pip into $venv: 'python -m venv' takes ten times as long, most of it to compile pip.
pip_into_venv() {
  "$venv/bin/python" -I - << 'PYTHON'
import ensurepip, sysconfig, zipfile
from pathlib import Path

folder = sysconfig.get_config_var("WHEEL_PKG_DIR") or Path(ensurepip.__file__).parent / "_bundled"
zipfile.ZipFile(next(Path(folder).glob("pip-*.whl"))).extractall(sysconfig.get_path("purelib"))
PYTHON
}

# Make $venv.
make_venv() {
  local python version
  if ! python=$(find_python); then
    can_apt || die "bachd needs Python 3.11 or newer. On Debian: sudo apt-get install python3 python3-venv"
    apt_install python3 python3-venv
    python=$(find_python) || die "bachd needs Python 3.11 or newer; this system's is older"
  fi
  version=$("$python" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if ! "$python" -I -c 'import ensurepip, venv' 2> /dev/null; then
    can_apt || die "Python's venv module is missing. On Debian: sudo apt-get install python$version-venv"
    apt_install "python$version-venv"
  fi
  if "$python" -I -c 'import platform, sys; sys.exit(sys.maxsize > 2**32 or platform.machine() != "aarch64")'; then
    die "this is a 32-bit system on a 64-bit kernel, for which no TFLite runtime exists; use a 64-bit system"
  fi
  say "making $venv with Python $version"
  "$python" -I -m venv --clear --without-pip "$venv"
  pip_into_venv
}

# What an installation depends on. The sources are not in it: they are used from where they are.
fingerprint() {
  printf '%s\n' "$1" "$top" "$(readlink -f "$venv/bin/python")"
  cat "$top/setup.cfg" "$top/pyproject.toml"
}

# install EXTRA: see that .venv holds bachd with that extra ('' is none). One deploy.sh at a time in this folder.
install() {
  (
    if command -v flock > /dev/null && ! flock --nonblock 8; then
      say "waiting for another deploy.sh that is at work in $top"
      flock 8
    fi
    install_alone "$1"
  ) 8< "$top"
}

install_alone() {
  local stamp="$venv/installed${1:+-$1}"
  if [ -f "$stamp" ] && fingerprint "$1" | cmp -s - "$stamp"; then
    return
  fi
  if [ -e "$venv" ] && [ ! -w "$venv" ]; then
    die "$venv belongs to somebody else; take it away and try again: sudo rm -rf $venv $top/bachd.egg-info"
  fi
  "$venv/bin/python" -I -m pip --version > /dev/null 2>&1 || make_venv
  say "installing bachd${1:+ and what its ${1}s need} into $venv; the first time takes a minute or two"
  # What is never imported need not be compiled; the rest is, at its first import.
  pip_install --no-compile --editable "$top${1:+[$1]}" || die "pip could not install bachd; see above"
  fingerprint "$1" > "$stamp"
}

# pip_install ARGUMENTS: on a terminal one line says what pip is doing; all that it says is shown if it fails.
pip_install() {
  local log code=0
  log=$(mktemp)
  "$venv/bin/python" -I -m pip install --disable-pip-version-check --progress-bar=off "$@" 2>&1 | tee "$log" | one_line || code=$?
  [ "$code" = 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$code"
}

one_line() {
  local what rest
  while read -r what rest; do
    [ -t 2 ] || continue
    rest=${rest##*/} # of a file: its name
    case $what in
      Collecting | Downloading) printf '\r\033[K  %s %.50s' "$what" "${rest%%[ (]*}" >&2 ;;
      Installing) printf '\r\033[K  Installing' >&2 ;;
    esac
  done
  [ ! -t 2 ] || printf '\r\033[K' >&2
}

# run_tests [ARGUMENTS]: first all tests but those that must be scheduled in time, in several processes (see
# tests/conftest.py), then these, alone. Whoever chooses by a mark, asks for a report in a file or wants nothing run has
# one pass, just as asked for.
run_tests() {
  local argument code=0 late=0 tally=''
  set -- -n auto --dist loadfile "$@"
  for argument; do
    case $argument in
      -m* | --markexpr* | --junit* | --co | --collect-only | -h | --help | --version | --markers | --fixtures*) tally=none ;;
    esac
  done
  [ -z "$tally" ] || exec "$venv/bin/python" -m pytest "$@"
  tally=$(mktemp)
  BACHD_TALLY=$tally "$venv/bin/python" -m pytest -p tests.tally -m 'not realtime' "$@" || code=$?
  case $code in # 0: passed; 1: some failed; 5: none was chosen; all else: it could not go on, or was interrupted
    0 | 1 | 5) BACHD_TALLY=$tally "$venv/bin/python" -m pytest -p tests.tally -m realtime "$@" || late=$? ;;
  esac
  printf 'deploy: tests: %s\n' "$("$venv/bin/python" -m tests.tally "$tally")" >&2
  rm -f "$tally"
  [ "$code" != 5 ] || code=$late late=5
  if [ "$code" = 0 ] && [ "$late" != 5 ]; then code=$late; fi
  return "$code"
}

# What the tests play with: a JACK server, a synth with a sound, which bring ALSA's library along, and a stopwatch.
test_packages() {
  local missing=()
  command -v jackd > /dev/null || missing+=(jackd2)
  command -v fluidsynth > /dev/null || missing+=(fluidsynth)
  command -v cyclictest > /dev/null || missing+=(rt-tests)
  [ -n "$(find /usr/share/sounds/sf2 /usr/share/soundfonts -name '*.sf2' -print -quit 2> /dev/null)" ] ||
    missing+=(timgm6mb-soundfont)
  if [ ${#missing[@]} -gt 0 ]; then
    if can_apt; then
      apt_install "${missing[@]}"
    else
      say "some tests will be skipped. To run them, too, on Debian: sudo apt-get install ${missing[*]}"
    fi
  fi
  # Two networks, to ask for the page from one in the other.
  if can_apt && ! command -v ip > /dev/null; then
    apt_install iproute2
  fi
  # From Debian 13 on, JACK's small tools are a package of their own.
  if can_apt && ! command -v jack_wait > /dev/null; then
    apt_install jack-example-tools
  fi
}

# What plays on the loudspeaker while there is no synth. Without a sound card it is not needed, and without a network the
# music plays on: a line says what to install.
sound_packages() {
  grep -qs playback /proc/asound/pcm || return 0
  local missing=()
  [ -n "$(find /usr/lib /usr/local/lib -name 'libfluidsynth.so.*' -print -quit 2> /dev/null)" ] || missing+=(libfluidsynth3)
  [ -n "$(find /usr/share/sounds /usr/share/soundfonts -name '*.sf[23]' -print -quit 2> /dev/null)" ] ||
    missing+=(timgm6mb-soundfont)
  [ ${#missing[@]} -gt 0 ] || return 0
  if can_apt && apt_install "${missing[@]}"; then return; fi
  say "to hear the music from the loudspeaker, on Debian: sudo apt-get install ${missing[*]}"
}

verb=${1:-}
[ $# -eq 0 ] || shift
case $verb in
  try)
    sound_packages
    install ''
    exec "$venv/bin/bachd" run "$@"
    ;;
  test)
    test_packages
    install test
    cd "$top"
    run_tests "$@"
    ;;
  install | upgrade | uninstall | status)
    # shellcheck source=/dev/null
    . "$top/systemd/service.sh"
    appliance "$verb" "$@"
    ;;
  kiosk)
    # shellcheck source=/dev/null
    . "$top/systemd/kiosk.sh"
    kiosk "$@"
    ;;
  gadget | din | readonly) exec "$top/systemd/$verb" "$@" ;;
  card) exec "$top/packaging/card/prepare" "$@" ;;
  '' | -h | --help | help) usage ;;
  *)
    say "no verb '$verb'; './deploy.sh' alone lists them"
    exit 64
    ;;
esac
