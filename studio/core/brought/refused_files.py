"""Kept files of models that were refused: nobody can use them, and they may have hundreds of MB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from studio.core import owners, paths
from studio.core.errors import InvalidInput
from studio.core.tasks import File

_MOST_REASONS = 1000
_reasons: dict[tuple[str, str], str] = {}  # of this process, by owner and SHA-256, the oldest first


@contextmanager
def removing(file: File) -> Iterator[None]:
    """While open, removes the kept file where it is refused, unless it comes into use again meanwhile.

    Raises:
        InvalidInput: if the file was removed so before: the reason of that time, as for a page drawn again.
    """
    key = (owners.asker(), file.digest)
    if not paths.is_kept(file.digest) and (reason := _reasons.get(key)):
        raise InvalidInput(reason)
    written = file.path.stat().st_mtime_ns
    try:
        yield
    except InvalidInput as error:
        if paths.forget(file.digest, written):
            owners.disown(file.digest)
            _reasons[key] = str(error)
            for oldest in list(_reasons)[:-_MOST_REASONS]:
                _reasons.pop(oldest, None)  # another thread may have removed it
        raise
