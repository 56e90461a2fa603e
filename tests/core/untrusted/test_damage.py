"""Reading a corrupted zip of arrays raises one of the expected errors."""

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


def read_arrays(data, errors):
    """Reads everything in the file, and records the errors."""
    try:
        with np.load(io.BytesIO(data)) as arrays:
            for name in arrays.files:
                arrays[name]
    except damage.NPZ_ERRORS as error:
        errors.add(type(error))


def test_a_changed_byte_raises_an_expected_error(packed):
    errors = set()
    for place in range(len(packed)):
        for value in (0, 255, packed[place] ^ 64):
            read_arrays(packed[:place] + bytes([value]) + packed[place + 1 :], errors)
    assert zipfile.BadZipFile in errors and len(errors) > 3  # there are more types of errors than expected


def test_a_truncated_file_raises_an_expected_error(packed):
    errors = set()
    for length in range(len(packed)):
        read_arrays(packed[:length], errors)
    assert errors
