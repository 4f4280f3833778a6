"""Define the kinds of values that only config.yaml has: bundle, piece, outputs, clock, range of notes, address.

Law: a relative path starts from the folder of the file; what a name stands for is there, or it is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from bachd.errors import ModelError
from bachd.midi.port_names import normal
from bachd.music import pitch, smf
from bachd.neural import features
from bachd.neural.bundle import bundle, piece_names
from bachd.neural.bundle.card import read_card
from bachd.yamlfile import kinds
from bachd.yamlfile.fields import Section
from bachd.yamlfile.kinds import Kind
from bachd.yamlfile.text import reason

_FURTHEST: Final = 50
"""Milliseconds between a clock and the music; more could not be sent in time."""
_CHANNELS: Final = tuple(str(channel) for channel in range(1, 17))
_BANK: Final = re.compile(r"([0-9]{1,3})(?:/([0-9]{1,3}))?")
_HOST: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
"""A name in DNS (RFC 1123), an underscore allowed for."""
_NARROWEST: Final = 24
"""Semitones: with fewer the network's voices have no room to move."""


def bundle_name() -> Kind:
    """Return a bundle that came with bachd, in any case, or the path of a folder, made absolute."""
    return Kind(_bundle)


def seed_piece() -> Kind:
    """Return a piece of the bundle, or the path of a .mid file, made absolute."""
    return Kind(_piece)


def outputs(*words: str) -> Kind:
    """Return outputs of the music: some of the words, in any case, .mid files and names of ports."""

    def read(section: Section, name: str, default: Any) -> Any:
        found = tuple(map(normal, section.texts(name, default, words)))
        for output in found:
            if output.startswith("file:") and not output.lower().endswith(".mid"):
                section.fault(name, f"{output!r} is not the name of a .mid file; write 'file:NAME.mid'")
        return found

    return Kind(read, example=kinds.only_or_all)


def per_channel(kind: Kind) -> Kind:
    """Return one value for every channel, or pairs of a channel and its value from a mapping of channels."""

    def read(section: Section, name: str, default: Any) -> Any:
        if not section.is_mapping(name):
            return kind.read(section, name, default)
        each = section.section(name, _CHANNELS)
        found = [(int(channel), kind.read(each, channel, None)) for channel in _CHANNELS]
        return tuple((channel, value) for channel, value in found if value is not None)

    def plain(value: Any) -> Any:
        return {str(channel): kind.plain(v) for channel, v in value} if isinstance(value, tuple) else kind.plain(value)

    return Kind(read, kind.limits, plain)


def bank() -> Kind:
    """Return a bank for every channel, or pairs of a channel and its bank.

    A synth takes a bank with the next Program Change (MIDI 1.0 Detailed Specification, Bank Select), so `program`,
    which is read before, has to be there.
    """
    each = per_channel(Kind(_bank_number, plain=lambda value: None if value is None else f"{value >> 7}/{value & 127}"))

    def read(section: Section, name: str, default: Any) -> Any:
        found, program = each.read(section, name, default), section.read["program"]
        channels = dict(found) if isinstance(found, tuple) else ()
        known = dict(program) if isinstance(program, tuple) else None
        lacking = [
            str(channel) for channel in channels if program is None or (known is not None and channel not in known)
        ]
        if lacking or (found is not None and program is None):
            where = f" for channel {', '.join(lacking)}" if lacking else ""
            section.fault(name, f"a synth takes a bank with the next program; set midi.program{where}, too")
        return found

    return Kind(read, plain=each.plain)


def hosts() -> Kind:
    """Return names of hosts, in lower case."""

    def read(section: Section, name: str, default: Any) -> Any:
        found = section.texts(name, default)
        for host in found:
            if not _HOST.fullmatch(host):
                section.fault(name, f"{host[:60]!r} is not the name of a host; write it without http:// and port")
        return tuple(host.lower() for host in found)

    return Kind(read, example=lambda value: value or None)


def clock(make: Callable[[bool, tuple[tuple[str, float], ...]], Any]) -> Kind:
    """Return whether and how to send a MIDI clock; None is not at all.

    make: makes the value from `while_stopped` and from the offsets that are not 0, by outputs.
    """

    def read(section: Section, name: str, default: Any) -> Any:
        if not section.is_mapping(name):
            return make(False, ()) if section.switch(name, default=default is not None) else None
        clock, outputs = section.section(name, ("while_stopped", "offset_ms")), section.read["output"]
        if clock.is_mapping("offset_ms"):
            each = clock.section("offset_ms", outputs)
            offsets = [(output, each.number(output, -_FURTHEST, _FURTHEST, 0.0)) for output in outputs]
        else:
            offset = clock.number("offset_ms", -_FURTHEST, _FURTHEST, 0.0)
            offsets = [(output, offset) for output in outputs]
        return make(clock.switch("while_stopped", default=False), tuple(each for each in offsets if each[1]))

    def plain(value: Any) -> Any:
        return value and {"while_stopped": value.while_stopped, "offsets_ms": value.offsets_ms}

    return Kind(read, plain=plain, example=lambda value: value is not None)


def whole_or_word(low: int, high: int, *words: str) -> Kind:
    """Return a whole number, or one of some words in any case."""

    def read(section: Section, name: str, default: Any) -> Any:
        found = section.number_or_word(name, low, high, words, default)
        if isinstance(found, float):
            if found != int(found):
                section.fault(name, f"{found:g} is not a whole number")
            found = int(found)
        return found

    return Kind(read, (low, high), whole=True)


def note_range() -> Kind:
    """Return the lowest and the highest note, each a name such as 'C2' or a MIDI number."""
    return Kind(_range, plain=lambda value: value and [pitch.name(end) for end in value])


def address() -> Kind:
    """Return an IP address and a port; null is None, not the default."""
    return Kind(_address, example=lambda value: value and ":".join(map(str, value)))


def _bank_number(section: Section, name: str, default: Any) -> Any:
    given = section.text(name, None)
    if given is None:
        return default
    found = _BANK.fullmatch(given)
    msb, lsb = (int(part or 0) for part in found.groups()) if found else (128, 0)
    if msb > 127 or lsb > 127:
        section.fault(
            name, f"{given[:20]!r} is not a bank; write MSB/LSB, each 0 to 127, such as 87/64, or the MSB alone"
        )
        return default
    return msb * 128 + lsb


def _bundle(section: Section, name: str, default: Any) -> Any:
    given = section.text(name, None, bundle.names())
    if given is None:
        return default
    if "/" in given or given.startswith("~"):
        given = str(section.home / given)
    try:
        bundle.folder(given)
    except (ModelError, OSError) as error:
        section.fault(name, str(error).removeprefix("model: "))
    return given


def _piece(section: Section, name: str, default: Any) -> Any:
    if not section.is_set(name):
        return default
    model = section.above.read["model"] if section.above else ""
    try:
        known = tuple(read_card(bundle.folder(model)).seeds)
    except (ModelError, OSError):
        known = ()  # opening the bundle reports what is wrong with it
    given = section.text(name, None, known)
    if given is None:
        return default
    if "/" in given or given.lower().endswith(smf.ENDINGS):
        return _file(section, name, section.home / given)
    try:
        return piece_names.find(given, model, known) if known else given
    except ModelError as error:
        section.fault(name, str(error))
        return given


def _file(section: Section, name: str, path: Path) -> str:
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            section.fault(name, f"{str(path)!r} is not a file")
        else:
            path.open("rb").close()
    except OSError as error:
        section.fault(name, f"{str(path)!r} cannot be read: {reason(error)}")
    except UnicodeEncodeError:
        section.fault(name, f"{str(path)!a} cannot be read: LANG and LC_ALL name a locale without these letters")
    return str(path)


def _range(section: Section, name: str, default: Any) -> Any:
    ends = section.texts(name, None)
    if ends is None:
        return default
    try:
        low, high = (int(end) if end.isdecimal() else pitch.number(end) for end in ends)
    except ValueError as error:
        section.fault(name, str(error) if len(ends) == 2 else "write the lowest and the highest note: [C2, C6]")
        return default
    if min(high, features.HIGHEST) - max(low, features.LOWEST) < _NARROWEST:
        whole = f"{pitch.name(features.LOWEST)} to {pitch.name(features.HIGHEST)}"
        section.fault(name, f"leaves the network too little; it plays {whole} and needs {_NARROWEST} semitones of it")
    return low, high


def _address(section: Section, name: str, default: Any) -> Any:
    if section.is_null(name):
        return None
    given = section.text(name, None)
    if given is None:
        return default
    host, _, port = given.rpartition(":")
    try:
        if not (port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536):
            raise ValueError(port)
        found = ip_address("127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]"))
    except ValueError:
        examples = "127.0.0.1:8080, 0.0.0.0:8080 or '[::]:8080'"
        section.fault(name, f"{given[:40]!r} is not an address and a port, such as {examples}")
        return default
    return str(found), int(port)
