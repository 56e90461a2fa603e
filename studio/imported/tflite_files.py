"""TFLite files: recognized, with the class names that TFLite's metadata append to them as a zip."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import BinaryIO

from studio.core.untrusted import damage, zips
from studio.core.untrusted.refusals import Refused
from studio.imported import class_names, containers, keras_files

EXTENSION = ".tflite"
_MAX_LISTING_BYTES = 64 << 10  # bytes of the appended zip's central directory
_OTHER_TEXTS = (keras_files.SIZE, keras_files.INPUT)


def is_tflite(file: BinaryIO) -> bool:
    """Tells whether an open file begins as a TFLite file; rewinds it."""
    file.seek(0)
    head = file.read(8)
    file.seek(0)
    return head[4:] == b"TFL3"


def find(file: BinaryIO) -> containers.Contents | None:
    """Returns where an open file has a TFLite file: alone, or with others in a zip; None if it has none."""
    if is_tflite(file):
        return containers.Contents("")
    try:
        with containers.open_zip(file) as archive:
            contents = containers.find_model(archive)
    except Refused:
        return None
    return contents if contents and contents.model.lower().endswith(EXTENSION) else None


def read_labels(path: Path) -> tuple[str, ...]:
    """Returns the class names appended to a file; () without.

    Raises:
        Refused: if they cannot be read.
    """
    with path.open("rb") as file:
        try:
            archive = keras_files.open_zip(file, _MAX_LISTING_BYTES)
        except Refused:
            return ()  # most files have no zip at their end
        with archive:
            texts = [
                info
                for info in archive.infolist()
                if PurePosixPath(info.filename).suffix == ".txt" and info.filename not in _OTHER_TEXTS
            ]
            info = next((info for info in texts if info.filename in class_names.FILES), None)
            info = info or (texts[0] if len(texts) == 1 else None)
            if info is None:
                return ()
            if info.file_size > class_names.MAX_BYTES:
                raise Refused("class names that are too long")
            try:
                return class_names.read(zips.read(archive, info), PurePosixPath(info.filename).name)
            except damage.ZIP_ERRORS:
                raise Refused(f"a damaged {info.filename:.60}") from None
