# shellcheck shell=bash disable=SC2034  # gadget, din and readonly use what is not used here
# What gadget, din and readonly share: config.txt and cmdline.txt of a Raspberry Pi's boot partition, and how they speak.
#
# Law: a block of lines is written and removed as a whole, between two comments with its name; each file is replaced in one
# step. BACHD_ROOT is where the system is, for tests.

root=${BACHD_ROOT:-}
units=$root/etc/systemd/system

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# as_root ARGUMENT...: go on as root, here or by sudo.
as_root() {
  if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || die "this needs root, and there is no sudo here: log in as root and run it again"
    say "this needs root: sudo"
    exec sudo -- "$0" "$@"
  fi
  [ -d "$root/run/systemd/system" ] || die "systemd does not run here, so nothing would set it up at boot"
}

is_installed() { [ -x "$root/opt/bachd/current/systemd/${0##*/}" ] || die "this is for an installed bachd: ./deploy.sh install first"; }

# Whether root is a layer of memory over the card, as with readonly.
is_overlay() { [ "$(findmnt --noheadings --output FSTYPE / 2> /dev/null)" = overlay ] && [ -d "$root/media/root-ro" ]; }

will_last() {
  ! is_overlay || die "the card is left as it is, so half of this would be gone at the next boot; ./deploy.sh readonly off, reboot, and run this again"
}

# The model of a Raspberry Pi; nothing on another machine.
model() {
  local file=$root/proc/device-tree/model
  if [ -r "$file" ]; then tr -d '\0' < "$file" | grep '^Raspberry Pi' || true; fi
}

# boot_file NAME: its path; bookworm has moved the partition.
boot_file() {
  local folder
  for folder in "$root/boot/firmware" "$root/boot"; do
    if [ -f "$folder/$1" ]; then
      printf '%s\n' "$folder/$1"
      return
    fi
  done
  return 1
}

# replace FILE: with what comes in.
replace() {
  if cat > "$1.new" && mv "$1.new" "$1"; then return; fi
  rm -f "$1.new"
  return 1
}

# Whether config.txt has the block of that NAME.
has_block() {
  local file
  file=$(boot_file config.txt) && grep -qx "# bachd $1: begin" "$file"
}

# write_block NAME LINE...: at the end of config.txt, for every model.
write_block() {
  local file name=$1
  file=$(boot_file config.txt) || return
  shift
  { without_block "$name" "$file" && printf '%s\n' "# bachd $name: begin" '[all]' "$@" "# bachd $name: end"; } | replace "$file"
}

without_block() { sed "/^# bachd $1: begin\$/,/^# bachd $1: end\$/d" "$2"; }

remove_block() {
  local file
  if has_block "$1"; then
    file=$(boot_file config.txt)
    without_block "$1" "$file" | replace "$file"
  fi
}

# config_has PATTERN: whether a line of config.txt that counts matches.
config_has() {
  local file
  file=$(boot_file config.txt) && grep -Eq "^$1" "$file"
}
