"""Pinned members are read from tar and zip files, and nothing else is."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile

import pytest

from studio.core.errors import InvalidInput
from studio.core.weights.archive_members import read_members
from studio.core.weights.index import Member

CONTENT = b"weights" * 1000
MEMBER = Member(path="package/weights.bin", bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())


def write_archive(path, content):
    if path.suffix == ".whl":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("package/code.py", "1 / 0")
            archive.writestr(MEMBER.path, content)
    else:
        with tarfile.open(path, "w:gz") as archive:
            info = tarfile.TarInfo(MEMBER.path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(params=["a.whl", "a.tar.gz"])
def path(request, tmp_path):
    return tmp_path / request.param


def test_a_pinned_member_is_read(path):
    assert read_members(write_archive(path, CONTENT), [MEMBER]) == {"weights.bin": CONTENT}


@pytest.mark.parametrize("content", [CONTENT[:-1], b"W" + CONTENT[1:], CONTENT + b"0"])
def test_another_member_is_rejected(path, content):
    with pytest.raises(InvalidInput, match="another or no weights"):
        read_members(write_archive(path, content), [MEMBER])


def test_a_cut_archive_is_rejected(path):
    data = write_archive(path, CONTENT).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InvalidInput, match="Use the pinned archive"):
        read_members(path, [MEMBER])


def test_a_bomb_is_not_decompressed(tmp_path):
    path = write_archive(tmp_path / "a.whl", bytes(50_000_000))
    with pytest.raises(InvalidInput, match="another or no weights"):
        read_members(path, [MEMBER])
