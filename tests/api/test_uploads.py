"""Uploads are decoded in a separate process with limits on memory and time."""

from __future__ import annotations

import io
import logging
import socket
import threading
import zipfile
from contextlib import ExitStack

import numpy as np
import psutil
import pytest
from PIL import Image
from waiting import wait_until

from studio.core import owners, paths, tokens
from studio.core.errors import InvalidInput, Unavailable
from studio.core.imaging import video_limits
from studio.core.models import model_folder, model_zip, presets
from studio.engine import turns
from studio.run import file_checks
from tests.api.conftest import Client
from tests.wording import SECOND_SENTENCE


def _encode(image: Image.Image, kind: str, **how) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **how)
    return data.getvalue()


@pytest.fixture(scope="module")
def blank_video() -> bytes:
    """A video of 60 frames of 4096 x 4096 px in 2 kB."""
    two = [Image.new("RGB", (4096, 4096), (shade, 0, 0)) for shade in (0, 255)]
    data = _encode(two[0], "WEBP", save_all=True, append_images=two[1:], method=0)
    at = data.index(b"ANMF")
    frame = data[at : at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")]
    full = data[:at] + 60 * frame
    return full[:4] + (len(full) - 8).to_bytes(4, "little") + full[8:]


@pytest.mark.slow
def test_decompression_bomb_is_rejected_without_decoding(call, blank_video, monkeypatch):
    monkeypatch.setattr("studio.core.imaging.video_decoder.decode", None)
    answer = call("POST", "/files?kind=animation&name=blank.webp", data=blank_video)
    assert answer.status_code == 422
    assert "at most 16 frames of this size" in answer.json()["detail"]
    assert video_limits.MAX_WEBP_GIF_PIXELS < 60 * 4096**2


def has_begun() -> bool:
    """Returns whether the server has begun to store an upload."""
    return any((paths.ensure_folder("cache") / "received").glob(".new-*"))


def test_upload_of_a_removed_owner_is_not_stored(address, visitors):
    data = _encode(Image.new("RGB", (8, 8), (1, 2, 3)), "PNG")

    def body():
        yield data[:20]
        wait_until(has_begun)  # the token was checked by then
        tokens.revoke("visitor-ada")
        yield data[20:]

    answer = visitors[0]("POST", "/files?name=late.png", data=body())
    assert answer.status_code == 401
    assert not (owners.folder("visitor-ada") / "files" / paths.digest(data)).exists()


def test_disconnect_is_logged_in_one_line(address, caplog):
    caplog.set_level(logging.INFO, "studio.api")
    host, port = address.removeprefix("http://").split(":")
    head = f"POST /files HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {tokens.ensure_own()}\r\n"
    with socket.create_connection((host, int(port))) as client:
        client.sendall(f"{head}Content-Length: 100000\r\n\r\nhalf".encode())
        wait_until(has_begun)
    wait_until(lambda: any("the client left" in record.getMessage() for record in caplog.records))
    assert "Traceback" not in caplog.text


@pytest.mark.slow
def test_large_16_bit_image_takes_no_server_memory(studio_server):
    rows = np.arange(8192, dtype="uint16")[:, None] * 8
    data = _encode(Image.fromarray(np.broadcast_to(rows, (8192, 8192))), "PNG", compress_level=1)
    process = psutil.Process(studio_server.pid)
    most, done = 0, threading.Event()

    def watch():
        nonlocal most
        while not done.wait(0.02):
            most = max(most, process.memory_info().rss)

    before = process.memory_info().rss
    watching = threading.Thread(target=watch)
    watching.start()
    try:
        answer = Client(f"{studio_server.address}/api/v1", studio_server.token)(
            "POST", "/files?name=deep.png", data=data
        )
    finally:
        done.set()
        watching.join()
    assert answer.status_code == 201, answer.text
    assert most < before + (200 << 20)


_LIMIT_SCRIPTS = {
    "MAX_MEMORY_BYTES": (
        "from studio.run import decoding\ndecoding.MAX_MEMORY_BYTES = 1 << 27\ndecoding.main()\n"
    ),
    "MAX_SECONDS": (
        "from studio.run import decoding\ndecoding.MAX_SECONDS = 1\n"
        "decoding.input_files.check = lambda *_: [None for _ in iter(int, 1)]\ndecoding.main()\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["MAX_MEMORY_BYTES", "MAX_SECONDS"])
def test_costly_file_is_rejected_with_a_sentence(home, monkeypatch, tmp_path, limit):
    worker = tmp_path / "costly.py"
    worker.write_text(_LIMIT_SCRIPTS[limit])
    command = file_checks.children.build_command
    monkeypatch.setattr(file_checks.sandbox, "build_command", lambda _, path: command(str(worker), str(path)))
    data = _encode(Image.new("RGB", (4000, 4000)), "PNG")
    with pytest.raises(InvalidInput, match="memory"):
        file_checks.check_bytes("image", data, "large.png")
    assert not list((paths.ensure_folder("cache") / "received").iterdir())


def test_upload_that_waits_too_long_gets_no_advice_for_jobs(home, monkeypatch):
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.0)
    data = _encode(Image.new("RGB", (64, 64)), "TIFF")
    with ExitStack() as running:
        for session in ("first", "second"):
            running.enter_context(file_checks._turns.take(session, "local"))
        with pytest.raises(Unavailable, match=SECOND_SENTENCE) as raised:
            file_checks.check_bytes("image", data, "small.tif")
    assert "files are being checked" in str(raised.value) and "job" not in str(raised.value)


@pytest.mark.slow
def test_costly_file_is_decoded_in_the_sandbox(home, monkeypatch):
    monkeypatch.setattr(file_checks.input_files, "check", None)
    file_checks.check_bytes("image", _encode(Image.new("RGB", (4000, 4000)), "PNG"), "large.png")
    cut = _encode(Image.effect_noise((4000, 4000), 50), "PNG")
    with pytest.raises(InvalidInput, match=r"image cut\.png"):
        file_checks.check_bytes("image", cut[:-100], "cut.png")


def test_formats_with_unpredictable_cost_are_sandboxed(home, monkeypatch):
    monkeypatch.setattr(file_checks.input_files, "check", None)
    for kind in ("TIFF", "AVIF"):
        file_checks.check_bytes("image", _encode(Image.new("RGB", (64, 64)), kind), "small")


@pytest.mark.parametrize(
    "members, message",
    [
        ({"m/model.json": '{"modelTopology": {}, "weightsManifest": []}'}, r"model web\.zip"),
        (dict.fromkeys(model_folder.MEMBERS, "{}"), "recipe"),
    ],
    ids=["imported", "own"],
)
def test_model_is_read_in_the_sandbox(home, monkeypatch, members, message):
    monkeypatch.setattr(file_checks.input_files, "check", None)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        for name, text in members.items():
            packed.writestr(name, text)
    with pytest.raises(InvalidInput, match=message):
        file_checks.check_bytes("model", body.getvalue(), "web.zip")


@pytest.mark.slow
def test_own_model_passes_the_check_in_the_sandbox(home):
    file_checks.check_bytes("model", model_zip.pack(presets.find("alice").folder), "alice.zip")
