"""Check whether this machine can sound by itself: a sound card, the right to it, FluidSynth and a soundfont.

Law: what `bachd run` needs is looked for by the functions that it uses; nothing is opened.
"""

from __future__ import annotations

from typing import Final, Literal

from bachd.config import Config
from bachd.errors import OutputError
from bachd.midi.speaker import availability, sound_card, soundfont
from bachd.service.doctor.machine import Finding, Machine

_NAME: Final = "loudspeaker"
_DEVICES: Final = "dev/snd/pcmC*p"


def loudspeaker(machine: Machine, config: Config, *, jack: bool) -> Finding:
    """Check what the loudspeaker needs, if it is used. jack: whether a JACK server can be reached."""
    asked = "speaker" in config.midi.output
    if not asked and "auto" not in config.midi.output:
        return Finding(_NAME, "ok", "midi.output does not use it")
    if not asked and not availability.has_card(jack=jack):
        instead = "" if config.web.listen is None else "; 'Listen here' on the page plays in the browser"
        return Finding(_NAME, "ok", f"there is no sound card, and none is needed{instead}")
    state: Literal["note", "fault"] = "fault" if asked else "note"
    try:
        availability.check_software(config.speaker.settings)
    except OutputError as fault:
        todo = f"{soundfont.INSTALL}; or set speaker.soundfont in config.yaml"
        return Finding(_NAME, state, str(fault), todo)
    try:
        availability.check(config.speaker.settings, jack=jack)
    except OutputError as fault:
        return Finding(_NAME, state, str(fault), "'aplay -l' lists sound cards; set speaker.card in config.yaml")
    closed = [device for device in machine.glob(_DEVICES) if not machine.may_use(device)]
    if closed:
        group = machine.group_name(closed[0].stat().st_gid)
        seen = f"this user may not open /dev/snd/{closed[0].name}, owned by the group {group}"
        return Finding(_NAME, state, seen, f"sudo usermod -aG {group} $USER, then log in again")
    driver = next(sound_card.drivers(config.speaker.card or "", jack=jack))
    font = soundfont.find(config.speaker.soundfont)
    return Finding(_NAME, "ok", f"FluidSynth with {font.name} on {driver.label}")
