"""DeepDream with real weights on real images."""

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.errors import Cancelled, InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.objectives import backbones
from studio.core.objectives.evaluate import Evaluator
from studio.core.objectives.terms import layer
from studio.core.progress import Progress
from studio.dream.ascend import ascend
from studio.dream.settings import DreamSettings

SMALL = {"size": 96, "steps": 3, "octaves": 2, "layers": ("block4_conv3",)}


@pytest.fixture(scope="module")
def photo():
    return sample_photos.read_photo("chelsea")


@pytest.fixture
def inputs(weights_home, photo):
    return {"content": [tasks.File.store(image_io.encode_png(photo), "image", "cat.png")]}


def run_dream(photo, **settings):
    return ascend(photo, DreamSettings(**(SMALL | settings)))


def measure_activation(name, image, backbone="vgg16"):
    return Evaluator(backbones.load(backbone), layer(name))(image_io.to_01(image)).value


@pytest.mark.slow
def test_a_dream_raises_its_objective_and_keeps_the_image_recognizable(weights_home, photo):
    result = run_dream(photo, steps=5)
    before = image_io.fit(photo, 96)
    assert result.image.shape == before.shape
    assert measure_activation("block4_conv3", result.image) > 3 * measure_activation("block4_conv3", before)
    assert np.corrcoef(result.image.ravel(), before.ravel())[0, 1] > 0.6
    assert set(result.weights) == {"vgg16"}
    assert result.figures["steps"] == 10
    assert [climbed["width"] for climbed in result.figures["octaves"]] == [69, 96]


def test_octave_figures_have_the_value_before_and_after(weights_home, photo):
    values = []
    settings = DreamSettings(**SMALL | {"jitter": 0, "octaves": 1})
    progress = Progress(lambda report: values.append(report.metrics.get("activation")))
    result = ascend(photo, settings, progress=progress)
    (octave,) = result.figures["octaves"]
    values = [value for value in values if value is not None]
    assert octave["before"] == values[0]
    assert octave["after"] > values[-1]
    assert octave["after"] == pytest.approx(measure_activation("block4_conv3", result.image), rel=0.02)


@pytest.mark.slow
def test_the_dream_depends_on_the_seed(weights_home, photo):
    first, again, other = (run_dream(photo, seed=seed).image for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.slow
def test_bfloat16_gives_nearly_the_same_dream(weights_home, photo):
    small = {"size": 64, "octaves": 1}
    full, half = (
        run_dream(photo, precision=precision, **small).image for precision in ("float32", "bfloat16")
    )
    assert not np.array_equal(full, half)
    assert np.abs(full.astype(int) - half).mean() < 4


def test_only_vgg16_computes_in_bfloat16():
    options = {"precision": "bfloat16"}
    assert DreamSettings(**options, backbone="vgg16").resolve().precision == "bfloat16"
    assert DreamSettings(**options, backbone="inceptionv3").resolve().precision == "float32"


def test_a_negative_weight_lowers_the_activation(weights_home, photo):
    before = measure_activation("block3_conv3", image_io.fit(photo, 96))
    result = run_dream(photo, layers=("block3_conv3=-1",))
    assert measure_activation("block3_conv3", result.image) < before


@pytest.mark.slow
def test_several_layers_all_rise(weights_home, photo):
    result = run_dream(photo, layers=("block2_conv2", "block5_conv1"), steps=6)
    before = image_io.fit(photo, 96)
    for name in ("block2_conv2", "block5_conv1"):
        assert measure_activation(name, result.image) > 1.3 * measure_activation(name, before)


@pytest.mark.slow
def test_one_channel_rises_above_its_neighbors(weights_home, photo):
    vgg16 = backbones.load("vgg16").build_extractor(("block4_conv2",))
    result = run_dream(photo, layers=("block4_conv2:71",), steps=6)
    before, after = (
        np.asarray(vgg16(image_io.to_01(image))["block4_conv2"]).mean(axis=(0, 1, 2))
        for image in (image_io.fit(photo, 96), result.image)
    )
    assert np.argmax(after - before) == 71


@pytest.mark.slow
def test_a_guide_of_another_shape_changes_the_dream(weights_home, photo):
    plain = run_dream(photo, layers=("block4_conv3",)).image
    tall = sample_photos.read_photo("rocket")[:, 200:330]
    guided = ascend(photo, DreamSettings(**SMALL), tall)
    assert not np.array_equal(guided.image, plain)
    assert guided.figures["octaves"][-1]["after"] > guided.figures["octaves"][-1]["before"]


@pytest.mark.slow
def test_the_color_penalty_keeps_the_mean_color(weights_home, photo):
    before = image_io.fit(photo, 96).mean(axis=(0, 1))
    free, constrained = (
        run_dream(photo, color_penalty=hold, steps=8).image.mean(axis=(0, 1)) for hold in (0, 20)
    )
    assert np.abs(constrained - before).max() < np.abs(free - before).max()


@pytest.mark.slow
def test_a_tiled_dream_changes_every_block(weights_home, photo, monkeypatch):
    monkeypatch.setattr("studio.dream.gradient.MAX_WHOLE_SIDE", 64)
    monkeypatch.setattr("studio.dream.gradient.WINDOW_SIDE", 64)
    result = run_dream(photo, octaves=1, steps=6)
    change = np.abs(result.image.astype(int) - image_io.fit(photo, 96)).mean(axis=2)
    height, width = (side // 16 * 16 for side in change.shape)
    blocks = change[:height, :width].reshape(height // 16, 16, width // 16, 16).mean(axis=(1, 3))
    assert blocks.min() > 1


def test_a_stopped_dream_has_full_size_and_is_reproducible(inputs):
    settings = DreamSettings(**SMALL)
    steps = []

    def stop():
        return len(steps) >= 4

    progress = Progress(lambda report: steps.append(report.step) if report.total else None, stop)
    stopped = tasks.run("dream.ascend", settings, inputs, progress)
    assert stopped.stopped_early
    assert stopped.recipe.settings["most_steps"] == steps[-1], "the panel and the recipe name one number"
    image = image_io.read(stopped.files[0].read())
    assert max(image.shape) == 96
    recipe = recipes.read(stopped.files[0].read())
    again = tasks.run("dream.ascend", DreamSettings.from_plain(recipe.settings), inputs)
    assert np.array_equal(image_io.read(again.files[0].read()), image)


def test_a_dream_canceled_before_its_first_step_raises(inputs):
    with pytest.raises(Cancelled):
        tasks.run("dream.ascend", DreamSettings(**SMALL), inputs, Progress(cancelled=lambda: True))


@pytest.mark.slow
def test_the_recipe_of_a_dream_reproduces_it(inputs):
    result = tasks.run("dream.ascend", DreamSettings(**SMALL), inputs)
    recipe = recipes.read(result.files[0].read())
    assert recipe.task == "dream.ascend"
    assert list(recipe.weights) == ["vgg16"]
    again = tasks.run("dream.ascend", DreamSettings.from_plain(recipe.settings), inputs)
    assert again.files[0].read() == result.files[0].read()


@pytest.mark.slow
@pytest.mark.parametrize(
    "look, layers, is_told", [("fur", (), True), ("eyes", (), False), ("fur", ("block3_conv1",), False)]
)
def test_a_preset_that_the_network_lacks_is_noted(inputs, look, layers, is_told):
    settings = DreamSettings(**SMALL | {"look": look, "layers": layers, "backbone": "vgg16"})
    notes = tasks.run("dream.ascend", settings, inputs).figures["notes"]
    assert bool(notes) == is_told and all("the preset fur" in note for note in notes)


def test_steps_are_reported_in_order(inputs):
    reports = []
    tasks.run("dream.ascend", DreamSettings(**SMALL), inputs, Progress(reports.append))
    steps = [report.step for report in reports if report.total]
    assert steps == sorted(steps)
    assert steps[-1] == reports[-1].total == 6
    assert any(report.preview is not None for report in reports)


@pytest.mark.parametrize("backbone, least", [("vgg16", 32), ("inceptionv3", 75)])
def test_an_image_too_small_for_the_network_is_rejected_with_a_size(home, backbone, least):
    strip = np.zeros((20, 300, 3), "uint8")
    with pytest.raises(InvalidInput, match=f"at least {least} px") as error:
        ascend(strip, DreamSettings(size=192, backbone=backbone))
    size = int(str(error.value).rsplit("size of ", 1)[1].split()[0])
    assert image_io.fit(strip, size).shape[0] == least


@pytest.mark.slow
@pytest.mark.parametrize(
    "backbone, name, home_of",
    [("resnet50", "conv4_block3_out", "resnet50_home"), ("inceptionv3", "mixed3", "inceptionv3_home")],
)
def test_the_other_backbones_dream_too(request, photo, backbone, name, home_of):
    request.getfixturevalue(home_of)
    result = run_dream(photo, layers=(name,), size=128, steps=4)
    assert set(result.weights) == {backbone}
    assert measure_activation(name, result.image, backbone) > 1.5 * measure_activation(
        name, image_io.fit(photo, 128), backbone
    )


@pytest.mark.slow
def test_a_dream_stays_inside_its_mask(inputs, photo):
    left = np.zeros((20, 30, 3), "uint8")
    left[:, :15] = 255
    masks = {"mask": [tasks.File.store(image_io.encode_png(left), "image", "mask.png")]}
    result = tasks.run("dream.ascend", DreamSettings(**SMALL), inputs | masks)
    image, plain = image_io.read(result.files[0].read()), image_io.fit(photo, 96)
    assert np.array_equal(image[:, 56:], plain[:, 56:])
    assert np.abs(image[:, :40].astype(int) - plain[:, :40]).mean() > 3


def test_a_zoom_video_takes_no_mask(inputs):
    settings = DreamSettings(**SMALL, zoom=2, mask=("person",))
    with pytest.raises(InvalidInput, match="no mask for a zoom video"):
        tasks.check("dream.ascend", settings, inputs)
