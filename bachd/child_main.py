"""The entry of every child process: `python -P child_main.py MODULE [ARGUMENT ...]`. See child_process.py.

Law: nothing is imported from the working directory, and nothing stands before the standard library that did not before.
`-P` sees to the first. Not `-m`: it would need this bachd on PYTHONPATH, which is before the standard library.

Until the path is right it imports only what Python itself has imported by then.
"""

import os
import sys
from importlib.util import find_spec


def _find_bachd() -> None:
    """Make `import bachd` find the package this file is in, directly after the standard library."""
    package = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  (pathlib takes its time)
    found = find_spec("bachd")
    if found is None or found.origin is None or os.path.dirname(found.origin) != package:  # noqa: PTH120  (as above)
        library = os.path.dirname(os.__file__)  # noqa: PTH120  (as above)
        after = [index for index, path in enumerate(sys.path) if path.startswith(library) and "-packages" not in path]
        sys.path.insert(after[-1] + 1, os.path.dirname(package))  # noqa: PTH120  (as above)


def main() -> None:
    """Run the module that the command line names as this program."""
    _find_bachd()
    from runpy import run_module

    from bachd import standard_streams
    from bachd.errors import EXIT_OK

    del sys.argv[0]
    code = EXIT_OK
    try:
        run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except BrokenPipeError:  # its parent has ended
        pass
    finally:
        code = standard_streams.close(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
