"""`studio app` and `studio doctor` as a user starts them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from ports import find_free_port
from shadowing_files import write_shadowing_files
from waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_doctor_finds_the_backend(run_command, home):
    code, out, _ = run_command("doctor", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["well"]
    assert any("backend" in check["finding"] for check in report["checks"])


def find_listening_addresses(pid: int) -> str:
    """Returns the addresses on which a process listens, in hexadecimal: `0100007F` is 127.0.0.1."""
    own = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/net/{table}").read_text().splitlines()
    ]
    return " ".join(row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own)


SCRIPT = "import sys\nfrom studio.cli import main\nsys.exit(main())\n"  # the entry point as pip writes it


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux' /proc")
def test_app_is_local_needs_its_token_imports_nothing_from_the_working_folder_and_ends_on_ctrl_c(
    tmp_path, home
):
    """One test, because the start of the server and of its workers takes far longer than each check."""
    folder, met = write_shadowing_files(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "studio").write_text(SCRIPT)
    port = find_free_port()
    line = [sys.executable, str(tmp_path / "bin" / "studio"), "app", "--token", "--port", str(port)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "STUDIO_HOME": str(home)}
    environment["STREAMLIT_SERVER_SCRIPT_HEALTH_CHECK_ENABLED"] = "true"  # runs a page
    process = subprocess.Popen(
        line, cwd=folder, env=environment, start_new_session=True, stdout=subprocess.PIPE, text=True
    )
    try:
        match = None
        while match is None:
            printed = process.stdout.readline()
            assert printed, "the server has ended"
            match = re.search(r"http\S+token=(\S+)", printed)
        addresses = find_listening_addresses(process.pid).split()
        assert addresses and all(address.startswith("0100007F:") for address in addresses)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20)
        wait_until(lambda: _has_keras(process.pid) or process.poll() is not None or met(), pause=0.2)
        assert process.poll() is None and met() == []
        for path in ("", "style", "_stcore/script-health-check"):
            address = f"http://127.0.0.1:{port}/{path}?token={match[1]}"
            with urllib.request.urlopen(address, timeout=60) as answer:
                assert answer.status == 200
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)  # no child process is left
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert met() == []


def _has_keras(pid: int) -> bool:
    """Returns whether a worker of this server has loaded TensorFlow."""
    try:
        family = psutil.Process(pid).children(recursive=True)
        return any("tensorflow" in mapping.path for child in family for mapping in child.memory_maps())
    except psutil.Error:
        return False
