"""STUDIO_HOME is private; files elsewhere follow the user's umask."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.core import paths
from studio.core.errors import StudioError


def read_modes(root: Path) -> dict[str, int]:
    """Returns the permissions of a folder and of everything below it, by path."""
    entries = [root, *root.rglob("*")]
    return {str(path.relative_to(root)): path.lstat().st_mode & 0o777 for path in entries}


def find_open_paths(root: Path) -> list[str]:
    return [name for name, mode in read_modes(root).items() if mode & 0o077]


@pytest.fixture(autouse=True)
def default_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize("there", [False, True])
def test_files_in_studio_home_are_private(home, there):
    if there:
        home.mkdir()
    paths.store(b"photo")
    paths.write(paths.ensure_folder("presets") / "mine" / "deep" / "card.md", b"")
    with paths.locked(paths.ensure_folder("cache") / "some" / "lock"):
        pass
    assert len(read_modes(home)) >= 9 and find_open_paths(home) == []


def test_files_elsewhere_have_the_users_default_permissions(home, tmp_path):
    paths.ensure_home()
    paths.write(tmp_path / "new" / "out.png", b"")
    assert read_modes(tmp_path / "new") == {".": 0o755, "out.png": 0o644}
    assert os.umask(0o022) == 0o022


def write_open_home(home: Path) -> None:
    """A STUDIO_HOME that everybody can read, as a copy can be."""
    for name in ("files", "jobs/one"):
        (home / name).mkdir(parents=True)
    for name in ("format", "files/photo", "jobs/one/job.json"):
        (home / name).write_text("1\n")


def test_an_open_home_is_restricted_once(home):
    write_open_home(home)
    assert len(find_open_paths(home)) == 7
    paths.ensure_home()
    assert find_open_paths(home) == []
    (home / "files").chmod(0o750)  # as a user may want it
    paths.ensure_home()
    assert find_open_paths(home) == ["files"]


def test_links_and_other_files_keep_their_permissions(home, tmp_path):
    write_open_home(home)
    (home / "diary.txt").write_text("mine")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "vgg16.h5").write_text("")
    (home / "weights").symlink_to(tmp_path / "weights")
    (tmp_path / "photo").write_text("")
    (home / "files" / "same").hardlink_to(tmp_path / "photo")
    paths.ensure_home()
    assert sorted(set(find_open_paths(home)) - {"weights"}) == [".", "diary.txt", "files/same"]
    assert find_open_paths(tmp_path / "weights") == [".", "vgg16.h5"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_format_that_is_no_regular_file_is_refused(home, make):
    home.mkdir()
    make(home / "format")
    with pytest.raises(StudioError, match=r"format is no file\. Remove it"):
        paths.ensure_home()


def test_a_home_of_another_account_is_refused(home, monkeypatch):
    paths.ensure_home()
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (home, os.W_OK))
    with pytest.raises(StudioError, match=r"cannot write to its folder .* \(Permission denied\)\. Give"):
        paths.ensure_home()
