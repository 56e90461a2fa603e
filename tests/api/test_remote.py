"""Python calls and commands that run on a remote studio, over a real connection."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import requests

import studio
from studio.cli import main
from studio.core.errors import InvalidInput, StudioError, Unavailable
from studio.core.imaging import image_io
from studio.gallery import index
from studio.gallery.index import Filter
from studio.run import http_client, remote
from tests.api.conftest import FAKES, Client

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

CHORE = {"steps": 4, "shade": 77, "quiet": True}


@pytest.fixture
def remote_studio(studio_server, chores, home):
    """Connects Python to the studio of another machine."""
    return studio.connect(studio_server.address, studio_server.token)


@pytest.fixture
def command(studio_server, chores, tmp_path, monkeypatch, capsys):
    """Runs a command on the remote studio: exit code, stdout and stderr."""
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STUDIO_SERVER_TOKEN", studio_server.token)
    monkeypatch.chdir(tmp_path)

    def run(*argv, address=studio_server.address):
        code = main(["--server", address, *map(str, argv)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def ask(studio_server):
    """Calls the API directly."""
    return Client(f"{studio_server.address}/api/v1", studio_server.token)


def test_remote_result_equals_a_local_one(remote_studio, image, ask, tmp_path):
    far = remote_studio.make("chores.do", image=image, **CHORE)
    near = studio.make("chores.do", image=image, **CHORE)
    assert far.data == near.data and far.recipe == near.recipe
    assert (far.figures, far.settings) == (near.figures, near.settings)
    assert image_io.read(far.save(tmp_path / "a.png")).shape == (32, 48, 3)
    assert index.find(Filter(task="chores.do"))[1] == 2, "both are in the gallery here"
    assert far.result.files[0].digest in ask("GET", "/gallery?task=chores.do&limit=200").text
    again = remote_studio.make("chores.do", image=far, **CHORE)
    assert again.image.shape == (32, 48, 3)


def test_remote_models_are_found_by_name(remote_studio, home):
    remote_result = remote_studio.make("write", prompt="To", chars=20, preset="alice", quiet=True)
    assert remote_result.text.startswith("To") and remote_result.recipe.task == "text.write"
    folder = ROOT / "pretrained" / "alice"
    local_model = remote_studio.make("write", prompt="To", chars=20, preset=str(folder), quiet=True)
    assert local_model.text == remote_result.text, "a model of this machine is sent"


def test_remote_command_writes_a_local_file(command, tmp_path, image):
    (tmp_path / "photo.png").write_bytes(image_io.encode_png(image))
    code, out, _ = command("chore", "photo.png", "--shade", "9", "-o", "out.png")
    assert (code, out) == (0, "out.png\n")
    assert np.all(image_io.read(tmp_path / "out.png") == 9)
    code, out, _ = command("chore", "--json", "-o", "b.png")
    assert code == 0 and json.loads(out)["figures"] == {"steps": 5.0}


def test_folder_is_sent_image_by_image(command, tmp_path, image):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "in" / name).write_bytes(image_io.encode_png(image))
    assert command("chore", "in", "-o", "out")[0] == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]


def test_ctrl_c_stops_the_remote_job_and_saves_its_result(studio_server, ask, home, tmp_path):
    code = (
        "import sys; from chores import TASKS; from studio.core import tasks; tasks.TASKS.update(TASKS)\n"
        "from studio.cli import main; sys.exit(main())"
    )
    argv = ["--server", studio_server.address, "--token", studio_server.token, "chore"]
    argv += ["--steps", "9999", "--pause", "0.05", "-o", "out.png"]
    path = os.pathsep.join([str(ROOT), str(FAKES)])
    with subprocess.Popen(
        [sys.executable, "-c", code, *argv], cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}
    ) as process:
        job = next(job for job in _yield_running(ask) if job["step"])
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert ask.wait_for_end(job["id"])["result"]["stopped_early"]
    assert image_io.read(tmp_path / "out.png").shape == (32, 48, 3)


def _yield_running(ask):
    for _ in range(1000):
        yield from (job for job in ask("GET", "/jobs?wait=1").json() if job["state"] == "running")


def test_remote_error_keeps_its_message(remote_studio, command):
    with pytest.raises(StudioError, match="not to my taste"):
        remote_studio.make("chores.do", do="refuse", quiet=True)
    with pytest.raises(InvalidInput, match="Did you mean steps"):
        remote_studio.make("chores.do", step=1)
    code, _, message = command("chore", "--do", "refuse", "-o", "a.png")
    assert code == 2 and message.startswith("error: It is not to my taste.")


def test_lost_connections_are_retried(remote_studio, ask, monkeypatch):
    monkeypatch.setattr(http_client, "_RETRY_PAUSE_SECONDS", 0.01)
    send, count = requests.Session.send, [0]

    def unsteady(session, request, **more):
        count[0] += 1
        if count[0] % 2:
            raise requests.ConnectionError("no line")
        answer = send(session, request, **more)
        if count[0] % 4 == 0:
            raise requests.ConnectionError("the answer was lost")
        return answer

    before = len(ask("GET", "/jobs?limit=200").json())
    monkeypatch.setattr(requests.Session, "send", unsteady)
    result = remote_studio.make("chores.do", steps=6, pause=0.2, quiet=True)
    monkeypatch.undo()
    assert result.figures == {"steps": 6.0} and count[0] > 8
    assert len(ask("GET", "/jobs?limit=200").json()) == before + 1


def test_client_gives_up_on_a_lost_server(remote_studio, monkeypatch):
    def fail(*_, **__):
        raise requests.ConnectionError

    monkeypatch.setattr(http_client, "RETRY_SECONDS", 0)
    monkeypatch.setattr(requests.Session, "send", fail)
    with pytest.raises(Unavailable, match="does not answer"):
        remote_studio.make("chores.do", quiet=True)


def test_rejected_connection_is_explained(studio_server, home, monkeypatch):
    for token in ("wrong", "\n", "ü"):
        with pytest.raises(Unavailable, match="does not take this token"):
            studio.connect(studio_server.address, token)
    monkeypatch.setattr(remote, "VERSION", "99.1")
    with pytest.raises(InvalidInput, match=r"version 99\.1"):
        studio.connect(studio_server.address, studio_server.token)


@pytest.mark.parametrize(
    "address", ["box", "ftp://box", "http://", "http://me:secret@box", "http://[", "x:99999"]
)
def test_invalid_address_is_rejected(address, home):
    with pytest.raises(InvalidInput, match="http://box:8501"):
        studio.connect(address, "t")


@contextmanager
def _serve_other_page(status: int, **headers: str):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            for name, value in {"Content-Length": "5", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_other_servers_are_rejected(home):
    with _serve_other_page(200) as address, pytest.raises(InvalidInput, match="another page"):
        studio.connect(address, "t")
    with _serve_other_page(404) as address, pytest.raises(InvalidInput, match="404"):
        studio.connect(address, "t")
    elsewhere = _serve_other_page(307, Location="http://evil.example/")
    with elsewhere as address, pytest.raises(InvalidInput, match="a redirect to http://evil"):
        studio.connect(address, "t")
    with pytest.raises(Unavailable, match="does not answer"):
        studio.connect(address, "t")


@pytest.mark.parametrize(
    "argv, message",
    [
        (["gallery", "list"], "`studio gallery list` works with what this machine has"),
        (["train", "vae", ".", "-o", "m"], "Pack it as a zip"),
        (["train", "vae", "tfds:mnist", "-o", "m"], "on that machine"),
        (["train", "vae", "gone.zip", "-o", "m"], "no such file"),
        (["train", "vae", "sample:hair", "-o", "m", "--no-resume"], "Leave it out"),
    ],
)
def test_local_only_flags_are_rejected(command, argv, message):
    code, _, output = command(*argv)
    assert code == 2 and message in output and output.count("\n") == 1


def test_remote_requires_a_token(command, monkeypatch):
    monkeypatch.delenv("STUDIO_SERVER_TOKEN")
    code, _, output = command("chore", "-o", "a.png")
    assert code == 2 and "STUDIO_SERVER_TOKEN" in output


@pytest.mark.parametrize("argv", [["replay", "a.png"], ["score", "alice", "a.txt"], ["models", "list"]])
def test_local_only_command_is_named_in_the_error(command, argv):
    code, out, message = command(*argv)
    assert code == 2 and not out and message.count("\n") == 1
    assert f"`studio {argv[0]}" in message and "Leave `--server` out" in message


def test_tune_runs_on_the_remote_studio(command, tmp_path, monkeypatch):
    requests_made = []

    def run(machine, task, settings, inputs, progress=None):
        requests_made.append((task.name, settings.trials, [file.name for file in inputs["text"]]))
        raise StudioError("Enough. Nothing.")

    monkeypatch.setattr(remote.Remote, "run", run)
    (tmp_path / "so.txt").write_text("so it is, " * 40)
    code, _, message = command("tune", "text", "so.txt", "-o", "best", "--trials", "2", "--quiet")
    assert code == 2 and "Enough" in message
    assert requests_made == [("tune.run", 2, ["so.txt"])]
    code, _, message = command("tune", "text", "so.txt", "-o", "best", "--name", "mine")
    assert code == 2 and "the other studio stores the search itself" in message and len(requests_made) == 1
