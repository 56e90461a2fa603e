"""Each rule of the sandbox blocks what it should, alone and combined."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from studio.core.process import sandbox

ROOT = Path(__file__).resolve().parents[3]
RULES = sandbox.probe_rules()
PRIORITY = os.nice(0)  # the priority of all tests; another one would starve other processes


@pytest.fixture(scope="module")
def listener():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


ENTER_SANDBOX = "from studio.core.process import sandbox; sandbox.enter([place / 'given'], [place / 'own'])"
RULE_SCRIPTS = {
    "all": (ENTER_SANDBOX, RULES.landlock and RULES.seccomp),
    "Landlock": (
        "from studio.core.process import landlock;"
        "landlock.restrict_files([*sandbox._find_libraries()], [place / 'own'])",
        RULES.landlock >= 4,
    ),
    "seccomp": ("from studio.core.process import seccomp; seccomp.deny_calls()", RULES.seccomp),
    "namespace": ("sandbox._isolate_network()", RULES.namespace),
}
ACTIONS = {
    "connect": "import socket; socket.create_connection(('127.0.0.1', port), timeout=5)",
    "send": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))",
    "read": "(place / 'secret').read_text()",
    "list": "os.listdir(place)",
    "read the parent": "Path(f'/proc/{os.getppid()}/environ').read_bytes()",
    "write": "(place / 'made').write_text('x')",
    "append": "(place / 'secret').open('a').write('x')",
    "write what it may read": "(place / 'given').write_text('x')",
    "remove": "(place / 'secret').unlink()",
    "link": "(place / 'own' / 'link').hardlink_to(place / 'secret')",
    "change rights": "(place / 'secret').chmod(0o777)",
    "change times": "os.utime(place / 'secret', (0, 0))",
    "start a program": "os.execv('/bin/sh', ['sh', '-c', 'exit 7'])",
    "start a copy": "shutil.copy('/bin/true', '.'); os.execv('./true', ['true'])",
    "signal the parent": "os.kill(os.getppid(), 0)",
    "signal a thread of the parent": "asked(libc.tgkill(os.getppid(), os.getppid(), 0))",
    "limit the parent": "resource.prlimit(os.getppid(), resource.RLIMIT_CORE)",
    "slow the parent down": f"os.setpriority(os.PRIO_PROCESS, os.getppid(), {PRIORITY})",
    "hold the parent": "os.pidfd_open(os.getppid())",
    "hand signals to the parent": "fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, os.getppid())",
    "outlive itself": "os.fork() or os._exit(0)",
    "write letters to a socket": "sent(str(place / 'letters'))",
    "take memory that is no file": "os.memfd_create('x')",
    "share memory": "mmap.mmap(-1, 4096)",
    "share memory with others": "asked(libc.shmget(0, 4096, 0o1600))",
    "cut": "os.truncate(place / 'secret', 6)",
    "change rights by a number": "os.fchmod(os.open(place / 'given', os.O_RDONLY), 0o600)",
    "look on": "asked(libc.inotify_add_watch(libc.inotify_init(), bytes(place / 'secret'), 1))",
    "be root": "asked(libc.chroot(b'.'))",
}
DENIED_ACTIONS = {
    "all": set(ACTIONS),
    "Landlock": {
        "connect",
        "read",
        "list",
        "read the parent",
        "write",
        "append",
        "remove",
        "start a program",
    },
    "seccomp": {
        *("connect", "send", "start a program", "change rights", "change times", "signal the parent"),
        *("signal a thread of the parent", "limit the parent", "slow the parent down", "hold the parent"),
        *("hand signals to the parent", "outlive itself", "write letters to a socket", "cut", "look on"),
        *("take memory that is no file", "share memory", "share memory with others"),
        "change rights by a number",
    },
    "namespace": {"connect", "send"},
}


def run(rules: str, action: str, place: Path, port: int = 0) -> subprocess.CompletedProcess[str]:
    """Runs an action under some rules; exits with 3 if it is denied."""
    code = f"""
import ctypes, fcntl, mmap, os, resource, shutil, socket, sys
from pathlib import Path
from studio.core.process import sandbox
place, port = Path({str(place)!r}), {port}
libc = ctypes.CDLL(None, use_errno=True)

def asked(answer):
    if answer < 0:
        raise OSError(ctypes.get_errno(), "refused")

def sent(to):
    socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", to)

os.chdir(place / "own")
{rules}
try:
    {action}
except OSError as error:
    print(type(error).__name__)
    sys.exit(3)
"""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=60)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "given").write_text("given")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as letters, contextlib.chdir(tmp_path):
        letters.bind("letters")
        yield tmp_path


@pytest.mark.parametrize(
    "rules, action",
    [(rules, action) for rules in RULE_SCRIPTS for action in sorted(DENIED_ACTIONS[rules])],
)
def test_an_action_is_denied_in_the_sandbox(rules, action, place, listener):
    enter, is_offered = RULE_SCRIPTS[rules]
    if not is_offered:
        pytest.skip(f"this kernel does not offer {rules}")
    if action == "be root" and os.geteuid():
        pytest.skip("nobody here is root")
    if action not in ("start a program", "start a copy"):  # it would replace the process
        # Without the sandbox the action succeeds.
        assert run("pass", ACTIONS[action], place, listener).returncode == 0
        place.joinpath("secret").write_text("secret")
        (place / "own" / "link").unlink(missing_ok=True)
        (place / "made").unlink(missing_ok=True)
        (place / "given").write_text("given")
    process = run(enter, ACTIONS[action], place, listener)
    assert process.returncode == 3, (process.stdout, process.stderr)
    assert (place / "secret").read_text() == "secret" and (place / "given").read_text() == "given"
    assert sorted(file.name for file in place.iterdir()) == ["given", "letters", "own", "secret"]
    assert os.nice(0) == PRIORITY


def test_a_process_in_the_sandbox_can_use_its_folder(place):
    action = (
        "import threading; threading.Thread(target=print).start(); "
        "import numpy, h5py; h5py.File('a.h5', 'w').create_dataset('a', data=numpy.ones(3)); "
        "os.mkdir('b'); os.rename('a.h5', 'b/a.h5'); h5py.File('b/a.h5'); shutil.rmtree('b'); "
        "print((place / 'given').read_text(), file=open(os.devnull, 'w')); sys.exit(8)"
    )
    process = run(ENTER_SANDBOX, action, place)
    assert process.returncode == 8, (process.stdout, process.stderr)


def test_threads_cannot_leave_the_sandbox(place):
    if not RULES.landlock:
        pytest.skip("this kernel does not offer Landlock")
    action = (
        "import threading; sandbox.enter([place], [place]); "
        "thread = threading.Thread(target=lambda: print((place / 'secret').read_text())); "
        "thread.start(); thread.join(); (place / 'secret').read_text()"
    )
    process = run(ENTER_SANDBOX, action, place)
    assert (
        process.returncode == 3 and "secret\n" not in process.stdout and "PermissionError" in process.stderr
    )


def test_other_platforms_have_no_rules(monkeypatch):
    monkeypatch.setattr(sys, "platform", "sunos5")
    assert sandbox.enter() == sandbox.Rules()
    assert str(sandbox.Rules()) == "" and not sandbox.Rules().is_network_blocked
    assert str(sandbox.Rules(4, True)) == "Landlock 4, seccomp"
