"""Name the programs of General MIDI, and find one by its name.

Law: numbers are people's, 1 to 128; upper and lower case do not count.

The names are those of the General MIDI Level 1 sound set (MIDI Association, RP-003).
"""

from __future__ import annotations

from typing import Final

from bachd.errors import did_you_mean

_NAMES: Final = """
acoustic grand piano, bright acoustic piano, electric grand piano, honky-tonk piano, electric piano 1, electric piano 2,
harpsichord, clavi, celesta, glockenspiel, music box, vibraphone, marimba, xylophone, tubular bells, dulcimer,
drawbar organ, percussive organ, rock organ, church organ, reed organ, accordion, harmonica, tango accordion,
acoustic guitar (nylon), acoustic guitar (steel), electric guitar (jazz), electric guitar (clean),
electric guitar (muted), overdriven guitar, distortion guitar, guitar harmonics,
acoustic bass, electric bass (finger), electric bass (pick), fretless bass, slap bass 1, slap bass 2, synth bass 1,
synth bass 2, violin, viola, cello, contrabass, tremolo strings, pizzicato strings, orchestral harp, timpani,
string ensemble 1, string ensemble 2, synthstrings 1, synthstrings 2, choir aahs, voice oohs, synth voice,
orchestra hit, trumpet, trombone, tuba, muted trumpet, french horn, brass section, synthbrass 1, synthbrass 2,
soprano sax, alto sax, tenor sax, baritone sax, oboe, english horn, bassoon, clarinet,
piccolo, flute, recorder, pan flute, blown bottle, shakuhachi, whistle, ocarina,
lead 1 (square), lead 2 (sawtooth), lead 3 (calliope), lead 4 (chiff), lead 5 (charang), lead 6 (voice),
lead 7 (fifths), lead 8 (bass + lead), pad 1 (new age), pad 2 (warm), pad 3 (polysynth), pad 4 (choir), pad 5 (bowed),
pad 6 (metallic), pad 7 (halo), pad 8 (sweep), fx 1 (rain), fx 2 (soundtrack), fx 3 (crystal), fx 4 (atmosphere),
fx 5 (brightness), fx 6 (goblins), fx 7 (echoes), fx 8 (sci-fi), sitar, banjo, shamisen, koto, kalimba, bag pipe,
fiddle, shanai, tinkle bell, agogo, steel drums, woodblock, taiko drum, melodic tom, synth drum, reverse cymbal,
guitar fret noise, breath noise, seashore, bird tweet, telephone ring, helicopter, applause, gunshot
"""
NAMES: Final = tuple(name.strip() for name in _NAMES.split(","))
"""From program 1 on."""
_USUAL: Final = {
    "piano": 1,
    "grand piano": 1,
    "clavichord": 8,
    "organ": 20,
    "guitar": 25,
    "bass": 33,
    "strings": 49,
    "string ensemble": 49,
    "choir": 53,
}
"""What is meant by a word that several programs have in their names, or by one that none has."""


def number(given: str) -> int:
    """Return the program that a name stands for: all of it, or words that only one has.

    Raises ValueError: which programs it may be, or the most similar name.
    """
    name = " ".join(given.lower().split())
    if name in NAMES:
        return NAMES.index(name) + 1
    if name in _USUAL:
        return _USUAL[name]
    words = set(name.split())
    found = [place for place, each in enumerate(NAMES, 1) if words and words <= set(_words(each))]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"may be {', '.join(f'{place} ({NAMES[place - 1]})' for place in found)}; write its number")
    hint = did_you_mean(name, (*NAMES, *_USUAL))
    raise ValueError(f"is no program of General MIDI{hint or '; write its number, such as 43 for a cello'}")


def _words(name: str) -> list[str]:
    return name.replace("(", "").replace(")", "").split()
