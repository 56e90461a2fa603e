"""Pages in Streamlit's AppTest, with a real engine whose workers import no Keras."""

from __future__ import annotations

import io
import sys
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest
from waiting import TIMEOUT_SECONDS, wait_until

from pages.jobs.navigation import PAGES
from studio.core import tasks
from studio.core.tasks import File
from studio.core.weights import index

ROOT = Path(__file__).resolve().parents[2]
FAKES = ROOT / "tests" / "fakes"
FRAME = str(ROOT / "pages" / "frame.py")


@pytest.fixture(autouse=True)
def page_owner_as_default(local_owner, monkeypatch):
    """Makes the visitor of the page the asker, as in a server."""
    from pages.widgets import owners as visitors
    from studio.core import owners

    monkeypatch.setattr(owners, "_default_owner", [lambda: visitors.get_owner()])


@pytest.fixture
def hide_shipped_models(monkeypatch):
    """Hides shipped models, so that tests know which model comes first."""
    catalog = index.load().model_copy(update={"presets": {}})
    monkeypatch.setattr(index, "load", lambda: catalog)


@pytest.fixture
def started_jobs(monkeypatch):
    """Records what the page starts, instead of running it."""
    calls = []
    monkeypatch.setattr("pages.parts.start", lambda *args: calls.append(args))
    return calls


@pytest.fixture(scope="package", autouse=True)
def skip_slow_scans():
    """Skips the search for components and the cleanup of modules in each run.

    In a test run, each page would search all installed packages, and each run would scan all objects that
    other tests left in memory.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", list)  # the studio has none
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        yield


@pytest.fixture(scope="package")
def chores(tmp_path_factory):
    """Registers the tasks of the tests here and in the workers; yields their STUDIO_HOME."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FAKES))
        import chores

        patch.setenv("PYTHONPATH", str(FAKES))
        patch.setenv("STUDIO_HOME", str(tmp_path_factory.mktemp("pages-home")))
        # Jobs of earlier tests must not change the estimates on pages.
        patch.setattr("studio.core.durations._read_records", dict)
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
        patch.setattr(module, "_engines", [running])
        wait_until(lambda: running.status() == "ready")
        yield running
    running.close()


@pytest.fixture(scope="package")
def registered_pages(engine):
    """The pages as Streamlit registers them in the first run, by which AppTest finds a page by its file.

    They are the same for each visit. Each visit would draw the home page, too, if it had to register them.
    """
    return AppTest.from_file(FRAME, default_timeout=TIMEOUT_SECONDS).run()._registered_pages


@pytest.fixture
def visit(registered_pages):
    """Opens a page by its address: `visit("style", mode="Draft")`."""

    def visit(address: str = "", **params: str) -> AppTest:
        app = AppTest.from_file(FRAME, default_timeout=TIMEOUT_SECONDS)
        app._registered_pages = registered_pages
        app.switch_page(next(entry.file for entry in PAGES if entry.address == address))
        app.query_params.update(params)
        return app.run()

    return visit


@pytest.fixture(autouse=True)
def clear_shared_results():
    """Clears results that tabs share, so that tests do not depend on each other."""
    from pages.jobs import live

    live._shared_results.clear()


@pytest.fixture
def no_live_work(monkeypatch):
    """Prevents pages from starting live work, which takes far longer than the page."""
    for name in (
        "parts.show_live",
        "faces.grid_view.show",
        "playground.learning.show",
        "lab.training.train_networks",
        "sketch.easel.show_result",
        "jobs.live.make_result",
    ):
        monkeypatch.setattr(f"pages.{name}", lambda *args, **more: None)


@pytest.fixture
def draw(engine):
    """Runs a function that uses `pages.parts` as a page."""

    def draw(function, **kwargs) -> AppTest:
        return AppTest.from_function(function, default_timeout=TIMEOUT_SECONDS, kwargs=kwargs).run()

    return draw


@pytest.fixture
def rotated_photo(home):
    """Returns a photo that is stored on its side: upright, it is 60 px wide and 1,200 px high."""
    photo = Image.new("RGB", (1200, 60))
    photo.getexif()[0x0112] = 6
    body = io.BytesIO()
    photo.save(body, "JPEG", exif=photo.getexif())
    return File.store(body.getvalue(), "image", "rotated.jpg")


@pytest.fixture
def until():
    """Waits until a condition holds, and fails if it never does."""
    return partial(wait_until, pause=0.1)  # a check may run a page, which must not slow down its job
