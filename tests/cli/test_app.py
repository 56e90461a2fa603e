"""`studio app` and `studio doctor` as a user starts them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from shadowing_files import write_shadowing_files
from waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_doctor_finds_the_backend(run_command, home):
    code, out, _ = run_command("doctor", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["well"]
    assert any("backend" in check["found"] for check in report["checks"])


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find_listening_addresses(pid: int) -> str:
    """Returns the addresses on which a process listens, in hexadecimal: `0100007F` is 127.0.0.1."""
    own = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/net/{table}").read_text().splitlines()
    ]
    return " ".join(row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own)


def is_healthy(port: int) -> bool:
    """Returns whether a server answers at this port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux' /proc")
def test_app_serves_on_loopback_from_any_folder_and_ctrl_c_ends_it(tmp_path, home, start_command):
    port = find_free_port()
    process = start_command("app", "--port", port, cwd=tmp_path, start_new_session=True)
    try:
        wait_until(lambda: is_healthy(port) or process.poll() is not None, pause=0.1)
        assert process.poll() is None, process.communicate()
        assert find_listening_addresses(process.pid)
        assert all(
            address.startswith("0100007F:") for address in find_listening_addresses(process.pid).split()
        )
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)  # no child process is left
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


SCRIPT = "import sys\nfrom studio.cli import main\nsys.exit(main())\n"  # the entry point as pip writes it


@pytest.mark.slow
def test_app_imports_nothing_from_the_working_folder(tmp_path, home):
    folder, met = write_shadowing_files(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "studio").write_text(SCRIPT)
    port = find_free_port()
    line = [sys.executable, str(tmp_path / "bin" / "studio"), "app", "--port", str(port)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "STUDIO_HOME": str(home)}
    environment["STREAMLIT_SERVER_SCRIPT_HEALTH_CHECK_ENABLED"] = "true"  # runs a page
    process = subprocess.Popen(line, cwd=folder, env=environment, start_new_session=True)
    try:
        wait_until(lambda: _has_keras(process.pid) or process.poll() is not None or met(), pause=0.2)
        assert process.poll() is None and met() == []
        for path in ("style", "_stcore/script-health-check"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=60) as answer:
                assert answer.status == 200
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    assert met() == []


def _has_keras(pid: int) -> bool:
    """Returns whether a worker of this server has loaded TensorFlow."""
    try:
        family = psutil.Process(pid).children(recursive=True)
        return any("tensorflow" in mapping.path for child in family for mapping in child.memory_maps())
    except psutil.Error:
        return False


@pytest.mark.slow
def test_app_with_token_requires_it(tmp_path, home, start_command):
    port = find_free_port()
    process = start_command("app", "--token", "--port", port, cwd=tmp_path, start_new_session=True)
    try:
        match = None
        while match is None:
            line = process.stdout.readline()
            assert line, process.communicate()
            match = re.search(r"http\S+token=\S+", line if isinstance(line, str) else line.decode())
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20)
        with urllib.request.urlopen(match[0], timeout=20) as answer:
            assert answer.status == 200
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()
