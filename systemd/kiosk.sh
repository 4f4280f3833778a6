# shellcheck shell=bash
# shellcheck disable=SC2154  # deploy.sh assigns what is not assigned here
# The page on this machine's display, from boot on. Part of deploy.sh, whose functions it uses.
#
# Law: the service bachd is not touched; each step may be run again, and what is done is undone by --off.

kiosk_unit=/etc/systemd/system/bachd-kiosk.service

# kiosk [roll|score] [--off]
kiosk() {
  local view=roll off='' argument
  for argument; do
    case $argument in
      roll | score) view=$argument ;;
      --off) off=$argument ;;
      *) die "kiosk: '$argument' is not known; kiosk [roll|score], or kiosk --off" ;;
    esac
  done
  if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || die "this needs root, and there is no sudo here: log in as root and run it again"
    say "this needs root: sudo"
    exec sudo -- "$top/deploy.sh" kiosk "$view" ${off:+"$off"}
  fi
  [ -d /run/systemd/system ] || die "systemd does not run here; open http://127.0.0.1:8080/#stage in a browser"
  if [ -n "$off" ]; then
    [ -e "$kiosk_unit" ] || die "there is no kiosk on this machine"
    kiosk_off
    say "the display is free again; what apt-get installed is still here"
    return
  fi
  [ -x /opt/bachd/current/systemd/kiosk ] || die "the kiosk shows an installed bachd: ./deploy.sh install first"
  ! systemctl --quiet is-active display-manager ||
    die "a desktop has the display; open http://127.0.0.1:8080/#stage in its browser, and press F11"
  kiosk_packages
  kiosk_user
  sed "/^ExecStart=/s/ roll\$/ $view/" "$top/systemd/bachd-kiosk.service" > "$kiosk_unit.new"
  mv "$kiosk_unit.new" "$kiosk_unit"
  systemctl daemon-reload
  systemctl --quiet enable bachd-kiosk
  if [ ! -e /dev/dri ]; then
    say "there is no display here yet; with one, it starts at the next boot"
    return
  fi
  systemctl restart bachd-kiosk
  if ! kiosk_stays; then
    journalctl --unit=bachd-kiosk --lines=6 --no-pager --output=cat | printable >&2 || true
    die "it does not come up, and is tried again; the lines above are the end of 'journalctl -u bachd-kiosk'"
  fi
  say "the $view is on the display; 'journalctl -u bachd-kiosk' says more, './deploy.sh kiosk --off' takes it away"
}

# Whether it runs, and still does when it has had the time to fail.
kiosk_stays() {
  local _
  for _ in 1 2 3 4 5 6 7 8; do
    sleep 1
    [ "$(systemctl show -P SubState bachd-kiosk)" = running ] || return 1
  done
}

kiosk_packages() {
  local missing=()
  command -v cage > /dev/null || missing+=(cage)
  command -v Xwayland > /dev/null || missing+=(xwayland) # without which Debian 12's cage ends at once
  command -v chromium > /dev/null || command -v chromium-browser > /dev/null || missing+=(chromium)
  [ ${#missing[@]} = 0 ] && return
  can_apt || die "these are missing: ${missing[*]}"
  apt_install "${missing[@]}" || die "apt-get could not install ${missing[*]}; see above"
}

# Somebody who may use the display, and ask bachd where its page is: the group audio.
kiosk_user() {
  local group groups=()
  for group in audio video render input; do
    if getent group "$group" > /dev/null; then groups+=("$group"); fi
  done
  if ! getent passwd bachd-kiosk > /dev/null; then
    useradd --system --user-group --home-dir /var/lib/bachd-kiosk --no-create-home --shell /usr/sbin/nologin bachd-kiosk
  fi
  usermod --append --groups "$(IFS=, && printf '%s' "${groups[*]}")" bachd-kiosk
}

# Take away all but what apt-get installed.
kiosk_off() {
  [ -e "$kiosk_unit" ] || return 0
  systemctl --quiet disable --now bachd-kiosk 2> /dev/null || true
  rm -rf "$kiosk_unit" /etc/systemd/system/bachd-kiosk.service.d /var/lib/bachd-kiosk
  systemctl daemon-reload
  if getent passwd bachd-kiosk > /dev/null; then userdel bachd-kiosk; fi
  # Somebody may log in there again.
  if systemctl --quiet is-enabled getty@tty1 2> /dev/null; then systemctl start getty@tty1; fi
}
