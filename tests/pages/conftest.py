"""Pages in Streamlit's own test runner, against a real engine whose workers import no Keras."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from pages.jobs.navigation import PLACES
from studio.core import tasks

ROOT = Path(__file__).resolve().parents[2]
FAKES = ROOT / "tests" / "fakes"
SECONDS = 240  # first runs on a busy machine are slow, and no test measures time


@pytest.fixture(autouse=True)
def somebody_looks_at_a_page(nobody_looks_at_a_page, monkeypatch):
    """Here whoever looks at a page asks, as in a server."""
    from pages.widgets import owners as visitors
    from studio.core import owners

    monkeypatch.setattr(owners, "_otherwise", [lambda: visitors.owner()])


@pytest.fixture(scope="package", autouse=True)
def runs_cost_what_they_cost_in_a_server():
    """A server looks for components once, and holds no Keras whose session Streamlit would clear at each run.

    Here every page opened would look through all installed packages, and every run would interpolation
    through all that tests of other folders have left in memory.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", list)  # the studio has none of its own
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        yield


@pytest.fixture(scope="package")
def chores(tmp_path_factory):
    """The tests' own tasks, here and in the workers; with a STUDIO_HOME of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FAKES))
        import chores

        patch.setenv("PYTHONPATH", str(FAKES))
        patch.setenv("STUDIO_HOME", str(tmp_path_factory.mktemp("pages-home")))
        # Jobs of earlier tests must not decide what pages say of later ones.
        patch.setattr("studio.core.durations._known", dict)
        for name, entry in chores.TASKS.items():
            patch.setitem(tasks.TASKS, name, entry)
        yield chores
    sys.modules.pop("chores", None)


@pytest.fixture(scope="package")
def engine(chores):
    """The engine that pages connect to."""
    from studio.engine import Engine
    from studio.engine import engine as module

    running = Engine(warm=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_connected", [running])
        end = time.monotonic() + SECONDS
        while running.status() != "ready":
            assert time.monotonic() < end, running.status()
            time.sleep(0.05)
        yield running
    running.close()


@pytest.fixture
def visit(engine):
    """Opens a page as its address would: `visit("style", mode="Draft")`."""

    def visit(address: str = "", **params: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=SECONDS)
        app.run()  # the navigation is known only after a first run
        app.switch_page(next(place.file for place in PLACES if place.address == address))
        app.query_params.update(params)
        return app.run()

    return visit


@pytest.fixture(autouse=True)
def nothing_is_shared():
    """What the tab of one test got is not there for the next."""
    from pages.jobs import live

    live._shared.clear()


@pytest.fixture
def draw(engine):
    """Runs a function that draws with `pages.parts`, as a page of its own."""

    def draw(function, **kwargs) -> AppTest:
        return AppTest.from_function(function, default_timeout=SECONDS, kwargs=kwargs).run()

    return draw


@pytest.fixture
def until():
    """Waits until something holds, and fails if it never does."""

    def until(holds, seconds: float = SECONDS):
        end = time.monotonic() + seconds
        while not (found := holds()):
            assert time.monotonic() < end, "it never came to be"
            time.sleep(0.05)
        return found

    return until
