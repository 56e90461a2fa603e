"""Chunked HDF5 arrays are read as h5py reads them, and never grow beyond their declared size."""

from __future__ import annotations

import zlib

import h5py
import numpy as np
import pytest

from studio.core.models import loading
from studio.core.untrusted import hdf5_chunks
from studio.core.untrusted.refusals import Refused

ARRAY = np.random.default_rng(0).normal(size=(7, 5, 3)).astype("float32")
STORAGE_OPTIONS = [
    {"chunks": (3, 2, 3)},
    {"compression": "gzip"},
    {"chunks": (4, 5, 2), "compression": "gzip", "shuffle": True},
    {"chunks": (7, 5, 3), "compression": 9, "shuffle": True, "fletcher32": True},
    {"chunks": (2, 16, 2), "maxshape": (None, None, None), "compression": "gzip"},
]


@pytest.mark.parametrize("options", range(len(STORAGE_OPTIONS)))
@pytest.mark.parametrize("kind", ["<f4", ">f8", "<i2", "u1"])
def test_chunks_are_read_as_h5py_reads_them(options, kind, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("a", data=(9 * ARRAY).astype(kind), **STORAGE_OPTIONS[options])
        assert hdf5_chunks.read(dataset).dtype == dataset.dtype
        assert np.array_equal(hdf5_chunks.read(dataset), dataset[()])


def assert_refused(tmp_path, change, message):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        change(file)
    with pytest.raises(Refused, match=message):
        loading.check(tmp_path / "a.h5", max_values=10**9, chunked=True)


@pytest.mark.slow
def test_a_chunk_larger_than_declared_is_refused(tmp_path):
    def write_bomb(file):
        array = file.create_dataset("a", (500, 500), "float32", chunks=(500, 500), compression="gzip")
        array.id.write_direct_chunk((0, 0), zlib.compress(bytes(200 << 20)))

    assert_refused(tmp_path, write_bomb, "something else than it says")


def test_arrays_much_larger_than_the_file_are_refused(tmp_path):
    def write_zeros(file):
        file.create_dataset(
            "a", data=np.zeros((5000, 5000), "float32"), chunks=(1000, 1000), compression="gzip"
        )

    assert_refused(tmp_path, write_zeros, "far more than the file has")
    assert_refused(
        tmp_path, lambda file: file.create_dataset("a", (9, 9), "f4", chunks=(3, 3)), "not stored as it is"
    )


@pytest.mark.slow
def test_other_compression_and_damage_are_refused(tmp_path):
    assert_refused(
        tmp_path,
        lambda file: file.create_dataset("a", data=ARRAY, compression="lzf"),
        "packed in an unusual way",
    )

    def write_damaged(file):
        array = file.create_dataset("a", (4, 4), "float32", chunks=(4, 4), compression="gzip")
        array.id.write_direct_chunk((0, 0), b"no deflate at all")

    assert_refused(tmp_path, write_damaged, "damaged")
    with pytest.raises(Refused, match="not stored as it is"):  # models of the studio have no chunks
        loading.check(tmp_path / "a.h5", max_values=10**9)
