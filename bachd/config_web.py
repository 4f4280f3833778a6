"""Define the settings of the page: where it is served, for whom, and whether it may switch the machine off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bachd import config_kinds
from bachd.yamlfile import kinds
from bachd.yamlfile.keys import setting

TOKENS: Final = ("auto", "required")
"""When the page asks for its token: where other machines reach it, or always."""


@dataclass(frozen=True, slots=True)
class Web:
    """The page."""

    listen: tuple[str, int] | None = setting(
        ("127.0.0.1", 8080),
        config_kinds.address(),
        """The address and port of the page. 127.0.0.1 is for this machine alone. 0.0.0.0:8080 is for the whole network,
        with the token that `bachd status` shows. null is no page.""",
    )
    # In lower case.
    hosts: tuple[str, ...] = setting(
        (),
        config_kinds.hosts(),
        "Host names under which a reverse proxy on this machine serves it, such as [music.example].",
    )
    token: str = setting(
        "auto",
        kinds.choice(*TOKENS),
        """When the token is needed: required is always, since without it every account on this machine may control the
        music. auto is when other machines can reach the page.""",
    )
    shutdown: bool = setting(
        False,
        kinds.switch(),
        """Whether the page, and `shutdown` in midi.controls, may switch this machine off: true or false. Who may
        control the music may then do that, too.""",
    )
