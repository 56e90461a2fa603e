"""Whatever is corrupted in a zip of arrays, reading it raises one of the errors that the studio knows."""

import io
import zipfile

import numpy as np
import pytest

from studio.core.untrusted import damage


@pytest.fixture(scope="module")
def packed():
    buffer = io.BytesIO()
    rng = np.random.default_rng(0)
    np.savez_compressed(buffer, images=rng.integers(0, 9, (4, 8, 8)), names=np.array(["a", "b"]))
    return buffer.getvalue()


def read(data, seen):
    """Reads all that is in it; notes what that raised."""
    try:
        with np.load(io.BytesIO(data)) as arrays:
            for name in arrays.files:
                arrays[name]
    except damage.NPZ as error:
        seen.add(type(error))


def test_a_spoilt_byte_anywhere_is_one_of_them(packed):
    seen = set()
    for place in range(len(packed)):
        for value in (0, 255, packed[place] ^ 64):
            read(packed[:place] + bytes([value]) + packed[place + 1 :], seen)
    assert zipfile.BadZipFile in seen and len(seen) > 3  # there is more than the one that one thinks of


def test_a_file_cut_anywhere_is_one_of_them(packed):
    seen = set()
    for length in range(len(packed)):
        read(packed[:length], seen)
    assert seen
