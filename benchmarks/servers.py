"""Starts a studio for a benchmark; settings of the browser."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report import ROOT
from studio.core.process import children

CHROMIUM = os.environ.get("STUDIO_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
_TIMEOUT_SECONDS = 120


def find_free_port() -> int:
    """Returns a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def run_studio(weights: Path | None = None, **environment: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """Runs a studio with its own STUDIO_HOME; yields its address and its process.

    Args:
        weights: folder of the weights that it has from the start.
        environment: additional environment variables of the process.
    """
    port = find_free_port()
    command = children.build_command(
        "-m", "streamlit", "run", "--server.headless=true", f"--server.port={port}"
    )
    with tempfile.TemporaryDirectory() as home, Path(home, "log").open("wb") as log:
        if weights is not None:
            Path(home, "weights").symlink_to(weights)
        process_environment = children.build_environment(STUDIO_HOME=home, **environment)
        process = subprocess.Popen(command, cwd=ROOT, env=process_environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_ready(address: str) -> None:
    for _ in range(10 * _TIMEOUT_SECONDS):
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the studio did not start")
