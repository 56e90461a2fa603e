"""Jobs that need too much memory are rejected with the largest setting that fits."""

import re

import numpy as np
import pytest

from studio.classify.settings import TrainClassifierSettings
from studio.core import capacity, tasks
from studio.core.errors import InsufficientSpace
from studio.core.imaging import image_io
from studio.core.process import limits
from studio.dcgan.settings import TrainDcganSettings
from studio.diffusion.settings import TrainDiffusionSettings
from studio.dream.settings import DreamSettings
from studio.enhance.settings import TrainEnhanceSettings
from studio.gallery.sweep_settings import SweepSettings
from studio.sketch.settings import TrainSketchSettings
from studio.style.house.settings import TrainStyleSettings
from studio.style.settings import TransferSettings
from studio.text.settings import TrainTextSettings
from studio.tune.settings import TuneSettings
from studio.vae.settings import TrainVaeSettings
from studio.video.settings import VideoSettings

GIB = 2**30


@pytest.fixture(autouse=True)
def _home(home):
    """A STUDIO_HOME, where files of this test are stored."""


def store_photo(height=300, width=400):
    pixels = np.zeros((height, width, 3), "uint8")
    return tasks.File.store(image_io.encode_png(pixels), "image", "photo.png")


def set_memory(monkeypatch, gib):
    monkeypatch.setattr(limits, "read_memory_limit", lambda: int(gib * GIB))


def estimate_bytes(task, settings, inputs):
    return tasks.import_object(task.estimate_bytes)(settings, inputs)


def style_job(size, mode="fine"):
    return tasks.get("style.transfer"), TransferSettings(mode=mode, size=size), {"content": [store_photo()]}


def test_a_job_that_fits_is_accepted(monkeypatch):
    set_memory(monkeypatch, 16)
    tasks.check_memory(*style_job(2048))


def test_a_job_that_does_not_fit_is_refused_with_the_largest_size(monkeypatch):
    set_memory(monkeypatch, 2)
    with pytest.raises(InsufficientSpace, match=r"Style with size 2048 px needs about \d\.\d GiB") as error:
        tasks.check_memory(*style_job(2048))
    assert "here it may have 2.0 GiB" in str(error.value)
    size = int(re.search(r"Choose size (\d+) px or less", str(error.value))[1])
    tasks.check_memory(*style_job(size))
    with pytest.raises(InsufficientSpace):
        tasks.check_memory(*style_job(size + 64))


def test_a_share_limits_the_available_memory(monkeypatch):
    set_memory(monkeypatch, 6)
    tasks.check_memory(*style_job(1024))
    with pytest.raises(InsufficientSpace, match=r"it may have 1\.2 GiB"):
        tasks.check_memory(*style_job(1024), share=0.2)


def test_the_error_says_when_no_size_fits(monkeypatch):
    set_memory(monkeypatch, 0.1)
    with pytest.raises(InsufficientSpace, match=r"Use a machine with more memory\."):
        tasks.check_memory(*style_job(64))


def sweep_job(*vary, **base):
    settings = SweepSettings(task="style.transfer", base=base, vary=vary)
    return tasks.get("gallery.sweep"), settings, {"content": [store_photo()], "style": [store_photo()]}


def search_job(*vary, fixed=(), train="text"):
    settings = TuneSettings(train=train, vary=vary, fixed=fixed)
    slot = tasks.get(f"{train}.train").inputs[0]
    return tasks.get("tune.run"), settings, {slot.name: [tasks.File.store(b"so", slot.kind, "so.txt")]}


def test_a_sweep_is_refused_by_its_largest_cell(monkeypatch):
    set_memory(monkeypatch, 2)
    tasks.check_memory(*sweep_job("size=256,384", mode="fine"))
    message = r"^Style with size 2048 px needs .* Choose size \d+ px or less\.$"
    with pytest.raises(InsufficientSpace, match=message):
        tasks.check_memory(*sweep_job("size=256,2048,384", "strength=0.5,1", mode="fine"))


def test_the_error_names_only_the_settings_that_decide(monkeypatch):
    set_memory(monkeypatch, 2)
    with pytest.raises(
        InsufficientSpace, match=r"^Style with mode fine and size 2048 px .* Choose size \d+ px or less"
    ):
        tasks.check_memory(*sweep_job("mode=instant,fine,draft", "strength=0.5,1", size=2048))


def test_a_search_is_refused_by_its_largest_possible_trial(monkeypatch):
    set_memory(monkeypatch, 2)
    tasks.check_memory(*search_job("units=64:512", "learning_rate"))
    expected = r"with units per layer 2048 needs .* Choose units per layer (\d+) or less"
    with pytest.raises(InsufficientSpace, match=expected) as error:
        tasks.check_memory(*search_job("learning_rate", "units=64:2048"))
    units = re.search(r"units per layer (\d+) or less", str(error.value))[1]
    tasks.check_memory(*search_job("learning_rate", f"units=64:{units}"))


def test_settings_that_trials_share_count(monkeypatch):
    set_memory(monkeypatch, 2)
    tasks.check_memory(*search_job("units=64:512", fixed=("layers=1",)))
    with pytest.raises(InsufficientSpace, match="with units per layer 512"):
        tasks.check_memory(*search_job("units=64:512", fixed=("layers=4", "streams=256")))


def test_an_interaction_of_settings_is_found(monkeypatch):
    """The number of trained blocks matters with fine-tuning only, in either order."""
    levels = {"blocks": [1, 2], "finetune": [False, True], "batch": [16, 128]}
    needs = lambda settings: estimate_bytes(tasks.get("classify.train"), settings, {})  # noqa: E731
    worst, deciding_names = capacity.find_most_demanding(TrainClassifierSettings(), levels, needs)
    assert (worst.blocks, worst.finetune, worst.batch) == (2, True, 128)
    assert sorted(deciding_names) == ["batch", "blocks", "finetune"]


def test_no_task_runs_without_the_memory_for_it(monkeypatch):
    set_memory(monkeypatch, 0.5)
    task, settings, inputs = style_job(512)
    with pytest.raises(InsufficientSpace):
        tasks.run(task.name, settings, inputs | {"style": [store_photo()]})


def test_a_video_needs_the_memory_of_a_frame(monkeypatch):
    from studio.core.imaging import video_encoder

    video = video_encoder.encode([np.zeros((300, 400, 3), "uint8")] * 2, "webp", 8)
    inputs = {"video": [tasks.File.store(video, "animation", "two.webp")]}
    base = TransferSettings(house=("mosaic",), size=1024)
    task, settings = tasks.get("video.repaint"), VideoSettings(base=base.model_dump(mode="json"))
    frame_bytes = estimate_bytes(tasks.get("style.transfer"), base, {"content": [store_photo()]})
    assert estimate_bytes(task, settings, inputs) == pytest.approx(frame_bytes)
    set_memory(monkeypatch, 0.5)
    with pytest.raises(InsufficientSpace, match="Choose a smaller size, or use a machine"):
        tasks.check_memory(task, settings, inputs)


@pytest.mark.parametrize(
    "name, small, large",
    [
        ("vae.train", TrainVaeSettings(batch=32), TrainVaeSettings(batch=1024)),
        ("vae.train", TrainVaeSettings(), TrainVaeSettings(width=128)),
        ("diffusion.train", TrainDiffusionSettings(batch=8), TrainDiffusionSettings(width=64)),
        ("dcgan.train", TrainDcganSettings(batch=32), TrainDcganSettings(batch=1024)),
        ("dcgan.train", TrainDcganSettings(), TrainDcganSettings(size=128)),
        ("style.train", TrainStyleSettings(batch=2), TrainStyleSettings(batch=64)),
        ("style.train", TrainStyleSettings(size=96), TrainStyleSettings(size=512)),
        ("enhance.train", TrainEnhanceSettings(batch=2), TrainEnhanceSettings(batch=64)),
        ("sketch.train", TrainSketchSettings(batch=2), TrainSketchSettings(batch=64)),
        ("text.train", TrainTextSettings(units=128), TrainTextSettings(units=2048)),
        ("dream.ascend", DreamSettings(size=256), DreamSettings(size=1024)),
    ],
)
def test_larger_jobs_need_more_memory(name, small, large):
    inputs = {"content": [store_photo()]}
    small_bytes, large_bytes = (
        estimate_bytes(tasks.get(name), settings, inputs) for settings in (small, large)
    )
    assert 0.5 * GIB < small_bytes < 1.05 * small_bytes < large_bytes


@pytest.mark.parametrize(
    "name, settings, gib",
    [
        ("style.transfer", TransferSettings(size=2048), 2.8),
        ("style.transfer", TransferSettings(house=("mosaic",), size=2048), 2.2),
        ("style.transfer", TransferSettings(mode="fine", size=512), 1.8),
        ("dream.ascend", DreamSettings(size=1024), 2.95),
        ("dream.ascend", DreamSettings(size=2048, layers=("mixed4",)), 1.5),
        ("vae.train", TrainVaeSettings(batch=256), 2.0),
        ("vae.train", TrainVaeSettings(batch=32, width=96), 1.85),
        ("diffusion.train", TrainDiffusionSettings(batch=8), 1.27),
        ("diffusion.train", TrainDiffusionSettings(batch=64), 2.5),
        ("dcgan.train", TrainDcganSettings(batch=256), 2.3),
        ("dcgan.train", TrainDcganSettings(batch=32, width=80), 2.4),
        ("style.train", TrainStyleSettings(size=96, batch=2), 1.5),
        ("style.train", TrainStyleSettings(size=256, batch=8), 5.6),
        ("enhance.train", TrainEnhanceSettings(window=32, batch=5), 1.05),
        ("classify.train", TrainClassifierSettings(), 1.78),
        ("classify.train", TrainClassifierSettings(backbone="vgg16"), 2.3),
        ("classify.train", TrainClassifierSettings(finetune=True), 2.36),
        ("text.train", TrainTextSettings(units=128), 0.98),
        ("text.train", TrainTextSettings(units=1024), 2.4),
    ],
)
def test_estimates_agree_with_measured_memory(name, settings, gib):
    inputs = {"content": [store_photo(300, 451)]}
    assert estimate_bytes(tasks.get(name), settings, inputs) / GIB == pytest.approx(gib, rel=0.15)
