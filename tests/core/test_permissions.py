"""STUDIO_HOME is private; files elsewhere follow the user's umask."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.core import paths
from studio.core.errors import StudioError


def modes(root: Path) -> dict[str, int]:
    """Returns the permissions of a folder and of everything below it, by path."""
    entries = [root, *root.rglob("*")]
    return {str(path.relative_to(root)): path.lstat().st_mode & 0o777 for path in entries}


def open_to_others(root: Path) -> list[str]:
    return [name for name, mode in modes(root).items() if mode & 0o077]


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize("there", [False, True])
def test_what_is_kept_is_for_its_owner_alone(home, there):
    if there:
        home.mkdir()
    paths.keep(b"photo")
    paths.write(paths.folder("presets") / "mine" / "deep" / "card.md", b"")
    with paths.locked(paths.folder("cache") / "some" / "lock"):
        pass
    assert len(modes(home)) >= 9 and open_to_others(home) == []


def test_what_is_written_elsewhere_has_the_rights_of_any_file_of_that_person(home, tmp_path):
    paths.home()
    paths.write(tmp_path / "new" / "out.png", b"")
    assert modes(tmp_path / "new") == {".": 0o755, "out.png": 0o644}
    assert os.umask(0o022) == 0o022


def open_home(home: Path) -> None:
    """A STUDIO_HOME that everybody can read, as a copy can be."""
    for name in ("files", "jobs/one"):
        (home / name).mkdir(parents=True)
    for name in ("format", "files/photo", "jobs/one/job.json"):
        (home / name).write_text("1\n")


def test_a_home_that_was_open_is_shut_once(home):
    open_home(home)
    assert len(open_to_others(home)) == 7
    paths.home()
    assert open_to_others(home) == []
    (home / "files").chmod(0o750)  # as a user may want it
    paths.home()
    assert open_to_others(home) == ["files"]


def test_what_lies_elsewhere_or_is_not_the_studios_stays_as_it_is(home, tmp_path):
    open_home(home)
    (home / "diary.txt").write_text("mine")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "vgg16.h5").write_text("")
    (home / "weights").symlink_to(tmp_path / "weights")
    (tmp_path / "photo").write_text("")
    (home / "files" / "same").hardlink_to(tmp_path / "photo")
    paths.home()
    assert sorted(set(open_to_others(home)) - {"weights"}) == [".", "diary.txt", "files/same"]
    assert open_to_others(tmp_path / "weights") == [".", "vgg16.h5"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_mark_that_is_no_file_is_told_and_not_waited_for(home, make):
    home.mkdir()
    make(home / "format")
    with pytest.raises(StudioError, match=r"format is no file\. Remove it"):
        paths.home()


def test_a_home_that_is_another_accounts_is_refused_in_a_sentence(home, monkeypatch):
    paths.home()
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (home, os.W_OK))
    with pytest.raises(StudioError, match=r"cannot write to its folder .* \(Permission denied\)\. Give"):
        paths.home()
