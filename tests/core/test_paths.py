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


def start(code: str, *words: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def temporaries(folder: Path) -> list[Path]:
    return list(folder.rglob(".tmp-*"))


def test_write_replaces_at_once_and_leaves_no_temporary(tmp_path):
    path = tmp_path / "new" / "file.bin"
    assert paths.write(path, b"one") == path
    paths.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert not temporaries(tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = paths.write(tmp_path / "file.bin", b"old")
    with pytest.raises(ZeroDivisionError), paths.replacing(path) as temporary:  # noqa: PT012 - a block fails
        temporary.write_bytes(b"half")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert not temporaries(tmp_path)


STEMS = {"latin": "a" * 251, "cats": "猫" * 83, "smiles": "😀" * 62, "a and smiles": "a" + "😀" * 62}


@pytest.mark.parametrize("stem", STEMS.values(), ids=STEMS)
def test_a_name_of_the_longest_kind_can_be_written(tmp_path, stem):
    path = tmp_path / f"{stem}.png"
    with paths.replacing(path) as temporary:
        assert temporary.suffix == ".png"
        temporary.write_bytes(b"x")
    assert paths.write(path, b"x").read_bytes() == b"x"


@pytest.mark.parametrize("size", [0, 9, 10])
def test_a_file_within_the_limit_is_read_whole(tmp_path, size):
    path = paths.write(tmp_path / "file", bytes(size))
    assert paths.read(path, 10) == bytes(size)


def test_a_larger_file_is_refused_unread(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(paths.TooLarge):
        paths.read(path, 10)


def test_what_may_never_end_is_not_waited_for(tmp_path):
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
def test_a_killed_writer_leaves_no_half_file(tmp_path):
    path = paths.write(tmp_path / "file.bin", bytes(300_000))
    rng = random.Random(0)
    for _ in range(10):
        writer = start(WRITER, path)
        writer.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        writer.kill()
        writer.wait()
        data = path.read_bytes()
        assert len(data) == 300_000
        assert len(set(data)) == 1
        paths.sweep_temporaries(tmp_path)
        assert not temporaries(tmp_path)


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


def test_the_sweep_spares_another_container_of_this_name(tmp_path):
    namespace = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*namespace, "true"], capture_output=True).returncode:
        pytest.skip("only root may make what containers are made of")
    with paths.replacing(tmp_path / "file.bin") as temporary:
        temporary.write_bytes(b"half")
        line = [*namespace, sys.executable, "-c", SWEEPER, str(tmp_path)]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(line, capture_output=True, text=True, env=env, check=True)
        assert (done.stdout, temporary.exists()) == ("0", True)


def test_what_another_machine_left_is_swept_in_the_end(tmp_path):
    left = tmp_path / "deep" / ".tmp-elsewhere.example-1-ab-x"
    paths.write(left, b"")
    yesterday = time.time() - 2 * 86400
    os.utime(left, (yesterday, yesterday))
    assert (paths.sweep_temporaries(tmp_path), left.exists()) == (1, False)


ENDING = """
import os, sys
from pathlib import Path
from studio.core import paths
with paths.replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    os._exit(0)
"""


def test_what_cannot_be_removed_does_not_keep_the_sweep_from_the_rest(tmp_path):
    for name in ("a", "b", "c"):
        start(ENDING, tmp_path / name / "file").wait()
    stuck = temporaries(tmp_path / "b")[0]
    if subprocess.run(["mount", "--bind", stuck, stuck], capture_output=True).returncode:
        pytest.skip("only root may make a file that cannot be removed")
    try:
        assert paths.sweep_temporaries(tmp_path) == 2
        assert temporaries(tmp_path) == [stuck]
    finally:
        subprocess.run(["umount", stuck], check=True)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(small_disk):
    path = paths.write(small_disk / "file.bin", b"old")
    with pytest.raises(InsufficientSpace, match=r"is full.*Free some space"):
        paths.write(path, bytes(500_000))
    assert path.read_bytes() == b"old"
    assert not temporaries(small_disk)


def test_a_full_studio_keeps_what_it_has(small_disk, monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", str(small_disk))
    digest = paths.keep(b"small")
    with pytest.raises(InsufficientSpace):
        paths.keep(bytes(500_000))
    assert paths.kept_path(digest).read_bytes() == b"small"


def test_kept_files_are_found_by_their_digest(home):
    name = paths.keep(b"bytes")
    assert name == paths.digest(b"bytes") == paths.file_digest(paths.kept_path(name))
    os.utime(paths.kept_path(name), (1, 1))
    assert paths.keep(b"bytes") == name
    assert paths.kept_path(name).stat().st_mtime > 1, "it is in use again"
    assert paths.kept_path(name).read_bytes() == b"bytes"
    assert len(list(paths.folder("files").iterdir())) == 1


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "a" * 64 + "/x"]
)
def test_only_a_digest_names_a_kept_file(name, home):
    with pytest.raises(InvalidInput):
        paths.kept_path(name)


def test_a_lost_file_says_so(home):
    with pytest.raises(Unavailable, match=SECOND_SENTENCE):
        paths.kept_path("0" * 64)


def test_home_is_made_with_its_format(home):
    assert paths.home() == home
    assert (home / "format").read_text() == "1\n"
    assert paths.folder("logs").is_dir()


@pytest.mark.parametrize("mark, words", [("2\n", "newer studio"), ("one\n", "damaged")])
def test_a_home_of_another_format_is_refused(mark, words, home):
    home.mkdir()
    (home / "format").write_text(mark)
    with pytest.raises(StudioError, match=words):
        paths.home()


@pytest.mark.parametrize("place", ["/dev/null/home", "/proc/home"])
def test_a_home_that_cannot_be_written_says_what_to_do(place, monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", place)
    with pytest.raises(StudioError, match="set STUDIO_HOME"):
        paths.home()


def test_a_home_in_the_personal_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STUDIO_HOME", "~/studio")
    assert paths.home() == tmp_path / "studio"


def test_the_home_of_nobody_is_part_of_a_name():
    assert paths.expand_user("~nosuchuser/x.jpg") == Path("~nosuchuser/x.jpg")
    assert paths.expand_user("~/x.jpg") == Path.home() / "x.jpg"


def test_a_home_of_nobody_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", "~nobody-of-this-name/studio")
    with pytest.raises(InvalidInput, match=r": ~nobody-of-this-name/studio\. "):
        paths.home()


def test_what_is_shipped_is_found_in_the_checkout():
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
    holder = start(HOLDER, lock)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(BlockingIOError), paths.locked(lock, wait=False):
        pytest.fail("two hold the lock")
    holder.kill()
    holder.wait()
    with paths.locked(lock, wait=False):
        pass


def test_threads_of_one_process_exclude_each_other(tmp_path):
    lock = tmp_path / "lock"

    def tries() -> bool:
        try:
            with paths.locked(lock, wait=False):
                return True
        except BlockingIOError:
            return False

    with ThreadPoolExecutor(1) as thread:
        with paths.locked(lock):
            assert not tries() and not thread.submit(tries).result()
        assert thread.submit(tries).result() and tries()


def test_who_waits_for_a_lock_gets_it_when_it_is_free(tmp_path):
    lock, counted = tmp_path / "lock", tmp_path / "count"
    counted.write_text("0")

    def count(_: int) -> None:
        with paths.locked(lock):
            before = int(counted.read_text())
            time.sleep(0.01)
            counted.write_text(str(before + 1))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, range(12)))
    assert counted.read_text() == "12"
