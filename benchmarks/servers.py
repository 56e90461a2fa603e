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
_PATIENCE = 120  # s


def free_port() -> int:
    """Returns a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def studio(weights: Path | None = None, **environment: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """Runs a studio with its own STUDIO_HOME; yields its address and its process.

    Args:
        weights: folder of the weights that it has from the start.
        environment: additional environment variables of the process.
    """
    port = free_port()
    words = children.build_command("-m", "streamlit", "run", "--server.headless=true", f"--server.port={port}")
    with tempfile.TemporaryDirectory() as home, Path(home, "log").open("wb") as log:
        if weights is not None:
            Path(home, "weights").symlink_to(weights)
        usual = children.build_environment(STUDIO_HOME=home, **environment)
        process = subprocess.Popen(words, cwd=ROOT, env=usual, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait(30)


def _wait(address: str) -> None:
    for _ in range(10 * _PATIENCE):
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the studio did not start")
