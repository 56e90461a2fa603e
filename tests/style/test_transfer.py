"""Style transfer with the real weights on real images."""

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.errors import Cancelled
from studio.core.imaging import image_io
from studio.core.progress import Progress, Report
from studio.core.training.precision import detect_fastest
from studio.style.nnst.schedule import plan_stages
from studio.style.settings import TransferSettings
from studio.style.transfer import transfer

pytestmark = pytest.mark.slow

SMALL = {"size": 96, "mode": "fine", "steps": 6}


@pytest.fixture
def half_masks():
    left = np.zeros((40, 40, 3), "uint8")
    left[:, :20] = 255
    return [left, 255 - left]


@pytest.fixture
def inputs(weights_home, photo, painting):
    """The photo and the painting as inputs of a task."""
    return {
        "content": [tasks.File.store(image_io.encode_png(photo), "image", "cat.png")],
        "style": [tasks.File.store(image_io.encode_png(painting), "image", "brush.png")],
    }


def paint(photo, styles, **settings):
    return transfer(photo, styles, TransferSettings(**settings)).image.astype("int")


def test_instant_mode_gives_an_image_of_the_set_size(weights_home, photo, painting):
    result = transfer(photo, [painting], TransferSettings(size=160))
    assert result.image.shape == image_io.fit(photo, 160).shape
    assert result.image.dtype == np.uint8
    assert set(result.weights) == {"adain"}
    assert np.abs(result.image.astype(int) - image_io.fit(photo, 160)).mean() > 20


def test_a_higher_strength_differs_more_from_the_photo(weights_home, photo, painting):
    start = paint(photo, [painting], size=96, strength=0)
    np.testing.assert_array_equal(start, image_io.fit(photo, 96))
    np.testing.assert_array_equal(start, paint(photo, [painting], size=96, strength=0, mode="fine"))
    moved = [np.abs(paint(photo, [painting], size=96, strength=s) - start).mean() for s in (0.3, 0.6, 1)]
    assert moved == sorted(moved)
    assert moved[0] > 2


def test_fine_mode_lowers_the_distance_and_keeps_the_shape(weights_home, photo, painting):
    reports: list[Report] = []
    result = transfer(photo, [painting], TransferSettings(**SMALL), progress=Progress(reports.append))
    steps = sum(stage.steps for stage in plan_stages(TransferSettings(**SMALL)))
    assert len([report for report in reports if report.metrics]) == result.figures["steps"] == steps
    distances = [report.metrics["distance"] for report in reports if report.metrics][:6]  # at 64 px
    assert distances[-1] < distances[0]
    assert set(result.weights) == {"vgg16"}
    assert reports[-1].step == reports[-1].total == steps
    first = next(report for report in reports if report.preview is not None)
    assert first.step == 0, "it is shown before the first step"
    assert result.image.shape == image_io.fit(photo, 96).shape


def test_bfloat16_gives_nearly_the_same_image(weights_home, photo, painting):
    small = image_io.resize(photo, 24, 64)  # bfloat16 is slow without a processor that computes in it
    full, half = (
        paint(small, [painting], size=64, mode="fine", steps=1, precision=precision)
        for precision in ("float32", "bfloat16")
    )
    assert not np.array_equal(full, half)
    assert np.abs(full - half).mean() < 4


def test_equal_settings_give_equal_images_and_another_seed_differs(weights_home, photo, painting):
    few = {**SMALL, "size": 64, "steps": 4}
    one, two = (paint(photo, [painting], **few, seed=3) for _ in range(2))
    assert (one == two).all()
    assert (paint(photo, [painting], **few, seed=4) != one).any()


def test_weights_choose_between_two_styles(weights_home, photo, painting):
    gray = np.full_like(painting, 128)
    mostly = [paint(photo, [painting, gray], size=96, style_weights=w) for w in ((1, 0), (0, 1))]
    alone = [paint(photo, [style], size=96) for style in (painting, gray)]
    assert np.abs(mostly[0] - alone[0]).mean() < 1
    assert np.abs(mostly[1] - alone[1]).mean() < 1
    assert np.abs(alone[0] - alone[1]).mean() > 10


@pytest.mark.parametrize("settings", [{"size": 96}, {**SMALL, "size": 64}], ids=["instant", "fine"])
def test_masks_limit_each_style_to_its_area(weights_home, photo, painting, half_masks, settings):
    red = np.random.default_rng(0).integers(0, 80, painting.shape).astype("uint8")
    red[..., 0] = 220
    flip = [
        transfer(photo, styles, TransferSettings(**settings, strength=1), half_masks).image.astype(int)
        for styles in ([painting, red], [red, painting])
    ]
    redness = [image[..., 0] - image[..., 1:].mean(-1) for image in flip]
    quarter = redness[0].shape[1] // 4
    assert redness[1][:, :quarter].mean() > redness[0][:, :quarter].mean() + 20
    assert redness[0][:, -quarter:].mean() > redness[1][:, -quarter:].mean() + 20


@pytest.mark.parametrize("settings", [{"size": 96}, SMALL], ids=["instant", "fine"])
def test_with_masks_a_style_of_weight_zero_leaves_the_photo(
    weights_home, photo, painting, half_masks, settings
):
    parsed = TransferSettings(**settings, strength=1, style_weights=(0, 1))
    image = transfer(photo, [painting] * 2, parsed, half_masks).image.astype(int)
    difference = np.abs(image - image_io.fit(photo, 96))
    quarter = image.shape[1] // 4
    assert difference[:, :quarter].max() == 0 and difference[:, -quarter:].mean() > 10


def test_kept_luminance_keeps_the_photo_recognizable_in_color(weights_home, photo, painting):
    recolored = paint(photo, [painting], size=96, keep_colors="luminance")
    content = image_io.fit(photo, 96).astype(int)
    free = paint(photo, [painting], size=96)

    def hue(image):
        return image[..., 0] - image[..., 2]

    assert np.abs(hue(recolored) - hue(content)).mean() < np.abs(hue(free) - hue(content)).mean() / 3


def test_canceling_keeps_the_current_image(weights_home, photo, painting, monkeypatch):
    monkeypatch.setattr("studio.style.transfer._is_closer_to_styles", lambda *_: True)
    steps = []
    progress = Progress(lambda report: steps.append(report.step), cancelled=lambda: steps[-1:] == [3])
    result = transfer(photo, [painting], TransferSettings(**SMALL), progress=progress)
    assert result.stopped_early
    assert result.figures["steps"] == steps[-1], "the panel and the recipe name one number"
    assert result.image.shape == image_io.fit(photo, 96).shape


def test_canceling_before_any_result_raises(weights_home, photo, painting):
    with pytest.raises(Cancelled):
        transfer(photo, [painting], progress=Progress(lambda report: None, cancelled=lambda: True))


@pytest.mark.parametrize(
    "mode, shape",
    [
        ("draft", (33, 47)),
        ("fine", (8, 8)),
        ("finest", (8, 160)),
    ],
)
def test_tiny_and_narrow_images_are_stylized(weights_home, photo, painting, mode, shape):
    small = image_io.resize(photo, *shape)
    style = image_io.resize(painting, 8, 8)
    for styles in ([painting], [style]):
        assert paint(small, styles, size=64, mode=mode, steps=2).shape == image_io.fit(small, 64).shape


def test_flat_gray_images_give_finite_losses(weights_home, photo, painting):
    gray = np.full((40, 60, 3), 128, "uint8")
    for content, style in ((photo, gray), (gray, gray)):
        best = transfer(content, [style], TransferSettings(size=64, mode="fine", steps=4))
        assert np.isfinite(best.figures["distance"])
        assert best.image.min() < 255 and best.image.max() > 0


def test_instant_mode_accepts_a_narrow_sliver(weights_home, photo, painting):
    sliver = image_io.resize(photo, 8, 160)
    assert paint(sliver, [painting], size=64).shape == image_io.fit(sliver, 64).shape


def test_four_styles_with_masks_keep_transparency(inputs):
    photo = image_io.fit(image_io.read(inputs["content"][0].read()), 64)
    opacity = np.zeros(photo.shape[:2], "uint8")
    opacity[:, 16:] = 255
    transparent_photo = image_io.encode_png(np.dstack([photo, opacity]))
    quarters = np.kron(np.eye(4, dtype="uint8").reshape(4, 2, 2), np.full((1, 20, 20), 255, "uint8"))
    inputs = {
        "content": [tasks.File.store(transparent_photo, "image", "cat.png")],
        "style": inputs["style"] * 4,
        "mask": [
            tasks.File.store(image_io.encode_png(np.dstack([quarter] * 3)), "image", "mask.png")
            for quarter in quarters
        ],
    }
    result = tasks.run("style.transfer", TransferSettings(mode="fine", size=64, steps=1), inputs)
    image = image_io.read_transparent(result.files[0].read(), "result.png")
    np.testing.assert_array_equal(image[..., 3], opacity)
    assert np.isfinite(result.figures["distance"]) and len(result.figures["matches"]["places"]) == 4
    assert np.abs(image[:, 16:, :3].astype(int) - photo[:, 16:]).mean() > 5


def test_the_task_stores_a_png_whose_recipe_reproduces_it(inputs):
    result = tasks.run("style.transfer", TransferSettings(**SMALL), inputs)
    data = result.files[0].read()
    recipe = recipes.read(data)
    assert recipe == result.recipe
    assert set(recipe.weights) == {"vgg16"}
    assert recipe.settings["precision"] == detect_fastest()
    again = tasks.run(recipe.task, recipe.parse_settings(), inputs)
    assert again.files[0].digest == result.files[0].digest


@pytest.mark.slow  # two optimizations
def test_the_recipe_of_a_stopped_run_reproduces_it(inputs):
    steps = []
    progress = Progress(lambda report: steps.append(report.step), cancelled=lambda: steps[-1:] == [3])
    stopped = tasks.run("style.transfer", TransferSettings(**SMALL), inputs, progress)
    assert stopped.stopped_early
    again = tasks.run("style.transfer", stopped.recipe.parse_settings(), inputs)
    assert not again.stopped_early
    assert again.files[0].digest == stopped.files[0].digest


def test_canceling_after_the_first_look_keeps_it_with_its_recipe(inputs):
    previews = []
    progress = Progress(
        lambda report: previews.append(report.preview),
        cancelled=lambda: bool(previews) and previews[-1] is not None,
    )
    stopped = tasks.run("style.transfer", TransferSettings(**SMALL), inputs, progress)
    assert stopped.stopped_early
    again = tasks.run("style.transfer", stopped.recipe.parse_settings(), inputs)
    assert again.files[0].digest == stopped.files[0].digest


def test_a_stylized_bridge_has_the_colors_of_the_painting_and_its_own_edges(weights_home, data_dir):
    bridge = image_io.read(data_dir / "images" / "golden_gate.jpg")
    night = image_io.read(data_dir / "images" / "starry_night_google.jpg")
    result = transfer(bridge, [night], TransferSettings(mode="fine", size=128, steps=20))
    content = image_io.fit(bridge, 128).astype(float)
    night_mean = night.reshape(-1, 3).mean(0)
    result_mean = result.image.reshape(-1, 3).mean(0)
    assert (
        np.linalg.norm(result_mean - night_mean)
        < np.linalg.norm(content.reshape(-1, 3).mean(0) - night_mean) / 2
    )
    # At half size, because the finest edges come from strokes.
    small = [image_io.fit(image, 64).mean(-1) for image in (bridge, result.image)]
    edges = [np.abs(np.diff(image, axis=1)) for image in small]
    assert np.corrcoef(edges[0].ravel(), edges[1].ravel())[0, 1] > 0.4
