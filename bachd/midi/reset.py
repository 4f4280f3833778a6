"""Make the messages that silence a synth, whatever was played to it before.

Law: safe at any time, for any synth; a synth that does not know one of these messages ignores it.
"""

from __future__ import annotations

from typing import Final

from bachd.music.message import Message, control_change, note_off

CHANNELS: Final = range(16)
_PEDAL, _SOUND_OFF, _NOTES_OFF = 64, 120, 123


def reset() -> list[Message]:
    """Pedal up, all notes off, all sound off on every channel: 48 messages, 46 ms on a DIN cable."""
    return [control_change(channel, control, 0) for channel in CHANNELS for control in (_PEDAL, _NOTES_OFF, _SOUND_OFF)]


def every_note_off(channel: int) -> list[Message]:
    """Return a note_off for each note of a channel (0 to 15), for synths that know no 'all notes off'."""
    return [note_off(channel, note) for note in range(128)]
