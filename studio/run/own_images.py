"""The last images that somebody brought, newest first, so that a page can offer them again by name.

`STUDIO_HOME/images.json`, or the same in the folder of an owner, holds digests and names. The images are
among all kept files, and stay as long as it names them.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from studio.core import owners, paths
from studio.core.recipes import Digest, Name
from studio.core.tasks import File

MOST = 8
_MOST_BYTES = 64 * 1024


class _Image(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: Digest
    name: Name


_IMAGES = TypeAdapter(list[_Image])


def last() -> list[File]:
    """Those of whoever asks that are still there, at most MOST; none where their file is damaged."""
    with suppress(OSError, paths.TooLarge, ValueError):
        told = _IMAGES.validate_json(paths.read(_path(), _MOST_BYTES))
        files = (File(one.digest, "image", one.name) for one in told[:MOST])
        return [file for file in files if file.here]
    return []


def note(file: File) -> None:
    """Puts an image before the others. Raises `NoRoom` if the disk is full."""
    others = [one for one in last() if one.digest != file.digest]
    with suppress(ValueError):  # a name that no recipe could have
        found = [_Image(digest=one.digest, name=one.name) for one in [file, *others][:MOST]]
        paths.write(_path(), _IMAGES.dump_json(found))


def forget() -> None:
    """Offers none of them any more; what nothing else names goes when room is made."""
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return owners.home(owners.asker()) / "images.json"
