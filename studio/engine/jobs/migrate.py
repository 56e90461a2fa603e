"""What an earlier studio kept otherwise, brought to where it is looked for now. Done once, at the start."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
from pathlib import Path

from studio.core import owners, paths
from studio.engine.jobs import store

_MOST_BYTES = 256_000  # of a search by eye
log = logging.getLogger("studio.engine")


def mend(home: Path) -> None:
    """Moves visitors' models, files and searches of an earlier studio to where their owners are noted now."""
    for mark, move in _MOVES.items():
        done = home / "owners" / mark
        if not done.exists():
            move(home)
            paths.write(done, b"")


def _models_and_files(home: Path) -> None:
    _models(home)
    for job in sorted(path for root in ("jobs", "removed") for path in (home / root).glob("[!.]*")):
        try:
            _files(store.Folder(job))
        except (KeyError, TypeError, ValueError, AttributeError):
            log.warning("job %s names no files that can be read", job.name)
    (home / "secret").unlink(missing_ok=True)  # it signed tags in addresses; nothing reads it any more


def _models(home: Path) -> None:
    """A file in owners/ named as a model said whose it was; now the model lies in its owner's folder."""
    for note in (home / "owners").glob("[!.]*"):
        if note.is_file():
            model, target = home / "presets" / note.name, owners.folder(note.read_text().strip()) / "presets"
            if model.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                shutil.move(model, target / note.name)
            note.unlink()


def _searches(home: Path) -> None:
    """Searches by eye of all lay in one folder; now those of each of many are the owner's own."""
    for path in (home / "searches").glob("eye-*.json"):
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):  # what is odd stays
            owner = json.loads(paths.read(path, _MOST_BYTES)).get("owner", owners.LOCAL)
            if owner != owners.LOCAL:
                paths.make(owners.folder(owner) / "searches")
                path.rename(owners.folder(owner) / "searches" / path.name)


def _files(job: store.Folder) -> None:
    """Notes what a visitor had made, and of what.

    Of a picture that came from elsewhere its inputs are left out: anybody may have written their digests.
    """
    asked = job.read("job") or {}
    owner = asked.get("owner")
    if not isinstance(owner, str) or owner in (owners.LOCAL, owners.NOBODY):
        return
    result = (job.read("outcome") or {}).get("result") or {}
    elsewhere = result and (job.read("state") or {"started": 0.0}).get("started") is None
    inputs = () if elsewhere else asked["inputs"].values()
    with owners.asking(owner):
        for file in [*result.get("files", ()), *(one for files in inputs for one in files)]:
            owners.grant(file["digest"])


_MOVES = {".models-and-files": _models_and_files, ".searches": _searches}  # by what tells that it is done
