"""A zip that expands beyond its declared size is rejected without filling the memory."""

import contextlib
import io
import struct
import tracemalloc
import zipfile

import pytest

from studio.core import data
from studio.core.data import archives
from studio.core.errors import InvalidInput
from studio.core.models import presets
from studio.core.untrusted import zips
from studio.imported import keras_files

TRUE_BYTES = 200 * 2**20  # bytes that a member holds
DECLARED_BYTES = 1000  # bytes that the zip declares for it


def make_bomb(name, method=zipfile.ZIP_DEFLATED):
    """Returns a zip whose directory and header declare a small size for a large member."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, bytes(TRUE_BYTES))
    data = packed.getvalue()
    true, claimed = (size.to_bytes(4, "little") for size in (TRUE_BYTES, DECLARED_BYTES))
    assert data.count(true) == 2
    return data.replace(true, claimed)


@contextlib.contextmanager
def limit_memory(megabytes):
    """Checks that the block allocates less than this."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < megabytes * 2**20


def test_no_more_is_read_than_is_declared():
    data = make_bomb("a.png")
    with limit_memory(10), zipfile.ZipFile(io.BytesIO(data)) as archive, pytest.raises(zipfile.BadZipFile):
        zips.read(archive, archive.infolist()[0])


def test_an_intact_member_is_read_completely():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"some words " * 99)
    with zipfile.ZipFile(packed) as archive:
        assert zips.read(archive, archive.getinfo("a")) == b"some words " * 99


def test_images_in_a_zip_bomb_are_refused(tmp_path, home):
    (tmp_path / "images.zip").write_bytes(make_bomb("a.png"))
    file = data.store_reference(str(tmp_path / "images.zip"))
    with limit_memory(20), pytest.raises(InvalidInput, match="damaged"):
        data.load_dataset(file, 32, 3)


def make_long_list(count, large):
    """Returns a zip of one empty file that its directory lists `count` times, as zip or zip64."""
    entry = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    name, start = b"%07x", len(entry)
    entry_record = struct.pack(
        "<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, 0, 0, 0, 0, 33, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0
    )
    central_directory = b"".join(entry_record + name % n for n in range(count))
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, count % 65536, count % 65536, len(central_directory), start, 0
    )
    if large:
        end_record_64 = struct.pack(
            "<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(central_directory), start
        )
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + len(central_directory), 1)
        end = (
            end_record_64
            + locator
            + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *[65535] * 2, *[2**32 - 1] * 2, 0)
        )
    return entry + central_directory + end


@pytest.mark.parametrize("large", [False, True])
def test_a_huge_list_of_members_is_not_read(tmp_path, home, monkeypatch, large):
    few, many = make_long_list(20, large), make_long_list(30_000, large)
    with zips.open_zip(io.BytesIO(few), 2000) as archive:
        assert len(archive.infolist()) == 20
    commented = many[:-2] + struct.pack("<H", 900) + b"x" * 900
    for packed in (many, commented):
        assert len(zipfile.ZipFile(io.BytesIO(packed)).infolist()) == 30_000
        with limit_memory(5), pytest.raises(zips.TooLong):
            zips.open_zip(io.BytesIO(packed), 100_000)
    monkeypatch.setattr(archives, "MAX_FILES", 1000)
    (tmp_path / "many.zip").write_bytes(many)
    with limit_memory(20), pytest.raises(InvalidInput, match="at most 1,000 files"):
        data.store_reference(str(tmp_path / "many.zip"))
    with limit_memory(20), pytest.raises(InvalidInput, match="a zip of"):
        presets.unpack(many, tmp_path / "model")


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["zip", "npz"])
def test_other_compression_methods_are_refused(tmp_path, home, ending):
    (tmp_path / f"images.{ending}").write_bytes(make_bomb("x.npy", zipfile.ZIP_BZIP2))
    with pytest.raises(InvalidInput, match="stored or deflated"):
        data.store_reference(str(tmp_path / f"images.{ending}"))


@pytest.mark.slow
def test_a_network_in_a_zip_bomb_is_refused():
    packed = io.BytesIO(make_bomb(keras_files.CONFIG))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(keras_files.METADATA, "{}")
        archive.writestr(keras_files.WEIGHTS, b"")
    with limit_memory(20), pytest.raises(keras_files.Refused, match="damaged"):
        keras_files.read(packed)
