"""What keeps one job's folder from harming the others, or from being left half-written."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from studio.engine.jobs import store

log = logging.getLogger("studio.engine")


@contextmanager
def one_of_many(name: str) -> Iterator[None]:
    """Passes over a job's folder that cannot be read, whatever is wrong with it, so that the others are."""
    try:
        yield
    except Exception:
        log.exception("job %s cannot be read, so its folder is left alone", name)


@contextmanager
def whole_or_not(folder: store.Folder) -> Iterator[None]:
    """Removes a new job's folder if it could not be filled: the user is told that there is no such job."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            folder.remove()
        raise
