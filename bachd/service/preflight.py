"""Check everything that a run would open, without playing, for `bachd check`.

Law: each part is checked by the function that `run` opens it with; nothing is left open, and no file is written.
"""

from __future__ import annotations

import errno
from dataclasses import replace

from bachd.config import Config
from bachd.config_web import Web
from bachd.errors import BachdError, OutputError, StatusError
from bachd.midi import resolve
from bachd.service.settings.remarks import remarks


def examine(config: Config) -> list[str]:
    """Return warnings, one a line: what a run would go without, and settings that are probably unintended.

    Raises the error that the run would end with.
    """
    from bachd.service.factory import open_composer

    open_composer(config, 0)
    found = [*remarks(config), *resolve.examine(config.midi.output, speaker=config.speaker.settings)]
    _examine_tempo(config)
    return found + _examine_person(config) + _examine_page(config)


def _examine_tempo(config: Config) -> None:
    if config.tempo == "link":
        from bachd.sync import link

        link.library()
    elif config.tempo == "clock":
        from bachd.service.tempo_source import open_tempo_source

        tempo_source = open_tempo_source(config, lambda *_: None)
        if tempo_source is not None:
            tempo_source.input.close()


def _examine_person(config: Config) -> list[str]:
    """Return a warning if nobody can play along as the settings want; music plays without."""
    from bachd.service.person_source import open_person

    try:
        person = open_person(replace(config, web=Web(None)), lambda *_: None)
    except BachdError as fault:
        page = config.web.listen is not None and isinstance(fault, OutputError)
        return [f"{fault}; {'only the page would play along' if page else 'bachd would play without you'}"]
    if person is not None:
        person.close()
    return []


def _examine_page(config: Config) -> list[str]:
    """Return a warning if the page cannot be served; music plays without it."""
    from bachd.service.telemetry import status
    from bachd.service.web import listen_socket

    if config.web.listen is None:
        return []
    try:
        listen_socket.bound(*config.web.listen).close()
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            try:
                status.ask()
            except StatusError:
                pass
            else:
                return []  # the bachd that runs here has it
        return [f"{listen_socket.unusable(*config.web.listen, fault)}; bachd would run without a page"]
    return []
