"""The last images that a user uploaded or used again, newest first, so that pages can offer them again.

`images.json` in `STUDIO_HOME`, or in the folder of an owner, contains SHA-256 checksums and names. The images
are among the stored files, and stay as long as it names them.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, FailFast, TypeAdapter

from studio.core import owners, paths
from studio.core.recipes import Digest, Name
from studio.core.tasks import File

MAX_IMAGES = 8  # per user
_MAX_BYTES = 64 * 1024


class _Image(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: Digest
    name: Name


_IMAGES = TypeAdapter(Annotated[list[_Image], FailFast()])


def list_recent() -> list[File]:
    """Returns at most MAX_IMAGES images of the current user that still exist; none if the list is damaged."""
    with suppress(OSError, paths.TooLarge, ValueError):
        entries = _IMAGES.validate_json(paths.read(_images_path(), _MAX_BYTES))
        files = (File(entry.digest, "image", entry.name) for entry in entries[:MAX_IMAGES])
        return [file for file in files if file.is_available]
    return []


def add(file: File) -> None:
    """Puts an image first in the list. Raises `InsufficientSpace` if the disk is full."""
    older_images = [other for other in list_recent() if other.digest != file.digest]
    with suppress(ValueError):  # the name is not valid in a recipe
        entries = [
            _Image(digest=image.digest, name=image.name) for image in [file, *older_images][:MAX_IMAGES]
        ]
        paths.write(_images_path(), _IMAGES.dump_json(entries))


def clear() -> None:
    """Empties the list. Images that nothing else refers to are removed when disk space is freed."""
    _images_path().unlink(missing_ok=True)


def _images_path() -> Path:
    return owners.home_of(owners.get_current()) / "images.json"
