"""Jobs on dask.distributed: the queue on disk is the truth, Dask only runs it.

`connect()` gives this process's one engine; pages call nothing else.
"""

from studio.engine.engine import Engine, connect
from studio.engine.jobs import Job, Live
from studio.engine.stream import Stream
from studio.engine.turns import Superseded

__all__ = ["Engine", "Job", "Live", "Stream", "Superseded", "connect"]
