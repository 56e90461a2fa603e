"""Pretrained weights by name: downloads, verifies and converts them once, and loads them once per process."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from studio.core import amounts
from studio.core.errors import Cancelled, Unavailable
from studio.core.process import children
from studio.core.progress import Progress
from studio.core.weights import conversion_cache, index, networks, originals, prepare
from studio.core.weights.prepare import get_entry

if TYPE_CHECKING:
    import keras

_POLL_SECONDS = 0.2
# Digests of training runs by name, while a recipe with pinned weights is replayed.
_PINNED_DIGESTS: ContextVar[Mapping[str, str]] = ContextVar("pinned", default=MappingProxyType({}))


@dataclass(frozen=True)
class Status:
    """The status of weights, available without loading them.

    Attributes:
        name, title: their name and their title for users.
        cached: whether they are converted and ready.
        path: the converted file, or an original file from the user, or None.
        bytes: the size of the converted file; 0 if there is none.
        download_bytes: the size of the download; 0 if none is needed.
        digest: the id of the training run in recipes; "" if unknown before the download.
        where: their source.
    """

    name: str
    title: str
    cached: bool
    path: Path | None
    bytes: int
    download_bytes: int
    digest: str
    where: str


@dataclass(frozen=True)
class LoadedNetwork:
    """A network in memory, shared by all callers: never change its weights."""

    model: keras.Model
    digest: str


_LOADED_NETWORKS: dict[tuple[str, str | None], LoadedNetwork] = {}
_LOAD_LOCK = threading.Lock()


def list_names() -> list[str]:
    """Returns the names of all weights."""
    return list(index.load().weights)


def get_status(name: str, digest: str | None = None) -> Status:
    """Returns the status of weights. Downloads nothing."""
    weights = get_entry(name)
    if match := prepare.find(name, digest):
        path, note = match
        return Status(name, weights.title, True, path, note.bytes, 0, note.digest, note.source)
    source = next((s for s in weights.sources if prepare.may_match(s, digest)), weights.sources[0])
    original = originals.find(source)
    size = 0 if original else source.bytes
    return Status(name, weights.title, False, original, 0, size, source.digest, source.where)


def pull(name: str, progress: Progress | None = None, source: Path | None = None) -> Path:
    """Makes weights available: from a given file, from the cache, or by download.

    Args:
        name: one of `list_names()`.
        progress: receives the progress of a download.
        source: the original file, or its folder, to use instead of the cache and a download.

    Returns:
        The path of the converted `.weights.h5`.

    Raises:
        Unavailable: if no source has them; the message says which file to put where.
        InvalidInput: if the given file is not a pinned one.
        Cancelled: if the user asked to stop; the next pull resumes.
    """
    return prepare.ensure(name, progress or Progress(), source, None)[0]


def pull_in_child(name: str, progress: Progress | None = None) -> None:
    """Makes weights available in a child process, because converting them loads Keras.

    Args:
        name: one of `list_names()`.
        progress: checked for a cancel; the next fetch resumes.

    Raises:
        InvalidInput: if there are no weights of that name.
        Unavailable: if no source has them.
        Cancelled: if the user asked to stop.
    """
    progress, weights = progress or Progress(), get_status(name)
    if weights.cached:
        return
    size = f" ({amounts.format_bytes(weights.download_bytes)})" if weights.download_bytes else ""
    progress.report_stage(f"Fetching {weights.title}{size}")
    with subprocess.Popen(
        children.build_command("-m", "studio", "weights", "pull", name),
        env=children.build_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        stderr = _wait_for_stderr(process, progress)
    if process.returncode:
        errors = [line for line in stderr.splitlines() if line.startswith("error: ")]
        fallback = "The download ended without a message. Try again."
        raise Unavailable(errors[-1].removeprefix("error: ") if errors else fallback)


def _wait_for_stderr(process: subprocess.Popen[str], progress: Progress) -> str:
    """Waits until a process ends and returns its stderr. Terminates it if the user asks to stop."""
    while True:
        try:
            return process.communicate(timeout=_POLL_SECONDS)[1]
        except subprocess.TimeoutExpired:
            try:
                progress.check()
            except Cancelled:
                process.terminate()
                raise


def verify(name: str) -> Status:
    """Verifies the SHA-256 of the converted file, and returns the status.

    Raises:
        Unavailable: if the weights are missing or damaged.
    """
    match = prepare.find(name, None)
    if match and conversion_cache.is_intact(*match):
        return get_status(name)
    problem = f"in {match[0]} are damaged" if match else "are not here, or only in part"
    raise Unavailable(f"The weights {name} {problem}. Run `studio weights pull {name}`.")


def get_digest(name: str) -> str:
    """Returns the digest of the training run that `load` would use; "" if unknown. Loads nothing."""
    return get_status(name, _PINNED_DIGESTS.get().get(name)).digest


def get_pinned() -> Mapping[str, str]:
    """Returns the weights pinned by `pin` in this thread, `{name: digest}`."""
    return _PINNED_DIGESTS.get()


@contextlib.contextmanager
def pin(digests: Mapping[str, str]) -> Iterator[None]:
    """Pins the weights of this thread while open.

    `load` then uses exactly these training runs, and `studio.core.models.presets.find` refuses a model that
    has changed.

    Args:
        digests: of training runs, as in a recipe: `{name: digest}`.
    """
    token = _PINNED_DIGESTS.set(dict(digests))
    try:
        yield
    finally:
        _PINNED_DIGESTS.reset(token)


def load(name: str, progress: Progress | None = None, digest: str | None = None) -> LoadedNetwork:
    """Loads a pretrained network, after a download if necessary. It is frozen, and loaded once per process.

    Args:
        name: one of `list_names()`.
        progress: receives the progress of a download.
        digest: of the training run, as in a recipe; None takes the one pinned by `pin`, else the first
            available one.

    Raises:
        StudioError: see `pull`.
    """
    progress = progress or Progress()
    digest = digest or _PINNED_DIGESTS.get().get(name)
    if loaded := _LOADED_NETWORKS.get((name, digest)):
        return loaded
    path, note = prepare.ensure(name, progress, None, digest)
    resolved_digest = note.digest
    with _LOAD_LOCK:
        if (name, resolved_digest) not in _LOADED_NETWORKS:
            progress.report_stage(f"Loading {get_entry(name).title}")
            model = networks.build(name)
            model.load_weights(path)
            model.trainable = False
            _LOADED_NETWORKS[name, resolved_digest] = LoadedNetwork(model, resolved_digest)
        return _LOADED_NETWORKS.setdefault((name, digest), _LOADED_NETWORKS[name, resolved_digest])
