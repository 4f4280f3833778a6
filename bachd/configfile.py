"""config.yaml, read: from a file's text to values that have been checked.

Law: all faults are told at once, each with its line and what to do; a key that is missing has the default of config.py.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Final

from bachd.config import DEVICES, LEADERS, ClockOut, Config, Expression, Midi, Sampling, Seed, Web
from bachd.errors import ConfigError, ModelError, suggestion
from bachd.music import expression, pitch
from bachd.neural import bundle, features
from bachd.yamlfile.fields import Faults, Section
from bachd.yamlfile.nodes import MalformedError, Node

_LARGEST: Final = 256 * 1024
"""Bytes; a config.yaml with all its comments has three thousand."""
_FURTHEST: Final = 50
"""Milliseconds between a clock and the music; more could not be sent in time."""
_MOST_CANDIDATES: Final = 64
_NARROWEST: Final = 24
"""Semitones: with fewer the network's voices have no room to move."""


def load(path: Path, home: Path | None = None) -> Config:
    """The settings in a file. Raises ConfigError with all its faults, one a line.

    home: the folder that relative paths start from; the file's own if it is None.
    """
    return parse(read(path), path, home)


def parse(text: str, path: Path, home: Path | None = None) -> Config:
    """The settings that `text` would mean as the content of the file `path`. Raises ConfigError, as `load` does."""
    return understand(tree(text, path), path, home)


def tree(text: str, path: Path) -> Node:
    """The tree of `text`, the content of the file `path`. Raises ConfigError if it is no YAML."""
    from bachd.yamlfile import parse as yaml_parse  # takes its time, and a service seldom needs it; see last_good.py

    try:
        return yaml_parse.read(text)
    except MalformedError as fault:
        raise ConfigError(f"{path}:{fault.line}: {fault.what}") from None


def understand(root: Node, path: Path, home: Path | None = None) -> Config:
    """The settings of a tree that the file `path` holds. Raises ConfigError, as `load` does."""
    faults = Faults(path)
    keys = ("model", "device", "seed", "tempo", "midi", "sampling", "expression", "web")
    config = _read(Section("", root, keys, faults), home or path.absolute().parent)
    faults.check()
    return config


def read(path: Path) -> str:
    """The text of a file of settings. Raises ConfigError if it cannot be read, is too large or no text."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {_reason(error)}") from None
    if len(data) > _LARGEST:
        raise ConfigError(f"{path}: larger than {_LARGEST // 1024} KiB; a config.yaml has a few lines")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _read(top: Section, home: Path) -> Config:
    """All keys; `home` is the folder that relative paths start from."""
    default = Config()
    seed = top.section("seed", ("piece", "bars", "rng"))
    midi = top.section("midi", ("output", "channels", "program", "latency_ms", "input", "clock"))
    sampling = top.section("sampling", ("temperature", "top_p", "key", "leading", "range", "lookahead"))
    model = _model(top, home)
    program = midi.whole("program", 1, 128, None)
    output = _output(midi)
    return Config(
        model=model or default.model,
        device=top.choice("device", DEVICES, default.device),
        seed=Seed(
            piece=_piece(seed, model, home),
            bars=seed.whole("bars", 1, 64, default.seed.bars),
            rng=seed.whole("rng", 0, 2**32 - 1, default.seed.rng),
        ),
        tempo=top.number_or_word("tempo", 20, 300, LEADERS, default.tempo),
        midi=Midi(
            output=output,
            channels=midi.wholes("channels", 1, 16, default.midi.channels),
            program=None if program is None else program - 1,
            latency_ms=midi.number("latency_ms", 0, 500, default.midi.latency_ms),
            input=midi.text("input", default.midi.input),
            clock=_clock(midi, output),
        ),
        sampling=Sampling(
            temperature=sampling.number(
                "temperature", *bundle.SAMPLING_LIMITS["temperature"], default.sampling.temperature
            ),
            top_p=sampling.number("top_p", *bundle.SAMPLING_LIMITS["top_p"], default.sampling.top_p),
            key=sampling.number("key", *bundle.SAMPLING_LIMITS["key"], default.sampling.key),
            leading=sampling.switch("leading", default.sampling.leading),
            range=_range(sampling),
            lookahead=_lookahead(sampling),
        ),
        expression=_expression(top.section("expression", ("swing", "humanise_ms", "ritardando", "dynamics"))),
        web=_web(top),
    )


def _expression(section: Section) -> Expression:
    default = Expression()
    return Expression(
        swing=section.number("swing", expression.STRAIGHT, expression.WIDEST, default.swing),
        humanise_ms=section.number("humanise_ms", 0, 30, default.humanise_ms),
        ritardando=section.number("ritardando", 0, 1, default.ritardando),
        dynamics=section.switch("dynamics", default.dynamics),
    )


def _model(top: Section, home: Path) -> str:
    """The bundle's name, or the absolute path of its folder."""
    name = top.text("model", None)
    if name is None:
        return Config().model
    if "/" in name or name.startswith("~"):
        name = str(home / name)
    try:
        bundle.folder(name)
    except (ModelError, OSError) as error:
        top.fault("model", str(error).removeprefix("model: "))
    return name


def _piece(seed: Section, model: str, home: Path) -> str | None:
    """The name of a piece of the bundle, or the absolute path of a .mid file."""
    name = seed.text("piece", None)
    if name is None:
        return None
    if "/" in name or name.lower().endswith((".mid", ".midi")):
        path = home / name
        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for
                seed.fault("piece", f"{str(path)!r} is no file")
            else:
                path.open("rb").close()
        except OSError as error:
            seed.fault("piece", f"{str(path)!r} cannot be read: {_reason(error)}")
        return str(path)
    try:
        known = bundle.read_card(bundle.folder(model)).seeds
    except (ModelError, OSError):
        return name  # whoever opens the bundle says what is wrong with it
    if name not in known:
        hint = suggestion(name, known) or f"; it has {', '.join(known)}"
        seed.fault("piece", f"no piece {name!r} in model {model!r}{hint}")
    return name


def _output(midi: Section) -> tuple[str, ...]:
    outputs = midi.texts("output", Config().midi.output)
    for output in outputs:
        if output.startswith("file:") and not output.lower().endswith(".mid"):
            midi.fault("output", f"{output!r} names no .mid file; write 'file:NAME.mid'")
    return outputs


def _clock(midi: Section, output: tuple[str, ...]) -> ClockOut | None:
    """Whether and how to send a clock; one offset holds for all outputs."""
    if not midi.is_mapping("clock"):
        return ClockOut() if midi.switch("clock", default=False) else None
    clock = midi.section("clock", ("while_stopped", "offset_ms"))
    if clock.is_mapping("offset_ms"):
        each = clock.section("offset_ms", output)
        offsets = [(name, each.number(name, -_FURTHEST, _FURTHEST, 0.0)) for name in output]
    else:
        offset = clock.number("offset_ms", -_FURTHEST, _FURTHEST, 0.0)
        offsets = [(name, offset) for name in output]
    return ClockOut(clock.switch("while_stopped", default=False), tuple(each for each in offsets if each[1]))


def _lookahead(sampling: Section) -> int | str:
    found = sampling.number_or_word("lookahead", 1, _MOST_CANDIDATES, ("auto",), Sampling().lookahead)
    if isinstance(found, float) and found != int(found):
        sampling.fault("lookahead", f"{found} is no whole number")
    return found if isinstance(found, str) else int(found)


def _range(sampling: Section) -> tuple[int, int] | None:
    """Lowest and highest note, each a name such as 'C2' or a MIDI number."""
    ends = sampling.texts("range", None)
    if ends is None:
        return None
    try:
        low, high = (int(end) if end.isdecimal() else pitch.number(end) for end in ends)
    except ValueError as error:
        sampling.fault("range", str(error) if len(ends) == 2 else "write the lowest and the highest note: [C2, C6]")
        return None
    if min(high, features.HIGHEST) - max(low, features.LOWEST) < _NARROWEST:
        whole = f"{pitch.name(features.LOWEST)} to {pitch.name(features.HIGHEST)}"
        sampling.fault(
            "range", f"leaves the network too little; it plays {whole} and needs {_NARROWEST} semitones of it"
        )
    return low, high


def _web(top: Section) -> Web:
    """The address and port of the page. Unlike other keys, `web: null` says something: no page."""
    if top.nothing("web"):
        return Web(None)
    if top.is_single("web"):
        top.fault("web", "is null for no page; otherwise write 'listen: 127.0.0.1:8080' below it, indented")
        return Web()
    web = top.section("web", ("listen",))
    if web.nothing("listen"):
        return Web(None)
    text = web.text("listen", None)
    if text is None:
        return Web()
    host, _, port = text.rpartition(":")
    try:
        if not (port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536):
            raise ValueError(port)
        address = ip_address("127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]"))
    except ValueError:
        web.fault(
            "listen", f"{text[:40]!r} is no address and port, such as 127.0.0.1:8080, 0.0.0.0:8080 or '[::]:8080'"
        )
        return Web()
    return Web((str(address), int(port)))
