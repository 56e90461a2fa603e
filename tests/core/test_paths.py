"""Writes are atomic, files are stored by SHA-256, and locks work between processes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from studio.core import paths
from studio.core.errors import InsufficientSpace, InvalidInput, StudioError, Unavailable
from tests.wording import SECOND_SENTENCE

ROOT = Path(__file__).resolve().parent.parent.parent


def start_python(code: str, *arguments: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def find_temporaries(folder: Path) -> list[Path]:
    return list(folder.rglob(".tmp-*"))


def test_write_replaces_a_file_and_leaves_no_temporary(tmp_path):
    path = tmp_path / "new" / "file.bin"
    assert paths.write(path, b"one") == path
    paths.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert not find_temporaries(tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = paths.write(tmp_path / "file.bin", b"old")
    with pytest.raises(ZeroDivisionError), paths.replacing(path) as temporary:  # noqa: PT012 - a block fails
        temporary.write_bytes(b"half")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert not find_temporaries(tmp_path)


STEMS = {"latin": "a" * 251, "cats": "猫" * 83, "smiles": "😀" * 62, "a and smiles": "a" + "😀" * 62}


@pytest.mark.parametrize("stem", STEMS.values(), ids=STEMS)
def test_the_longest_file_name_can_be_written(tmp_path, stem):
    path = tmp_path / f"{stem}.png"
    with paths.replacing(path) as temporary:
        assert temporary.suffix == ".png"
        temporary.write_bytes(b"x")
    assert paths.write(path, b"x").read_bytes() == b"x"


@pytest.mark.parametrize("size", [0, 9, 10])
def test_a_file_within_the_limit_is_read_completely(tmp_path, size):
    path = paths.write(tmp_path / "file", bytes(size))
    assert paths.read(path, 10) == bytes(size)


def test_a_larger_file_is_refused_without_reading_it(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(paths.TooLarge):
        paths.read(path, 10)


def test_pipes_devices_and_folders_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(OSError, match="a device or pipe"):
            paths.read(path, 10)
    with pytest.raises(IsADirectoryError):
        paths.read(tmp_path, 10)


WRITER = """
import sys
from pathlib import Path
from studio.core import paths
letter = 0
sys.stdout.write("ready\\n"); sys.stdout.flush()
while True:
    letter = (letter + 1) % 256
    paths.write(Path(sys.argv[1]), bytes([letter]) * 300_000)
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_no_partial_file(tmp_path):
    path = paths.write(tmp_path / "file.bin", bytes(300_000))
    rng = random.Random(0)
    for _ in range(10):
        writer = start_python(WRITER, path)
        writer.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        writer.kill()
        writer.wait()
        data = path.read_bytes()
        assert len(data) == 300_000
        assert len(set(data)) == 1
        paths.sweep_temporaries(tmp_path)
        assert not find_temporaries(tmp_path)


def test_the_sweep_spares_living_processes(tmp_path):
    with paths.replacing(tmp_path / "file.bin") as temporary:
        temporary.write_bytes(b"half")
        assert paths.sweep_temporaries(tmp_path) == 0
        assert temporary.exists()


def test_the_sweep_spares_other_machines_and_other_files(tmp_path):
    others = [tmp_path / ".tmp-elsewhere.example-1-ab-x", tmp_path / "mine.tmp-1"]
    for path in others:
        path.write_bytes(b"")
    assert paths.sweep_temporaries(tmp_path) == 0
    assert all(path.exists() for path in others)


SWEEPER = """
import sys
from pathlib import Path
from studio.core import paths
sys.stdout.write(str(paths.sweep_temporaries(Path(sys.argv[1]))))
"""


def test_the_sweep_spares_another_container_of_the_same_name(tmp_path):
    namespace = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*namespace, "true"], capture_output=True).returncode:
        pytest.skip("only root may make what containers are made of")
    with paths.replacing(tmp_path / "file.bin") as temporary:
        temporary.write_bytes(b"half")
        line = [*namespace, sys.executable, "-c", SWEEPER, str(tmp_path)]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(line, capture_output=True, text=True, env=env, check=True)
        assert (done.stdout, temporary.exists()) == ("0", True)


def test_old_files_of_another_machine_are_swept(tmp_path):
    abandoned = tmp_path / "deep" / ".tmp-elsewhere.example-1-ab-x"
    paths.write(abandoned, b"")
    yesterday = time.time() - 2 * 86400
    os.utime(abandoned, (yesterday, yesterday))
    assert (paths.sweep_temporaries(tmp_path), abandoned.exists()) == (1, False)


ENDING = """
import os, sys
from pathlib import Path
from studio.core import paths
with paths.replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    os._exit(0)
"""


def test_the_sweep_continues_after_a_file_that_cannot_be_removed(tmp_path):
    for name in ("a", "b", "c"):
        start_python(ENDING, tmp_path / name / "file").wait()
    busy_file = find_temporaries(tmp_path / "b")[0]
    if subprocess.run(["mount", "--bind", busy_file, busy_file], capture_output=True).returncode:
        pytest.skip("only root may make a file that cannot be removed")
    try:
        assert paths.sweep_temporaries(tmp_path) == 2
        assert find_temporaries(tmp_path) == [busy_file]
    finally:
        subprocess.run(["umount", busy_file], check=True)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    process = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True)
    if process.returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(small_disk):
    path = paths.write(small_disk / "file.bin", b"old")
    with pytest.raises(InsufficientSpace, match=r"is full.*Free some space"):
        paths.write(path, bytes(500_000))
    assert path.read_bytes() == b"old"
    assert not find_temporaries(small_disk)


def test_a_full_disk_keeps_the_stored_files(small_disk, monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", str(small_disk))
    digest = paths.store(b"small")
    with pytest.raises(InsufficientSpace):
        paths.store(bytes(500_000))
    assert paths.stored_path(digest).read_bytes() == b"small"


def test_stored_files_are_found_by_their_digest(home):
    name = paths.store(b"bytes")
    assert name == paths.digest(b"bytes") == paths.file_digest(paths.stored_path(name))
    os.utime(paths.stored_path(name), (1, 1))
    assert paths.store(b"bytes") == name
    assert paths.stored_path(name).stat().st_mtime > 1, "it is in use again"
    assert paths.stored_path(name).read_bytes() == b"bytes"
    assert len(list(paths.ensure_folder("files").iterdir())) == 1


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "a" * 64 + "/x"]
)
def test_only_a_digest_names_a_stored_file(name, home):
    with pytest.raises(InvalidInput):
        paths.stored_path(name)


def test_a_missing_file_is_reported(home):
    with pytest.raises(Unavailable, match=SECOND_SENTENCE):
        paths.stored_path("0" * 64)


def test_home_is_created_with_its_format(home):
    assert paths.ensure_home() == home
    assert (home / "format").read_text() == "1\n"
    assert paths.ensure_folder("logs").is_dir()


@pytest.mark.parametrize("mark, words", [("2\n", "newer studio"), ("one\n", "damaged")])
def test_a_home_of_another_format_is_refused(mark, words, home):
    home.mkdir()
    (home / "format").write_text(mark)
    with pytest.raises(StudioError, match=words):
        paths.ensure_home()


@pytest.mark.parametrize("place", ["/dev/null/home", "/proc/home"])
def test_a_home_that_cannot_be_written_says_what_to_do(place, monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", place)
    with pytest.raises(StudioError, match="set STUDIO_HOME"):
        paths.ensure_home()


def test_a_tilde_in_studio_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STUDIO_HOME", "~/studio")
    assert paths.ensure_home() == tmp_path / "studio"


def test_the_tilde_of_an_unknown_user_is_part_of_the_name():
    assert paths.expand_user("~nosuchuser/x.jpg") == Path("~nosuchuser/x.jpg")
    assert paths.expand_user("~/x.jpg") == Path.home() / "x.jpg"


def test_a_studio_home_of_an_unknown_user_is_refused(monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", "~nobody-of-this-name/studio")
    with pytest.raises(InvalidInput, match=r": ~nobody-of-this-name/studio\. "):
        paths.ensure_home()


def test_shipped_files_are_found_in_the_checkout():
    assert paths.shipped_path("pyproject.toml") == ROOT / "pyproject.toml"
    assert paths.shipped_path("nothing") == ROOT / "studio" / "_shipped" / "nothing"


HOLDER = """
import sys, time
from pathlib import Path
from studio.core import paths
with paths.locked(Path(sys.argv[1])):
    sys.stdout.write("held\\n"); sys.stdout.flush()
    time.sleep(600)
"""


def test_a_lock_holds_until_its_process_dies(tmp_path):
    lock = tmp_path / "a" / "lock"
    holder = start_python(HOLDER, lock)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(BlockingIOError), paths.locked(lock, blocking=False):
        pytest.fail("two hold the lock")
    holder.kill()
    holder.wait()
    with paths.locked(lock, blocking=False):
        pass


def test_threads_of_one_process_exclude_each_other(tmp_path):
    lock = tmp_path / "lock"

    def try_lock() -> bool:
        try:
            with paths.locked(lock, blocking=False):
                return True
        except BlockingIOError:
            return False

    with ThreadPoolExecutor(1) as thread:
        with paths.locked(lock):
            assert not try_lock() and not thread.submit(try_lock).result()
        assert thread.submit(try_lock).result() and try_lock()


def test_waiting_threads_get_the_lock_in_turn(tmp_path):
    lock, counter = tmp_path / "lock", tmp_path / "count"
    counter.write_text("0")

    def increment(_: int) -> None:
        with paths.locked(lock):
            before = int(counter.read_text())
            time.sleep(0.01)
            counter.write_text(str(before + 1))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(increment, range(12)))
    assert counter.read_text() == "12"
