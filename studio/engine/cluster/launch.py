"""Starts and ends the process of the private cluster."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from distributed import Security

from studio.core import paths, permissions
from studio.core.process import children

MAX_LOG_BYTES = 5 * 2**20


class Host:
    """`studio.engine.cluster.scheduler` as a child process, which ends when this process does.

    Args:
        home: STUDIO_HOME.
        memory: memory limit of each lane's process: bytes (above 1) or a fraction of the machine's memory.
        seconds: time limit of the start.

    Raises:
        ValueError: if it ends or is killed before it answers.
        OSError: if it cannot be started.
    """

    def __init__(self, home: Path, memory: Mapping[str, float | int], seconds: float):
        scratch_folder = _empty_folder(home / "cache" / "workers")
        self._log = paths.ensure_folder("logs") / "engine.log"
        _rotate_log(self._log)
        self._log.touch(permissions.FILE_MODE)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                children.build_command("-m", "studio.engine.cluster.scheduler"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=children.build_environment(TMPDIR=str(scratch_folder)),
                start_new_session=True,  # Ctrl-C must reach only the server, which then ends this process
                text=True,
            )
        assert self._process.stdin and self._process.stdout  # both are pipes
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._write_line(
            json.dumps({"home": str(home), "scratch": str(scratch_folder), "memory": dict(memory)})
        )
        self._read_answer(seconds)

    def _read_answer(self, seconds: float) -> None:
        """Waits for the address and the certificate of the cluster, and stores them."""
        timer = threading.Timer(seconds, self._process.kill)  # limits the wait for the answer
        timer.start()
        try:
            answer = json.loads(self._stdout.readline() or "no answer")
        finally:
            timer.cancel()
        self.address: str = answer["address"]
        self.security = Security(
            require_encryption=True,
            tls_ca_file=answer["certificate"],
            tls_client_cert=answer["certificate"],
            tls_client_key=answer["key"],
        )

    def add_lane(self) -> None:
        """Starts the worker of the next lane."""
        self._write_line("more")

    def _write_line(self, line: str) -> None:
        self._stdin.write(line + "\n")
        self._stdin.flush()

    def wait(self, seconds: float) -> bool:
        """Waits at most `seconds` for the end of the process. Returns whether it has ended."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            _rotate_log(self._log)
            return False
        return True

    def close(self) -> None:
        """Ends the process and its workers."""
        with suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _empty_folder(folder: Path) -> Path:
    """Empties a folder of the files of killed workers, and returns it. A link is removed, not followed."""
    if folder.is_symlink():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    return paths.make_folder(folder)


def _rotate_log(log: Path) -> None:
    """Moves the content of a log that is too long to another file.

    The log is truncated in place, because all processes and native libraries of the engine hold it open.
    """
    with suppress(OSError):
        if log.stat().st_size > MAX_LOG_BYTES:
            old_log = log.with_suffix(".old.log")
            old_log.touch(permissions.FILE_MODE)
            shutil.copyfile(log, old_log)
            os.truncate(log, 0)
