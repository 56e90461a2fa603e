"""A zip that holds far more than it declares is refused without filling the memory."""

import contextlib
import io
import tracemalloc
import zipfile

import pytest

from studio.core import data, keras_files, zips
from studio.core.errors import InvalidInput

HIDDEN = 200 * 2**20  # bytes that a member holds
SAID = 1000  # bytes that the zip declares for it


def bomb(name, method=zipfile.ZIP_DEFLATED):
    """A zip of one member whose directory and header say that it is small."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, bytes(HIDDEN))
    data = packed.getvalue()
    true, said = (size.to_bytes(4, "little") for size in (HIDDEN, SAID))
    assert data.count(true) == 2
    return data.replace(true, said)


@contextlib.contextmanager
def at_most(megabytes):
    """What is done within takes no more memory than this."""
    tracemalloc.start()
    yield
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < megabytes * 2**20


def test_no_more_is_read_than_is_declared():
    data = bomb("a.png")
    with at_most(10), zipfile.ZipFile(io.BytesIO(data)) as archive, pytest.raises(zipfile.BadZipFile):
        zips.read(archive, archive.infolist()[0])


def test_what_is_whole_is_read_whole():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"some words " * 99)
    with zipfile.ZipFile(packed) as archive:
        assert zips.read(archive, archive.getinfo("a")) == b"some words " * 99


def test_pictures_in_such_a_zip_are_refused(tmp_path, home):
    (tmp_path / "pictures.zip").write_bytes(bomb("a.png"))
    file = data.reference(str(tmp_path / "pictures.zip"))
    with at_most(20), pytest.raises(InvalidInput, match="damaged"):
        data.pictures(file, 32, 3)


@pytest.mark.parametrize("ending", ["zip", "npz"])
def test_a_method_that_cannot_be_stopped_half_way_is_refused(tmp_path, home, ending):
    (tmp_path / f"pictures.{ending}").write_bytes(bomb("x.npy", zipfile.ZIP_BZIP2))
    with pytest.raises(InvalidInput, match="stored or deflated"):
        data.reference(str(tmp_path / f"pictures.{ending}"))


def test_a_network_in_such_a_zip_is_refused():
    packed = io.BytesIO(bomb(keras_files.CONFIG))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(keras_files.METADATA, "{}")
        archive.writestr(keras_files.WEIGHTS, b"")
    with at_most(20), pytest.raises(keras_files.Refused, match="damaged"):
        keras_files.read(packed)
