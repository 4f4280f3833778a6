"""`python -m bachd` is the same as `bachd`.

Law: nothing happens on import.
"""

from __future__ import annotations

import sys

from bachd.cli import main

if __name__ == "__main__":
    sys.exit(main())
