# shellcheck shell=bash disable=SC2154  # deploy.sh and service.sh assign what is not assigned here
# One release of bachd: named after what it is made of, built, and put to use. Part of deploy.sh.
#
# Law: a release that was interrupted while it was made is never used; what is used is switched in one step, and only when
# all of it is on the disk: whatever is switched back on after a power cut plays.
#
#   /opt/bachd/releases/VERSION-STAMP/   venv, the unit and its like, the default config.yaml; STAMP: of all sources
#     complete                           it has been built to the end
#     proven                             it has said READY
#   /opt/bachd/current                   the one in use

base=/opt/bachd
command_link=/usr/local/bin/bachd

# The wheel of bachd itself, if --wheels holds one; otherwise bachd is made from the checkout.
own_wheel() { [ -z "$wheels" ] || find "$wheels" -name 'bachd-*.whl' | sort -V | tail -n 1; }

release_name() {
  local version wheel link
  link=$(cd "$top" && find bachd models systemd config.yaml setup.cfg pyproject.toml README.md LICENSE -type l -print -quit)
  [ -z "$link" ] || die "$top/$link is a link, and root would follow it; put the file itself there"
  version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$top/bachd/__init__.py")
  wheel=$(own_wheel)
  {
    cd "$top" || return
    find bachd models systemd config.yaml setup.cfg pyproject.toml -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z |
      xargs -0 sha256sum
    [ -z "$wheel" ] || sha256sum < "$wheel"
    "$(find_python)" --version
  } | sha256sum | sed "s/^\(.\{8\}\).*/${version:?}-\1/"
}

# pip_into_release SOURCE: install what bachd needs, wheel by wheel of requirements.txt and no other, and bachd itself.
pip_into_release() {
  local pip=("$venv/bin/python" -I -m pip) options=(--disable-pip-version-check --no-cache-dir --no-compile --quiet)
  [ -z "$wheels" ] || options+=(--no-index --find-links "$wheels")
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *)
      say "there are no checksums of wheels for this kind of machine: pip installs what it finds"
      "${pip[@]}" install "${options[@]}" "$1"
      return
      ;;
  esac
  "${pip[@]}" install "${options[@]}" --only-binary=:all: --require-hashes --requirement "$top/systemd/requirements.txt" &&
    "${pip[@]}" install "${options[@]}" --no-deps --no-build-isolation "$1" &&
    "${pip[@]}" uninstall --disable-pip-version-check --quiet --yes setuptools
}

# as_bachd COMMAND: run it with the rights of the service's user alone: what that user has put into its folders, links
# among it, cannot have more done than it may do itself. It gets nothing of root's environment or terminal, and a minute.
as_bachd() {
  (cd / && exec setpriv --reuid=bachd --regid=bachd --init-groups --no-new-privs --inh-caps=-all --bounding-set=-all \
    env -i PATH="$PATH" HOME=/var/lib/bachd LANG=C.UTF-8 STATE_DIRECTORY=/var/lib/bachd timeout 60 "$@" < /dev/null 9>&-)
}

# Let through what is safe to show on a terminal.
printable() { tr -d '\000-\010\013-\037\177'; }

# build RELEASE: make it complete, from the beginning if it was interrupted.
build() {
  local release=$1 source
  if [ ! -e "$release/complete" ]; then
    begin "building ${release##*/} in $base/releases; the first time takes a minute or two"
    mkdir -p "$base/releases"
    remove_all_but "$(readlink -e "$base/current")" "$(proven_but "$release")" # a memory card is soon full
    unfinished=$release
    mkdir -p "$release/source"
    venv=$release/venv
    make_venv
    source=$(own_wheel)
    if [ -z "$source" ]; then # not in the checkout: setuptools would leave files of root's there
      source=$release/source
      (cd "$top" && cp -r bachd models setup.cfg pyproject.toml README.md LICENSE "$source")
    fi
    pip_into_release "$source" >&2 || die "pip could not install bachd; see above"
    # The service may not write here, so what it imports is compiled now, by all processors; what it never imports is
    # not. As with pip, a file that cannot be compiled is a matter of whoever imports it.
    "$venv/bin/python" -I -m compileall -qq -j 0 -x '/(pip|pygments|training|tests?)/' "$venv/lib" || true
    cp -r "$top/systemd" "$top/config.yaml" "$release"
    rm -rf "$release/source"
    complete "$release"
    # shellcheck disable=SC2034  # service.sh takes away what is unfinished when it ends
    unfinished=''
  fi
  check_settings "$release" || exit 1
}

# complete RELEASE: say that it has been built to the end, and is on the disk.
complete() {
  "$1/venv/bin/bachd" --version > "$1/complete.new"
  sync -f "$1"
  mv "$1/complete.new" "$1/complete"
}

# check_settings RELEASE: whether it takes what is in /etc/bachd; says why if it does not.
check_settings() {
  local code=0 said
  as_bachd test -e /etc/bachd/config.yaml || return 0
  begin "checking /etc/bachd/config.yaml"
  said=$(as_bachd "$1/venv/bin/bachd" check --config /etc/bachd/config.yaml 2>&1 > /dev/null | printable) || code=$?
  # Of what it finds only the file itself is a reason to stop: a synth may be switched off.
  [ "$code" = 78 ] || return 0
  say "$said"
  return 1
}

# What of a release's folder systemd/ goes where. A release that has no such file has it removed.
system_files() {
  echo bachd.service /etc/systemd/system/bachd.service
  echo modules-load.d/bachd.conf /etc/modules-load.d/bachd.conf
  echo udev/70-bachd.rules /etc/udev/rules.d/70-bachd.rules
}

same_files() {
  local from to
  while read -r from to; do
    if [ -e "$1/systemd/$from" ]; then cmp -s "$1/systemd/$from" "$to"; else [ ! -e "$to" ]; fi || return
  done < <(system_files)
}

# use RELEASE: it is what starts from now on.
use() {
  local from to
  while read -r from to; do
    if [ ! -e "$1/systemd/$from" ]; then
      rm -f "$to"
      continue
    fi
    mkdir -p "${to%/*}"
    command install -m 644 "$1/systemd/$from" "$to.new" && sync "$to.new" && mv "$to.new" "$to" || return
  done < <(system_files)
  point_to "$1" || return
  if [ ! -e "$command_link" ]; then ln -sfn "$base/current/venv/bin/bachd" "$command_link"; fi
  prepare_machine
  systemctl daemon-reload && systemctl --quiet enable bachd
}

# point_to RELEASE: it is the one in use.
point_to() { ln -sfn "releases/${1##*/}" "$base/current.new" && mv -T "$base/current.new" "$base/current"; }

# What a boot does for the service by itself.
prepare_machine() {
  local vendor
  modprobe -q snd-seq || say "the kernel module snd-seq cannot be loaded here; without it there is no MIDI"
  udevadm control --reload 2> /dev/null || true
  for vendor in 1a6e 18d1; do # a Coral that is plugged in already
    udevadm trigger --subsystem-match=usb --attr-match=idVendor=$vendor 2> /dev/null || true
  done
}

# Take away what makes this machine a USB instrument, or plays through a UART.
sockets_off() {
  local each
  for each in gadget din; do
    if [ -e "/etc/systemd/system/bachd-$each.service" ]; then "$top/systemd/$each" off; fi
  done
}

# remove_all_but RELEASE RELEASE
remove_all_but() {
  find "$base/releases" -mindepth 1 -maxdepth 1 ! -path "$1" ! -path "$2" -exec rm -rf {} +
}

# proven_but RELEASE: the latest other one that has said READY, if there is one.
proven_but() {
  find "$base/releases" -mindepth 2 -maxdepth 2 -name proven ! -path "$1/*" -printf '%T@ %h\n' | sort -n | sed -n '$s/^[^ ]* //p'
}
