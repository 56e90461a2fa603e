"""Pretrained weights by name: found, fetched, checked byte by byte, converted once, loaded once a process."""

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
from studio.core.weights import converted, index, networks, originals, prepare
from studio.core.weights.prepare import entry

if TYPE_CHECKING:
    import keras

_LOOK_SECONDS = 0.2
# The training runs that a recipe asks for while it is made again.
_WANTED: ContextVar[Mapping[str, str]] = ContextVar("wanted", default=MappingProxyType({}))


@dataclass(frozen=True)
class Status:
    """What is known of some weights without loading them.

    Attributes:
        cached: whether they are converted and ready.
        path: the converted file, or the original that a user put there, or None.
        bytes: the size of the converted file; 0 if there is none.
        download_bytes: what fetching them would take; 0 if nothing.
        digest: names the training in recipes; "" if it is not known before the file is here.
        where: which source they came from, or would come from.
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
class Loaded:
    """A network in memory, shared by all who ask for it: never change its weights."""

    model: keras.Model
    digest: str


_LOADED: dict[tuple[str, str | None], Loaded] = {}
_LOADING = threading.Lock()


def names() -> list[str]:
    """All the weights that the studio knows."""
    return list(index.shipped().weights)


def status(name: str, digest: str | None = None) -> Status:
    """Says whether weights are here, what they weigh and where they come from; fetches nothing."""
    known = entry(name)
    if found := prepare.find(name, digest):
        path, note = found
        return Status(name, known.title, True, path, note.bytes, 0, note.digest, note.source)
    source = next((s for s in known.sources if prepare.may_be(s, digest)), known.sources[0])
    here = originals.find(source)
    size = 0 if here else source.bytes
    return Status(name, known.title, False, here, 0, size, source.digest, source.where)


def pull(
    name: str, progress: Progress | None = None, source: Path | None = None, digest: str | None = None
) -> Path:
    """Makes sure that weights are here, from the first that has them: a named file, the cache, the sources.

    Args:
        name: one of `names()`.
        progress: told the bytes of a download.
        source: the original file, or a folder that holds it; taken instead of the cache and a download.
        digest: the very training that is wanted, as a recipe names it; None takes the first to be had.

    Returns:
        The converted `.weights.h5`.

    Raises:
        Unavailable: if nothing has them; the message says which file to put where.
        InvalidInput: if the named file is not one of the pinned ones.
        Cancelled: if a user asked to stop; the next pull continues from there.
    """
    return prepare.ready(name, progress or Progress(), source, digest)[0]


def fetch(name: str, progress: Progress | None = None) -> None:
    """Makes sure that weights are here, in a process of its own since converting them loads Keras.

    Args:
        name: one of `names()`.
        progress: asked whether a user wants to stop; the next fetch continues from there.

    Raises:
        InvalidInput: if there are no weights of that name.
        Unavailable: if nothing has them.
        Cancelled: if a user asked to stop.
    """
    progress, absent = progress or Progress(), status(name)
    if absent.cached:
        return
    size = f" ({amounts.size(absent.download_bytes)})" if absent.download_bytes else ""
    progress.stage(f"Fetching {absent.title}{size}")
    with subprocess.Popen(
        children.command("-m", "studio", "weights", "pull", name),
        env=children.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        said = _said(process, progress)
    if process.returncode:
        errors = [line for line in said.splitlines() if line.startswith("error: ")]
        silent = "The download ended without a message. Try again."
        raise Unavailable(errors[-1].removeprefix("error: ") if errors else silent)


def _said(process: subprocess.Popen[str], progress: Progress) -> str:
    """What a process has said when it ends; it is ended if a user asks to stop."""
    while True:
        try:
            return process.communicate(timeout=_LOOK_SECONDS)[1]
        except subprocess.TimeoutExpired:
            try:
                progress.check()
            except Cancelled:
                process.terminate()
                raise


def verify(name: str) -> Status:
    """Reads the whole converted file and compares it with its note.

    Raises:
        Unavailable: if the weights are not here, or not as they were made.
    """
    found = prepare.find(name, None)
    if found and converted.is_whole(*found):
        return status(name)
    what = f"in {found[0]} are damaged" if found else "are not here, or only in part"
    raise Unavailable(f"The weights {name} {what}. Run `studio weights pull {name}`.")


def expected_digest(name: str) -> str:
    """The digest of the training that `load` would take now; "" if not known. Loads and fetches nothing."""
    return status(name, _WANTED.get().get(name)).digest


def pinned() -> Mapping[str, str]:
    """What `using` asks for in this thread, as a recipe names it: `{name: digest}`; empty for nothing."""
    return _WANTED.get()


@contextlib.contextmanager
def using(digests: Mapping[str, str]) -> Iterator[None]:
    """While open, `load` in this thread takes these training runs, as a recipe names them: `{name: digest}`;
    and `studio.core.models.presets.find` no model of such a name that has become another one.
    """
    token = _WANTED.set(dict(digests))
    try:
        yield
    finally:
        _WANTED.reset(token)


def load(name: str, progress: Progress | None = None, digest: str | None = None) -> Loaded:
    """The network of a name with its weights, fetched if need be; one copy a process, frozen.

    Args:
        name: one of `names()`.
        progress: told of a download.
        digest: the very training that is wanted, as a recipe names it; None takes the one that `using`
            asks for, else the first to be had.

    Raises:
        StudioError: as `pull`.
    """
    progress = progress or Progress()
    digest = digest or _WANTED.get().get(name)
    if found := _LOADED.get((name, digest)):
        return found
    path, note = prepare.ready(name, progress, None, digest)
    training = note.digest
    with _LOADING:
        if (name, training) not in _LOADED:
            progress.stage(f"Loading {entry(name).title}")
            model = networks.build(name)
            model.load_weights(path)
            model.trainable = False
            _LOADED[name, training] = Loaded(model, training)
        return _LOADED.setdefault((name, digest), _LOADED[name, training])
