"""Define what `--help` says of each verb: its line in the list, what it does, examples, and the exit codes.

The help of an option that is a key of config.yaml stands with the key, in config.py and its neighbours.
"""

from __future__ import annotations

from typing import Final

EXIT_CODES: Final = """exit codes:
  0 success; 64 wrong command line; 69 no such port, model or device, or a full disk; 70 a bug; 78 config.yaml or a
  seed piece is wrong; 79 the machine is to be switched off; 130 Ctrl-C ('run' returns 0)"""
VERBS: Final = {
    "run": (
        "play, until Ctrl-C unless a limit is given",
        "Play Bach-like music on a synth, or into a .mid file where there is none. In a terminal a piano roll shows "
        "it; space pauses, n is for the next piece, r for this one again, + and - for the tempo, k to keep the piece, "
        "s to sleep after a while, q to quit. The options are the keys of config.yaml, where each is explained.",
        ("bachd run", "bachd run --model cello --piece bwv1007-prelude --tempo 70", "bachd run --output FP-30X"),
    ),
    "render": (
        "write music to a file, faster than real time",
        "Write the seed and some bars more to a file: NAME.mid, with a track for each voice; NAME.musicxml, a score "
        "for MuseScore and others; or NAME.wav, which fluidsynth plays.",
        (
            "bachd render bach.mid --bars 64",
            "bachd render -o cello.musicxml --model cello --rng 7",
            "bachd render bach.wav --favourite 1",
            "bachd render harmonised.mid --with tune.mid",
        ),
    ),
    "pieces": (
        "list the pieces that a model can start from",
        "List the seed pieces of a model, with key, metre, length in bars and title; or those that match all WORDS.",
        ("bachd pieces", "bachd pieces wachet auf", "bachd pieces --model keyboard minor 3/8"),
    ),
    "models": (
        "list the models",
        "List the models that came with bachd, and your own: folders beside config.yaml, in bundles/ there, or beside "
        "the one that it names.",
        ("bachd models", "bachd run --model ./bundles/mine"),
    ),
    "ports": ("list the MIDI outputs", "List the MIDI outputs by the names that midi.output takes.", ("bachd ports",)),
    "favourites": (
        "list the pieces that were kept",
        "List what was kept with the key k of 'run' or the heart on the page: number, time, title and model. With a "
        "NUMBER, print its text: 'run' and 'render' take it as --favourite on any machine, and so does a page as "
        "http://ADDRESS:8080/#favourite=TEXT.",
        ("bachd favourites", "bachd favourites 1", "bachd favourites --json"),
    ),
    "learn": (
        "show what your controllers and keys are called in midi.controls",
        "Show what comes in at midi.input, and the line of config.yaml that would make use of it, until Ctrl-C.",
        ("bachd learn",),
    ),
    "check": (
        "check config.yaml, the model and the seed piece without playing",
        "Check all that 'run' would open, and print every fault with its line.",
        ("bachd check", "bachd check --config my.yaml"),
    ),
    "status": (
        "show what the running bachd is doing",
        "Ask the bachd that runs here for its piece, tempo, output, page and faults.",
        ("bachd status",),
    ),
    "doctor": (
        "find known problems, and print what to do about each",
        "Look at this machine for what keeps bachd from playing well, or measure how punctually notes arrive.",
        ("bachd doctor", "bachd doctor --timing --seconds 30"),
    ),
    "panic": (
        "silence hanging notes",
        "Send every output, or the ports that are named, a reset.",
        ("bachd panic", "bachd panic FP-30X"),
    ),
    "bench": (
        "measure how fast this machine composes",
        "Compose for a while, and print how long it took.",
        ("bachd bench",),
    ),
}
"""Each verb: its line in the list, what it does, and examples."""
