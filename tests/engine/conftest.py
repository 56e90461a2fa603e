"""A real cluster whose workers import no Keras and may use little memory."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest
from waiting import wait_until

from studio.core import tasks

FAKES = Path(__file__).resolve().parent.parent / "fakes"
MEMORY = {"job": 450e6, "live": 450e6, "drive": 450e6}


@pytest.fixture(scope="package")
def chores(tmp_path_factory):
    """Registers the tasks of the tests in every process; yields their STUDIO_HOME."""
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
def start_engine(chores):
    """Starts an engine on the current STUDIO_HOME."""
    from studio.engine import Engine

    return partial(Engine, memory=MEMORY, warm=False)


@pytest.fixture(scope="package")
def engine(start_engine):
    """A running engine whose cluster is up, so that queued jobs start at once."""
    running = start_engine()
    try:
        wait_until(lambda: running.status() == "ready")
        yield running
    finally:
        running.close()


@pytest.fixture
def queue_chore(engine, chores):
    """Submits a chore: `queue_chore(steps=3)`."""

    def submit(owner: str = "local", **settings):
        return engine.submit("chores.do", chores.ChoreSettings(**settings), {}, owner)

    return submit


@pytest.fixture
def until():
    """Waits until a condition holds, and fails if it never does."""

    return wait_until


@pytest.fixture
def wait_for_job(engine, until):
    """Waits until a job is finished, and returns it."""

    def wait(job, owner: str = "local"):
        until(lambda: engine.find_job(job.id, owner).finished)
        return engine.find_job(job.id, owner)

    return wait
