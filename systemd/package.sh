# shellcheck shell=bash disable=SC2154,SC2034  # release.sh and service.sh assign and use what is not assigned or used here
# What the maintainer scripts of bachd's Debian package do.
#
# Law: what plays is a release of its own, hard links to what dpkg has unpacked, so that an upgrade replaces nothing that
# plays. A release that does not start is taken back, and dpkg goes on: other packages are not to wait for this one.

package=/usr/lib/bachd
top=$package wheels=''

say() { printf 'bachd: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# shellcheck source=/dev/null
. "$package/systemd/service.sh"

# What has just been unpacked, as a release: each unpacking makes another inode, which is part of its name.
package_release() { printf '%s/releases/%s-%s\n' "$base" "$(cat "$package/release")" "$(stat -c %i "$package/release")"; }

# link_release RELEASE: make it complete. Links take no room; on another file system than /usr it is copied.
link_release() {
  local release=$1 python name
  [ ! -e "$release/complete" ] || return 0
  mkdir -p "$base/releases"
  remove_all_but "$(readlink -e "$base/current")" "$(proven_but "$release")"
  rm -rf "$release"
  cp -al "$package" "$release" 2> /dev/null || { rm -rf "$release" && cp -a "$package" "$release"; }
  python=$(basename "$release"/venv/lib/python3.*)
  mkdir -p "$release/venv/bin"
  ln -s "/usr/bin/$python" "$release/venv/bin/python"
  for name in bachd:bachd.commands.cli bachd-train:bachd.training.cli; do
    printf '#!%s/venv/bin/python\nimport sys\nfrom %s import main\nsys.exit(main())\n' "$release" "${name#*:}" \
      > "$release/venv/bin/${name%:*}"
    chmod 755 "$release/venv/bin/${name%:*}"
  done
  complete "$release"
}

# withdraw RELEASE: systemd reads the package's own files again, and not those that were put before them for this one.
withdraw() {
  local from to
  while read -r from to; do
    if cmp -s "$1/systemd/$from" "$to"; then rm -f "$to"; fi
  done < <(system_files)
  if [ "$(readlink "$command_link")" = "$base/current/venv/bin/bachd" ]; then rm "$command_link"; fi
}

# Whether services may be started now: not in a chroot, nor where an image is built.
may_start() {
  [ -d /run/systemd/system ] && { [ ! -x /usr/sbin/policy-rc.d ] || /usr/sbin/policy-rc.d bachd restart; }
}

configure_package() {
  local release before='' again="'dpkg-reconfigure bachd' tries again"
  umask 022
  exec 9> /run/bachd-deploy.lock
  flock 9
  service_user
  release=$(package_release)
  link_release "$release"
  settings "$release"
  [ ! -L "$base/current" ] || before=$(readlink -e "$base/current" || true)
  if ! may_start || { [ -n "$before" ] && [ "$(systemctl show -P ActiveState bachd)" = inactive ]; }; then # it was stopped
    withdraw "$before"
    point_to "$release"
    if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
    return
  fi
  if [ "$release" = "$before" ] && [ -e "$release/proven" ]; then
    say "${release##*/} plays: $(status_text)"
    return
  fi
  if [ -n "$before" ] && ! check_settings "$release"; then
    say "so ${before##*/} goes on playing; correct /etc/bachd/config.yaml, and $again"
    return
  fi
  withdraw "$before"
  if [ "$release" = "$before" ] || [ ! -e "$before/proven" ]; then before=$(proven_but "$release"); fi
  point_to "$release"
  prepare_machine
  systemctl daemon-reload
  if restart; then
    touch "$release/proven"
    remove_all_but "$release" "${before:-$release}"
    say "${release##*/} plays: $(status_text)"
    return
  fi
  [ -z "$before" ] || systemctl stop bachd # at once: its next attempt would only have to be ended for what played before
  journalctl --unit=bachd --lines=12 --no-pager --output=cat | printable >&2 || true
  if [ -n "$before" ]; then
    use "$before" && restart && say "${release##*/} does not play, so ${before##*/} plays again; $again"
  else
    say "${release##*/} does not play; 'journalctl -u bachd' says why, and $again"
  fi
}

stop_package() {
  sockets_off
  if [ -d /run/systemd/system ]; then systemctl stop bachd; fi
  withdraw "$(readlink -e "$base/current" || true)"
}
