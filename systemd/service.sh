# shellcheck shell=bash disable=SC2154  # deploy.sh and release.sh assign what is not assigned here
# bachd as a service of systemd, on this machine or on another one. Part of deploy.sh, whose functions it uses.
#
# Law: what plays goes on until its successor has said READY, and comes back if that fails; each step may be run again.

# shellcheck source=/dev/null
. "$top/systemd/release.sh"
# shellcheck source=/dev/null
. "$top/systemd/kiosk.sh"

remote=.cache/bachd-deploy # on another machine, in the home of whoever logs in

# appliance VERB [HOST] [--wheels DIR | --deb FILE] [--purge]
appliance() {
  local verb=$1 host='' wheels='' deb='' purge=''
  shift
  while [ $# -gt 0 ]; do
    case $verb:$1 in
      install:--wheels | upgrade:--wheels)
        [ -d "${2:-}" ] || die "--wheels needs a folder of wheels, and '${2:-}' is none"
        wheels=$(cd "$2" && pwd -P)
        compgen -G "$wheels/*.whl" > /dev/null || die "there is no wheel in $wheels"
        shift
        ;;
      install:--deb | upgrade:--deb)
        [ -f "${2:-}" ] || die "--deb needs a package, a file, and '${2:-}' is none"
        deb=$(realpath "$2")
        shift
        ;;
      uninstall:--purge) purge=$1 ;;
      *:-*) usage ;;
      *)
        [ -z "$host" ] || usage
        host=$1
        ;;
    esac
    shift
  done
  if [ -n "$host" ]; then
    over_ssh
  elif [ "$verb" = status ]; then
    appliance_status
  elif [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || die "this needs root, and there is no sudo here: log in as root and run it again"
    say "this needs root: sudo"
    exec sudo -- "$top/deploy.sh" "$verb" ${wheels:+--wheels "$wheels"} ${deb:+--deb "$deb"} ${purge:+"$purge"}
  else
    [ -d /run/systemd/system ] || die "systemd does not run here; './deploy.sh try' plays without it"
    [ "$(findmnt --noheadings --output FSTYPE /)" != overlay ] || [ ! -d /media/root-ro ] ||
      die "the card is left as it is, so this would be gone at the next boot; ./deploy.sh readonly off, reboot, and run this again"
    # Not of root's own: the user bachd has to be able to read and run all of it.
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    umask 022
    exec 9> /run/bachd-deploy.lock
    flock --nonblock 9 || die "another deploy.sh is at work on this machine; wait until it has ended"
    exec 8< "$top"
    flock --shared --nonblock 8 || die "another deploy.sh is copying to $top; wait until it has ended"
    trap at_exit EXIT
    case $verb in
      uninstall) appliance_uninstall ;;
      upgrade) [ -L "$base/current" ] || die "bachd is not installed here; sudo ./deploy.sh install" ;;&
      *) if [ -n "$deb" ]; then install_package; else appliance_install; fi ;;
    esac
    doing=''
  fi
}

# Copy what is needed to the other machine, as far as it is not there yet, and go on there.
over_ssh() {
  local terminal=() words=("$verb")
  command -v rsync > /dev/null || die "rsync is missing here: sudo apt-get install rsync"
  # shellcheck disable=SC2029  # $remote is meant to be expanded here
  ssh "$host" "command -v rsync > /dev/null || echo 'rsync is missing there: sudo apt-get install rsync'; mkdir -p $remote/checkout" |
    { ! grep . >&2; } || die "$host is not ready, see above"
  say "copying this checkout to $host:$remote"
  rsync -az --delete --partial --exclude=/.git --filter=':- .gitignore' \
    --rsync-path="flock --nonblock $remote/checkout rsync" "$top/" "$host:$remote/checkout/" ||
    die "the copy broke off, or another deploy.sh is at work there; run this again, and it goes on from there"
  if [ -n "$wheels" ]; then
    say "copying the wheels"
    rsync -a --delete --partial "$wheels/" "$host:$remote/wheels/" ||
      die "the copy broke off; run this again, and it goes on from there"
    words+=(--wheels "$remote/wheels")
  fi
  if [ -n "$deb" ]; then
    rsync -a --partial "$deb" "$host:$remote/" || die "the copy broke off; run this again, and it goes on from there"
    words+=(--deb "$remote/${deb##*/}")
  fi
  [ ! -t 0 ] || terminal=(-t) # sudo may want to ask for a password
  # shellcheck disable=SC2029
  ssh ${terminal[@]+"${terminal[@]}"} "$host" "$remote/checkout/deploy.sh ${words[*]} $purge"
  # shellcheck disable=SC2029
  [ -z "$purge" ] || ssh "$host" "rm -rf $remote"
}

# begin WHAT: what is being done from now on, to be told, and to be told again if it fails.
begin() { doing=$1 && say "$doing"; }

doing='' unfinished='' switched_from=''
at_exit() {
  local code=$?
  trap - EXIT
  set +e
  [ -z "$unfinished" ] || rm -rf "$unfinished" # the disk may be full
  if [ -n "$switched_from" ]; then
    say "going back to ${switched_from##*/}"
    use "$switched_from" && restart && say "${switched_from##*/} plays again: $(status_text)"
  elif [ "$code" != 0 ] && [ -n "$doing" ] && systemctl -q is-active bachd; then
    say "what was installed goes on playing"
  fi
  [ "$code" = 0 ] || [ -z "$doing" ] || say "this failed: ${doing%%;*}. Mend what is said above and run it again"
  exit "$code"
}

status_text() { systemctl show -P StatusText bachd | printable; }

appliance_install() {
  local release before
  system_packages
  service_user
  release=$base/releases/$(release_name)
  before=$(readlink -e "$base/current" || true)
  build "$release"
  settings "$release"
  if [ "$release" = "$before" ] && [ -e "$release/proven" ] && same_files "$release" && systemctl -q is-active bachd; then
    say "${release##*/} is installed already, and plays: $(status_text)"
    return
  fi
  begin "switching to ${release##*/}"
  [ "$release" != "$before" ] || before=''
  # After a power cut in the middle of this, the last that is known to play is not the one in use.
  [ -e "$before/proven" ] || before=$(proven_but "$release")
  switched_from=$before
  use "$release"
  begin "starting it, and waiting until it says READY"
  if ! restart; then
    systemctl stop bachd # at once: its next attempt would only have to be ended for what played before
    journalctl --unit=bachd --lines=12 --no-pager --output=cat | printable >&2 || true
    die "${release##*/} does not play; the lines above are the end of 'journalctl -u bachd'"
  fi
  switched_from=''
  touch "$release/proven"
  remove_all_but "$release" "${before:-$release}"
  say "bachd ${release##*/} plays: $(status_text)"
}

# A package, with what it needs of Debian's. Its postinst waits until it plays, and goes back if it does not.
install_package() {
  begin "installing ${deb##*/}"
  can_apt || die "this system has no apt-get; install bachd without --deb"
  exec 9>&- # postinst waits for this lock
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends --reinstall --allow-downgrades "$deb" >&2 ||
    die "apt-get could not install it; see above"
  [[ $(readlink "$base/current") == "releases/$(cat /usr/lib/bachd/release)"-* ]] || die "it did not play; see above"
  systemctl -q is-active bachd || die "it does not play; see above"
}

# The state of bachd's Debian package: 'installed', 'config-files' once it is removed and not purged, or nothing.
package_state() { dpkg-query -W -f '${db:Status-Status}' bachd 2> /dev/null || true; }

# Python, and the library that talks to the sequencer.
system_packages() {
  local missing=()
  find_python > /dev/null || missing+=(python3 python3-venv)
  if [[ $(ldconfig -p) != *libasound.so.2* ]]; then # from Debian 13 on it has another name
    if [ -n "$(apt-cache -q pkgnames libasound2t64 2> /dev/null)" ]; then missing+=(libasound2t64); else missing+=(libasound2); fi
  fi
  sound_packages
  [ ${#missing[@]} -gt 0 ] || return 0
  begin "installing what is missing here: ${missing[*]}"
  can_apt || die "this system has no apt-get; install Python 3.11 or newer, and ALSA's library, libasound.so.2"
  apt_install "${missing[@]}"
}

service_user() {
  local group
  for group in audio plugdev; do
    getent group $group > /dev/null || groupadd --system $group
  done
  if ! getent passwd bachd > /dev/null; then
    begin "making the user bachd, in the group audio"
    useradd --system --user-group --home-dir /var/lib/bachd --no-create-home --shell /usr/sbin/nologin bachd
  fi
  usermod --append --groups audio,plugdev bachd
}

# settings RELEASE: people's config.yaml stays as it is; a default that differs stands beside it.
settings() {
  if [ -L /etc/bachd ]; then die "/etc/bachd is a link; put a folder there"; fi
  mkdir -p /etc/bachd
  chown bachd /etc/bachd # the page saves there, by putting a new file into its place
  # With that user's rights, since it may have put anything there.
  # shellcheck disable=SC2016  # that shell expands it
  as_bachd sh -c '
    default=$0/config.yaml theirs=/etc/bachd/config.yaml
    put() { rm -f "$1" && cp "$default" "$theirs.$$" && chmod 644 "$theirs.$$" && sync "$theirs.$$" && mv -T "$theirs.$$" "$1"; }
    if [ ! -e $theirs ] && [ ! -L $theirs ]; then
      echo "deploy: writing $theirs" >&2
      put $theirs
    elif cmp -s "$default" $theirs; then
      rm -f $theirs.new
    elif [ -L $theirs.new ] || ! cmp -s "$default" $theirs.new; then
      echo "deploy: keeping $theirs; this version'\''s default is $theirs.new" >&2
      put $theirs.new
    fi
  ' "$1" || die "what is in /etc/bachd is in the way, see above"
}

restart() {
  systemctl reset-failed bachd 2> /dev/null || true
  systemctl restart bachd
}

appliance_uninstall() {
  local to kept=', and so are /etc/bachd and /var/lib/bachd'
  if [[ $(package_state) = installed || ($(package_state) = config-files && -n $purge) ]]; then
    begin "removing the package"
    exec 9>&-
    DEBIAN_FRONTEND=noninteractive apt-get remove ${purge:+--purge} -q -y bachd >&2 ||
      die "apt-get could not remove it; see above"
  fi
  begin "stopping bachd"
  kiosk_off
  sockets_off
  systemctl --quiet disable --now bachd 2> /dev/null || true
  begin "removing it"
  while read -r _ to; do rm -f "$to"; done < <(system_files)
  [ "$(readlink "$command_link")" != "$base/current/venv/bin/bachd" ] || rm "$command_link"
  rm -rf "$base"
  systemctl daemon-reload
  systemctl reset-failed bachd 2> /dev/null || true
  udevadm control --reload 2> /dev/null || true
  if [ -n "$purge" ]; then
    kept=''
    begin "removing the settings, what was recorded, and the user bachd"
    rm -rf /etc/bachd /var/lib/bachd /etc/systemd/system/bachd.service.d
    if getent passwd bachd > /dev/null; then userdel bachd; fi
  fi
  say "bachd is gone; what apt-get installed is still here$kept"
}

appliance_status() {
  [ -L "$base/current" ] || die "bachd is not installed here; sudo ./deploy.sh install"
  printf 'release   %s\n' "$(basename "$(readlink "$base/current")")"
  printf 'service   %s since %s, restarted %s times\n' "$(systemctl show -P SubState bachd)" \
    "$(systemctl show -P StateChangeTimestamp bachd)" "$(systemctl show -P NRestarts bachd)"
  printf 'says      %s\n' "$(status_text)"
  systemctl -q is-active bachd && return
  journalctl --unit=bachd --lines=10 --no-pager --output=cat | printable >&2 || true
  die "it does not play; above is the end of 'journalctl -u bachd'"
}
