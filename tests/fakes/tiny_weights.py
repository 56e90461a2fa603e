"""Weights of a few hundred kilobytes and a network without Keras, for tests of downloads."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile

import numpy as np

from studio.core import paths
from studio.core.weights import index, networks, pretrained


class Network:
    """Holds one array, and saves and loads it as a Keras model would."""

    def __init__(self, values=None):
        self.values, self.trainable = values, True

    def save_weights(self, path):
        with path.open("wb") as handle:
            np.save(handle, self.values, allow_pickle=False)

    def load_weights(self, path):
        self.values = np.load(path, allow_pickle=False)


def network(members=None):
    return Network(None if members is None else np.frombuffer(members["tiny.bin"], "<f4"))


VALUES = np.random.default_rng(0).normal(size=200_000).astype("<f4")


def _make_archive() -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, data in (
            ("tiny-1.0/setup.py", b"raise SystemExit"),
            ("tiny-1.0/tiny.bin", VALUES.tobytes()),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), compresslevel=1, mtime=0)


ARCHIVE = _make_archive()
FILE = "tiny-1.0.tar.gz"
MEMBER = index.Member(path="tiny-1.0/tiny.bin", bytes=VALUES.nbytes, sha256=paths.digest(VALUES.tobytes()))
SOURCE = index.PackageArchive(
    kind="pypi",
    package="tiny",
    version="1.0",
    file=FILE,
    bytes=len(ARCHIVE),
    sha256=paths.digest(ARCHIVE),
    members=(MEMBER,),
)


def _save_values() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, VALUES, allow_pickle=False)
    return buffer.getvalue()


KERAS_FILE = _save_values()  # as Keras stores it, without an archive


def make_keras_source(address: str) -> index.KerasFile:
    """Returns the source of a Keras weights file at an address."""
    md5 = hashlib.md5(KERAS_FILE).hexdigest()
    return index.KerasFile(kind="keras", address=address, bytes=len(KERAS_FILE), md5=md5)


def install(patch, kind: str = "pypi", keras: str = "") -> None:
    """Makes "tiny" (and "twin", from the same file) the only weights that the studio knows.

    Args:
        kind: whose package it is, pip's ("pypi") or npm's ("npm").
        keras: an address of Keras' own file, which is no package.
    """
    source = make_keras_source(keras) if keras else SOURCE.model_copy(update={"kind": kind})
    entry = index.Weights(title="Tiny", what="random numbers", license="CC0-1.0", sources=(source,))
    catalog = index.Index(weights={"tiny": entry, "twin": entry}, presets={})
    patch.setattr(index, "load", lambda: catalog)
    patch.setattr(networks, "NETWORKS", {"tiny": "tiny_weights:network", "twin": "tiny_weights:network"})
    patch.setattr(pretrained, "_LOADED_NETWORKS", {})
