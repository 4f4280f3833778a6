"""`python -m bachd` is the same as `bachd`.

Law: nothing happens on import, and nothing is imported from the working directory, which `-m` has put in first place.
"""
# Even 'from __future__ import annotations' would be looked for there.

import os
import sys

if __name__ == "__main__":
    if not sys.flags.safe_path and sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109  (pathlib is no part of Python's core)
        del sys.path[0]

    from bachd.commands.cli import main

    sys.exit(main())
