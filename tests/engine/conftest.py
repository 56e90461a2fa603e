"""One real cluster for these tests, with workers that import no Keras and may use little memory."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path

import pytest

from studio.core import tasks

FAKES = Path(__file__).resolve().parent.parent / "fakes"
MEMORY = {"job": 450e6, "live": 450e6, "drive": 450e6}


@pytest.fixture(scope="package")
def chores(tmp_path_factory):
    """The tests' own tasks, here and in every process that is started; their STUDIO_HOME."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FAKES))
        import chores

        patch.setenv("PYTHONPATH", str(FAKES))
        patch.setenv("STUDIO_HOME", str(tmp_path_factory.mktemp("engine-home")))
        for name, entry in chores.TASKS.items():
            patch.setitem(tasks.TASKS, name, entry)
        yield chores
    sys.modules.pop("chores", None)


@pytest.fixture(scope="package")
def start(chores):
    """Starts an engine on the STUDIO_HOME of the moment."""
    from studio.engine import Engine

    return partial(Engine, memory=MEMORY, warm=False)


def _until(holds, seconds: float = 60):
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="package")
def engine(start):
    """A running engine, its cluster up: what is queued begins at once."""
    running = start()
    try:
        _until(lambda: running.status() == "ready", 60)
        yield running
    finally:
        running.close()


@pytest.fixture
def do(engine, chores):
    """Submits a chore: `do(steps=3)`."""

    def submit(owner: str = "local", **settings):
        return engine.submit("chores.do", chores.ChoreSettings(**settings), {}, owner)

    return submit


@pytest.fixture
def until():
    """Waits until something holds, and fails if it never does."""

    return _until


@pytest.fixture
def finished(engine, until):
    """Waits until a job is finished, and returns it as it is then."""

    def wait(job, owner: str = "local"):
        until(lambda: engine.job(job.id, owner).finished)
        return engine.job(job.id, owner)

    return wait
