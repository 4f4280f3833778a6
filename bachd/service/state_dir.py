"""Find the folder for what bachd keeps from one run to the next, and the token that opens the page.

Law: the token is never readable to anybody else, not even for a moment.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Final

from bachd import atomic_file
from bachd.errors import StatusError

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43,100}")


def folder() -> Path:
    """Return the service's StateDirectory=, or a folder of the user's. It may not exist yet."""
    given = os.environ.get("STATE_DIRECTORY")  # systemd gives several with colons between them
    if given:
        return Path(given.split(":")[0])
    try:
        home = Path.home()
    except RuntimeError:  # a user without an entry in /etc/passwd, and no HOME
        home = Path("/nonexistent")
    return Path(os.environ.get("XDG_STATE_HOME") or home / ".local/state", "bachd")


def token(home: Path) -> str:
    """Return the token in `home`, 32 random bytes as text; it is made at the first call.

    Raises StatusError if it can neither be read nor written.
    """
    path = home / "token"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            path.chmod(0o600)
            if _TOKEN.fullmatch(kept := path.read_text().strip()):
                return kept
        made = secrets.token_urlsafe(32)
        atomic_file.replace(path, f"{made}\n".encode(), mode=0o600)
    except (OSError, UnicodeDecodeError) as fault:
        raise StatusError(f"the page needs a token, and {path} cannot be used: {fault}") from None
    return made
