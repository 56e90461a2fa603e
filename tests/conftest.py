"""Fixtures for all tests: a separate STUDIO_HOME, and the folder with real data if there is one."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
_LOWEST_PRIORITY = 19
_PR_CAPBSET_DROP, _CAP_SYS_NICE = 24, 23  # of Linux
BROWSER_FOLDER = "tests/browser"  # its tests share a server and a browser, which start only once
# What takes minutes and would come last.
LONGEST = (
    BROWSER_FOLDER,
    "tests/test_benchmarks",
    "tests/training/test_backends",
    "tests/training/test_parallel",
)
UNOPTIMIZED = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"  # flags of XLA
# Read by OpenBLAS, TensorFlow and JAX.
THREAD_LIMITS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC")


def pytest_configure():
    """Gives all processes that tests start the same priority, and one thread for computing each.

    Threads of BLAS wait for each other without sleeping: on a core that another file of tests uses, too, some
    products would take a hundred times as long.

    Two files of tests run at a time. Jobs of the studio are polite: they give way to others by a niceness of
    10. Those of one file would stand still while the other file trains, and its test would wait in
    vain. Run by root, Chromium raises its own priority, and studios would stand still while it animates.
    """
    os.environ |= dict.fromkeys(THREAD_LIMITS, "1")
    # Containers often set it. Every process would compile TensorFlow's 2,000 modules again, for 20 seconds.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # Compiling takes far longer than a few small steps.
    os.environ |= {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1", "XLA_FLAGS": UNOPTIMIZED}
    if hasattr(os, "nice"):
        os.nice(_LOWEST_PRIORITY)
    if sys.platform == "linux":  # no program that starts from here may raise its priority
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_SYS_NICE)


def pytest_collection_modifyitems(items):
    """Runs what takes longest first, so that no processor idles at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish():
    """Exempts all modules from garbage collection, which would scan those of TensorFlow again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Gives all browser tests to one process, and otherwise whole files."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return BROWSER_FOLDER if nodeid.startswith(BROWSER_FOLDER) else super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def session_home(tmp_path_factory):
    """STUDIO_HOME of the whole test run, so that no test touches the user's own."""
    path = tmp_path_factory.mktemp("studio-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(path))
        yield path


@pytest.fixture(scope="session", autouse=True)
def reference_speed():
    """Fixes the measured speed of this machine, so that estimates do not depend on its load."""
    from studio.core import durations

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durations, "load_machine_slowdown", lambda: 1.0)
        yield


@pytest.fixture(autouse=True)
def local_owner(monkeypatch):
    """Tests act as the operator, even after modules of pages, which know visitors, were imported."""
    from studio.core import owners

    monkeypatch.setattr(owners, "_default_owner", [])


# bytes; collecting garbage takes seconds, too long after every file
MAX_GROWTH_BYTES = 1.2e9
_process, _baseline_bytes = psutil.Process(), 0


@pytest.fixture(scope="module", autouse=True)
def free_memory():
    """Frees memory after each file, because one process runs them all."""
    global _baseline_bytes
    yield
    if _process.memory_info().rss < _baseline_bytes + MAX_GROWTH_BYTES:
        return
    if keras := sys.modules.get("keras"):
        keras.backend.clear_session()
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # only glibc keeps freed memory
        ctypes.CDLL(None).malloc_trim(0)
    _baseline_bytes = _process.memory_info().rss


@pytest.fixture
def eager():
    """Runs a few steps of training without tracing a graph, which takes longer than the steps."""
    import eager_mode

    with eager_mode.run_eagerly():
        yield


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A fresh STUDIO_HOME for one test."""
    path = tmp_path / "home"
    monkeypatch.setenv("STUDIO_HOME", str(path))
    return path


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Real images, data sets and bad files in STUDIO_TEST_DATA; skips the test without it."""
    path = Path(os.environ.get("STUDIO_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no test data in {path}; set STUDIO_TEST_DATA")
    return path


REQUIRED_WEIGHTS = ("vgg16", "lpips", "adain")  # most tests need these; fixtures load the others


@pytest.fixture(scope="session")
def weights_cache() -> Path:
    """All real weights that can be downloaded, cached between runs; skips without REQUIRED_WEIGHTS."""
    import platformdirs

    from studio.core import errors
    from studio.core.weights import pretrained

    default = platformdirs.user_cache_path("creative-ai-studio-tests")
    path = Path(os.environ.get("STUDIO_TEST_WEIGHTS", default)).absolute()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(path))
        for name in sorted(pretrained.list_names(), key=lambda name: name not in REQUIRED_WEIGHTS):
            try:
                pretrained.pull(name)
            except errors.Unavailable as error:
                if name in REQUIRED_WEIGHTS:
                    pytest.skip(str(error))
    return path / "weights"


@pytest.fixture
def weights_home(weights_cache, home) -> Path:
    """A fresh STUDIO_HOME that already has the weights."""
    link_weights(weights_cache, home)
    return home


@pytest.fixture(scope="module")
def lasting_weights_home(weights_cache, tmp_path_factory):
    """`with lasting_weights_home() as home:` is a STUDIO_HOME that several tests of a file read."""
    path = tmp_path_factory.mktemp("lasting")
    link_weights(weights_cache, path)

    @contextlib.contextmanager
    def use_home():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STUDIO_HOME", str(path))
            yield path

    return use_home


def link_weights(cache: Path, home: Path) -> None:
    """Gives a STUDIO_HOME the weights of the cache."""
    (home / "weights").mkdir(parents=True)
    for path in cache.glob("*[.]weights.h5"):
        for file in (path, path.with_name(path.name.replace(".weights.h5", ".json"))):
            _link_or_copy(file, home / "weights" / file.name)


def _link_or_copy(file: Path, place: Path) -> None:
    """Copies a file, with a hard link where possible."""
    try:
        place.hardlink_to(file)
    except OSError:
        shutil.copy(file, place)


@pytest.fixture
def resnet50_home(weights_home) -> Path:
    """`weights_home` with ResNet50 and its labels; skips the test without them."""
    return _require_weights(weights_home, "resnet50", "imagenet-labels")


@pytest.fixture
def lite0_home(weights_home) -> Path:
    """`weights_home` with EfficientNet-Lite0; skips the test without it."""
    return _require_weights(weights_home, "efficientnet-lite0")


@pytest.fixture
def inceptionv3_home(weights_home) -> Path:
    """`weights_home` with the InceptionV3 of FID; skips the test without it."""
    return _require_weights(weights_home, "inceptionv3")


@pytest.fixture
def quick_inceptionv3_home(inceptionv3_home, monkeypatch) -> Path:
    """`inceptionv3_home` at 96 px instead of 299: faster, with other values."""
    from studio.core.metrics import inception

    monkeypatch.setattr(inception, "resize", functools.partial(inception.resize, side=96))
    return inceptionv3_home


def _require_weights(home: Path, *names: str) -> Path:
    from studio.core.weights import pretrained

    for name in names:
        if not pretrained.get_status(name).cached:
            pytest.skip(f"the weights {name} are out of reach")
    return home


@pytest.fixture
def image() -> np.ndarray:
    """An image `(48, 64, 3) uint8` whose pixels all differ, so that flips and swaps show."""
    rows, columns = np.mgrid[0:48, 0:64]
    return np.stack([rows * 5, columns * 4, (rows + columns) * 2], axis=-1).astype("uint8")


@pytest.fixture(scope="session")
def engine(session_home):
    """The engine that pages connect to; all its processes end after the last test."""
    from studio.engine import connect

    running = connect()
    yield running
    running.close()
