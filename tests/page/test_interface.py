"""openapi.yaml held against what is served, by schemathesis: a minute of requests that fit it, or do not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.web.conftest import Running

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SECONDS = 60


def test_what_is_served_is_what_is_described(tmp_path: Path) -> None:
    pytest.importorskip("schemathesis", reason="no schemathesis: pip install 'bachd[page-test]'")
    running = Running(tmp_path)
    running.start()
    address = f"http://{running.host}:{running.port}"
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{address}/openapi.yaml", "--url", address]
    # More than 50 requests a second are refused with 429.
    how = ["--checks", CHECKS, "--rate-limit", "40/s", "--max-time", str(SECONDS), "--continue-on-failure"]
    done = subprocess.run([*command, *how], cwd=tmp_path, capture_output=True, text=True, timeout=10 * SECONDS)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert re.search(r"Selected: (\d+)/\1\s+Tested: \1\s", done.stdout), done.stdout[-2000:]
    print(*re.findall(r"\d+ generated, .*", done.stdout))  # noqa: T201
    assert running.ask("/api/play", b"").json == {"playing": True}
    assert "Traceback" not in running.stop()
