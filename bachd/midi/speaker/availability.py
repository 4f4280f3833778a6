"""See whether this machine can sound by itself: a sound card, FluidSynth and a soundfont.

Law: nothing is opened or loaded; what can be known of a fault without that is known here, for `check` and `doctor`.
"""

from __future__ import annotations

from bachd.errors import OutputError
from bachd.midi.speaker import sound_card, soundfont
from bachd.midi.speaker.settings import USUAL, SpeakerSettings


def check(settings: SpeakerSettings, *, jack: bool) -> None:
    """Raise OutputError, with what to do, if the loudspeaker cannot be used. jack: whether a server can be reached."""
    check_software(settings)
    if not any(True for _ in sound_card.drivers(settings.card or "", jack=jack)):
        raise OutputError(f"speaker: {sound_card.NO_CARD}")


def check_software(settings: SpeakerSettings) -> None:
    """Raise OutputError, with what to do, if FluidSynth or its soundfont is missing, or that is damaged."""
    if not sound_card.has_library():
        raise OutputError(f"speaker: FluidSynth is not installed: {soundfont.INSTALL}")
    try:
        soundfont.find(settings.soundfont)
    except OutputError as fault:
        raise OutputError(f"speaker: {fault}") from None


def has_card(*, jack: bool) -> bool:
    """Return whether there is a sound card. jack: whether a JACK server can be reached."""
    return sound_card.is_there(jack=jack)


def is_ready(settings: SpeakerSettings = USUAL, *, jack: bool = False) -> bool:
    """Return whether the loudspeaker can be expected to sound. jack: whether a JACK server can be reached."""
    return has_card(jack=jack) and has_software(settings)


def has_software(settings: SpeakerSettings) -> bool:
    """Return whether FluidSynth and a soundfont are there."""
    try:
        check_software(settings)
    except OutputError:
        return False
    return True
