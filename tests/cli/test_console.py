"""Output on stderr, and Ctrl-C."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from waiting import wait_until

from studio.core.imaging import image_io


@pytest.mark.slow
def test_native_lines_and_progress_stay_off_a_piped_stderr(photo, start_command):
    name = os.fsdecode(b"\xff.png")  # invalid UTF-8, which is printed unchanged
    process = start_command("invert", photo, "-o", name, errors="surrogateescape")
    assert process.communicate(timeout=60) == (f"{name}\n", "")
    assert process.returncode == 0 and Path(name).is_file()


@pytest.mark.slow
def test_verbose_shows_native_lines_and_the_traceback(photo, start_command):
    process = start_command("invert", photo, "-o", "out.png", "--fault", "bug", "--verbose")
    err = process.communicate(timeout=60)[1]
    assert "a native library" in err and "Traceback" in err
    assert process.returncode == 2


def wait_for_log(path, process, text="a native library"):
    """Waits until the fake task has logged a text, by default that of its beginning."""
    wait_until(lambda: process.poll() is not None or (path.exists() and text in path.read_text()))
    assert process.poll() is None, process.communicate()


@pytest.mark.slow
def test_ctrl_c_saves_the_best_so_far(photo, home, start_command):
    process = start_command("invert", photo, "-o", "out.png", "--steps", "1000", "--seconds", "0.05")
    wait_for_log(home / "logs" / "command-line.log", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "out.png\n")
    assert "best so far" in err
    assert image_io.read("out.png").shape == (48, 64, 3)


@pytest.mark.slow
def test_second_ctrl_c_quits(photo, home, start_command):
    process = start_command("invert", photo, "-o", "out.png", "--steps", "2", "--seconds", "10")
    wait_for_log(home / "logs" / "command-line.log", process)
    process.send_signal(signal.SIGINT)
    wait_for_log(home / "logs" / "command-line.log", process, "asked to stop")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=9)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert not Path("out.png").exists()


@pytest.mark.slow
def test_closed_pipe_is_no_error(photo, start_command):
    process = start_command("invert", photo, "-o", "out.png", "--json")
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 0
