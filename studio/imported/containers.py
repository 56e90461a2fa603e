"""A model and what belongs to it in one zip: as Teachable Machine exports it, or as the studio packs it.

In it lies an HDF5 or `.keras` file, or a `model.json` of TensorFlow.js with its shards; perhaps names.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from studio.core import amounts
from studio.core.untrusted import damage, strict_json, zips
from studio.core.untrusted.refusals import Refused
from studio.imported import class_names, keras_files, tfjs_files

MODELS = (".h5", ".hdf5", ".keras")
WEB = "model.json"
METADATA = "metadata.json"  # class names, preprocessing: of Teachable Machine and of the studio's exports
_SHARD = ".bin"
_MOST_LIST = 256 << 10  # bytes of the zip's list of members
_MOST_MEMBERS = 500
_MOST_DEPTH = 8
MOST_MODEL = 2 << 30  # bytes of what lies in it
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of members: the same model makes the same bytes


@dataclass(frozen=True)
class Contents:
    """The members of a zip that count.

    Attributes:
        model: the member that is the model.
        shards: of a model of TensorFlow.js, the members next to it that may hold numbers.
        names: the member that names the classes; "" for none.
        metadata: the member that may name its preprocessing; "" for none.
    """

    model: str
    shards: tuple[str, ...] = ()
    names: str = ""
    metadata: str = ""


def opened(file: BinaryIO) -> zipfile.ZipFile:
    """The zip. Raises `Refused` if it is none, or its list of members is too long."""
    packed = keras_files.open_zip(file, _MOST_LIST)
    if len(packed.namelist()) > _MOST_MEMBERS:
        raise Refused("a zip with too many members")
    return packed


def find(packed: zipfile.ZipFile) -> Contents | None:
    """Where in a zip the model lies; None if there is none.

    Raises:
        Refused: if there are several, or the zip has anything in it that it should not have.
    """
    listed = [one for one in packed.namelist() if _counts(one)]
    whole = [
        one for one in listed if one.lower().endswith(MODELS) and not one.lower().endswith(".weights.h5")
    ]
    web = [one for one in listed if PurePosixPath(one).name == WEB]
    if not whole and not web:
        return None
    if len(whole) > 1 or (not whole and len(web) > 1):
        raise Refused("a zip with several models in it")
    model = (whole or web)[0]
    siblings = [one for one in listed if PurePosixPath(one).parent == PurePosixPath(model).parent]
    shards = () if whole else tuple(one for one in siblings if one.endswith(_SHARD))
    by_name = {PurePosixPath(one).name.lower(): one for one in siblings}
    names = next((by_name[one] for one in class_names.FILES if one in by_name), "")
    metadata = by_name.get(METADATA, "")
    _check(packed, [model, *shards, *{one for one in (names, metadata) if one}])
    if not whole and packed.getinfo(model).file_size > tfjs_files.MOST_TEXT:
        raise Refused(tfjs_files.TOO_LONG)
    return Contents(model, shards, names, metadata)


def _counts(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not name.endswith("/") and not any(part.startswith((".", "__MACOSX")) for part in parts)


def _check(packed: zipfile.ZipFile, names: Sequence[str]) -> None:
    listed = packed.namelist()
    for one in names:
        if listed.count(one) > 1:
            raise Refused("a zip that has the same member twice")
        info = packed.getinfo(one)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise Refused(f"a zip whose {PurePosixPath(one).name:.60} is packed in an unusual way")
    if (total := sum(packed.getinfo(one).file_size for one in names)) > MOST_MODEL:
        raise Refused(f"a model of {amounts.size(total)}, more than {amounts.size(MOST_MODEL)}")


def names_in(packed: zipfile.ZipFile, contents: Contents) -> tuple[str, ...]:
    """The names of the classes; none where they cannot be read."""
    if not contents.names or packed.getinfo(contents.names).file_size > class_names.MOST_BYTES:
        return ()
    try:
        return class_names.read(member(packed, contents.names), contents.names)
    except Refused:
        return ()


def metadata_in(packed: zipfile.ZipFile, contents: Contents) -> dict[str, Any]:
    """The entries of its `metadata.json`; none where they cannot be read."""
    if not contents.metadata or packed.getinfo(contents.metadata).file_size > class_names.MOST_BYTES:
        return {}
    try:
        entries = strict_json.parsed(member(packed, contents.metadata), _MOST_DEPTH)
    except Refused:
        return {}
    return entries if isinstance(entries, dict) else {}


def member(packed: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a member. Raises `Refused` if they are damaged."""
    try:
        return zips.read(packed, packed.getinfo(name))
    except damage.ZIP:
        raise Refused(f"a damaged {PurePosixPath(name).name:.60}") from None


def unpack(packed: zipfile.ZipFile, name: str, target: Path) -> None:
    """Writes a member to `target`, whatever the zip calls it. Raises `Refused` if it is damaged."""
    try:
        with packed.open(name) as source, target.open("wb") as sink:
            left = packed.getinfo(name).file_size
            while left and (part := source.read(min(left, 1 << 20))):
                left -= sink.write(part)
    except damage.ZIP:
        raise Refused(f"a damaged {PurePosixPath(name).name:.60}") from None


def packed(files: Mapping[str, Path | bytes]) -> bytes:
    """A zip of some files, the same for the same bytes."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, source in files.items():
            data = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
            with data, archive.open(zipfile.ZipInfo(name, _EPOCH), "w", force_zip64=True) as sink:
                shutil.copyfileobj(data, sink)
    return body.getvalue()
