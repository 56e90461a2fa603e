"""Jobs on dask.distributed. The queue on disk is authoritative; Dask only runs it.

`connect()` returns this process's only engine; pages call nothing else. Names are imported on first use, so
the gallery and the command line can read job folders without loading Dask.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.engine.engine import Engine, connect
    from studio.engine.jobs.job import Batch, Job, Live
    from studio.engine.stream import Stream
    from studio.engine.turns import Superseded

_MODULES = {
    "Batch": "jobs.job",
    "Engine": "engine",
    "connect": "engine",
    "Job": "jobs.job",
    "Live": "jobs.job",
    "Stream": "stream",
    "Superseded": "turns",
}

__all__ = ["Batch", "Engine", "Job", "Live", "Stream", "Superseded", "connect"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
