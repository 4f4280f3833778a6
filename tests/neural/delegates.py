"""Stand-ins for libedgetpu, built from C: real shared libraries that a real runtime loads.

Law: each does one thing that the library of a Coral can do. The one that works takes no operator from the runtime, so
that the CPU computes what is said to run on the Edge TPU; a real Coral is the one thing that cannot be had here.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bachd.neural.edgetpu import LIBRARY

KINDS = {
    "works": "return &delegate;",
    "talks": 'puts("a line nobody asked for"); fflush(stdout); return &delegate;',
    "finds nothing": 'report("no Coral is there"); return 0;',
    "crashes": "raise(SIGSEGV); return 0;",
    "hangs": "for (;;) pause();",
}

_SOURCE = """
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* TfLiteDelegate, as tensorflow/lite/core/c/common.h lays it out. */
typedef struct Delegate {
  void *data;
  int (*prepare)(void *context, struct Delegate *delegate);
  void *from, *to, *release;
  int64_t flags;
  void *builder;
} Delegate;

static int prepare(void *context, Delegate *delegate) { return 0; }

static Delegate delegate = {.prepare = prepare};

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
  %s
}

void tflite_plugin_destroy_delegate(Delegate *delegate) {}
"""


def install(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a library of KINDS the one that processes started from here find."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    folder.mkdir(exist_ok=True)
    source = folder / "delegate.c"
    source.write_text(_SOURCE % KINDS[kind])
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / LIBRARY, source], check=True)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))
    monkeypatch.setenv("DYLD_LIBRARY_PATH", str(folder))
