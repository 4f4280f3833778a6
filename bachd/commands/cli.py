"""Run the commands that argument_parser.py defines.

Law: an expected fault is one line on stderr and its exit code, a bug is a traceback and 70, and Ctrl-C is neither.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import Final

from bachd import standard_streams
from bachd.commands import argument_parser
from bachd.errors import EXIT_BUG, EXIT_OK, BachdError, ConfigError
from bachd.printable import printable
from bachd.standard_streams import exit_code_for, print_error

EXIT_INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line; returns the exit code."""
    # NumPy's linear algebra is not used here, and to start its threads is a third of the work until the first note.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    standard_streams.open_missing()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a port's name may hold any bytes
    try:
        code = _carry_out(arguments)
    except SystemExit as end:  # --help and --version
        raise SystemExit(standard_streams.close(EXIT_OK)) from end
    return standard_streams.close(code)


def _carry_out(arguments: Sequence[str] | None) -> int:
    try:
        options = _parsed(arguments)
        code: int = options.verb(options)
    except ConfigError as error:
        print_error(printable(str(error)))
        return error.exit_code
    except BachdError as error:
        print_error(f"bachd: {printable(str(error))}")
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except OSError as fault:
        return _report_bug() if (known := exit_code_for(fault)) is None else known
    except Exception:  # noqa: BLE001  (the last resort: report a bug with its traceback)
        return _report_bug()
    return code


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    gc.disable()  # what is loaded to read a command line stays
    try:
        return argument_parser.parse(sys.argv[1:] if arguments is None else arguments)
    finally:
        gc.enable()


def _report_bug() -> int:
    import traceback

    print_error(f"{traceback.format_exc()}bachd: this is a bug; please report it with the lines above")
    return EXIT_BUG
