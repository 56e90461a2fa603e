"""Feature visualization: Fourier parameterization, random views, and real channels."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from studio.core import paths, recipes, tasks
from studio.core.errors import Cancelled, InvalidInput, Unavailable
from studio.core.imaging import image_io, sample_photos
from studio.core.objectives import backbones
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import Evaluator
from studio.core.objectives.gradients import compile_function, value_and_grad
from studio.core.objectives.terms import channel
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.core.weights.networks import vgg16
from studio.dream.channels import leaky_relu, task
from studio.dream.channels.canvas import Canvas, hartley
from studio.dream.channels.transforms import Lens, View, draw_view
from studio.dream.channels.visualize import visualize, visualize_on
from studio.dream.settings import ChannelSettings

SMALL = {"layer": "block4_conv3", "channel": 200, "size": 96, "steps": 16}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def visualize_channel(progress=None, **settings):
    return tasks.run("dream.channel", ChannelSettings(**(SMALL | settings)), {}, progress)


def test_the_hartley_transform_is_orthonormal_and_its_own_inverse(rng):
    planes = rng.normal(size=(12, 15, 3)).astype("float32")
    waves = hartley(planes)
    assert np.allclose(hartley(waves), planes, atol=1e-5)
    assert np.linalg.norm(waves) == pytest.approx(np.linalg.norm(planes), rel=1e-5)
    assert not np.allclose(waves, planes, atol=0.1)


def test_zero_coefficients_give_gray_and_large_ones_stay_in_range(rng):
    canvas = Canvas(16)
    assert np.all(canvas.render(np.zeros((16, 16, 3), "float32")) == 0.5)
    loud = canvas.render(100 * rng.normal(size=(16, 16, 3)).astype("float32"))
    assert loud.shape == (1, 16, 16, 3)
    assert loud.min() >= 0 and loud.max() <= 1


def test_low_contrast_is_raised_and_high_contrast_kept(rng):
    canvas, waves = Canvas(16), rng.normal(size=(16, 16, 3)).astype("float32")
    faint, vivid = 1e-3 * waves, 10 * waves
    assert canvas.render(faint).std() < 0.01 < 0.1 < canvas.render(faint, 0.9).std()
    assert np.array_equal(canvas.render(vivid, 0.9), canvas.render(vivid))


def test_the_coefficient_gradient_agrees_with_finite_differences(rng):
    canvas, lens = Canvas(12), Lens(View(3.2, 7.9, 0.1, 1.05), 12, 8)
    waves = 0.1 * rng.normal(size=(12, 12, 3))
    slope, direction = rng.normal(size=(1, 8, 8, 3)), rng.normal(size=(12, 12, 3))

    def value(waves):
        return float((lens.crop(canvas.render(waves)) * slope).sum())

    expected = (canvas.map_gradient(canvas.render(waves), lens.map_gradient(slope)) * direction).sum()
    numeric = (value(waves + 1e-4 * direction) - value(waves - 1e-4 * direction)) / 2e-4
    assert expected == pytest.approx(numeric, rel=1e-3)


def test_an_unrotated_view_is_a_crop_that_wraps_around(rng):
    image = rng.random((1, 10, 10, 3)).astype("float32")
    view = Lens(View(top=8.5, left=1.5, turn=0, scale=1), 10, 4).crop(image)
    assert np.allclose(view, np.roll(image, (-7, 0), (1, 2))[:, :4, :4], atol=1e-6)


def test_a_view_is_rotated_and_scaled_about_its_center():
    rows, columns = np.mgrid[0:40, 0:40].astype("float32")
    image = np.stack([rows, columns, 0 * rows], -1)[None]
    view = Lens(View(top=20, left=20, turn=np.pi / 6, scale=1.5), 40, 9).crop(image)[0]
    assert np.allclose(view[4, 4, :2], (20, 20), atol=1e-4)
    assert np.linalg.norm(view[4, 8, :2] - 20) == pytest.approx(4 * 1.5, rel=1e-4)
    assert np.allclose(view[4, 8, :2] - 20, (-3, 6 * np.cos(np.pi / 6)), atol=1e-4)


def test_views_cover_the_image_and_depend_on_the_seed():
    def views(seed):
        rng = np.random.default_rng(seed)
        return np.array([draw_view(96, rng) for _ in range(200)])

    assert np.array_equal(views(0), views(0))
    assert not np.array_equal(views(0), views(1))
    assert np.all(views(0)[:, :2].min(0) < 8) and np.all(views(0)[:, :2].max(0) > 88)


def test_the_leak_changes_only_the_gradient_of_inactive_positions():
    from keras import ops

    def total(x):
        return ops.sum(leaky_relu.leaky_relu(x) ** 1.0 * 3.0), ()

    x = np.array([[[[-2.0, -0.1, 0.5, 4.0]]]], "float32")
    value, _, gradient = compile_function(value_and_grad(total))(x)
    assert float(value) == pytest.approx(3 * 4.5)
    assert np.allclose(gradient, 3 * np.array([leaky_relu.LEAK, leaky_relu.LEAK, 1, 1]), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg16", "resnet50"])  # ReLUs within convolutions, and as layers
def test_a_leaky_network_has_the_original_activations(weights_home, skip_without_weights, name, rng):
    skip_without_weights(name)
    image = rng.random((1, 96, 96, 3)).astype("float32")
    deep = list(backbones.find_spec(name).layers)[-2]
    strict, leaking = (
        np.asarray(load(name).build_extractor((deep,))(image)[deep])
        for load in (backbones.load, leaky_relu.load_leaky)
    )
    assert np.allclose(strict, leaking, atol=1e-4)
    assert strict.max() > 0.1


@pytest.fixture
def skip_without_weights(weights_home):
    """Skips a test if the weights of a backbone are missing."""

    def skip(name):
        if not pretrained.get_status(name).cached:
            pytest.skip(f"no weights of {name}")

    return skip


@pytest.fixture(scope="module")
def rendered(lasting_weights_home):
    """A visualization: the STUDIO_HOME of its cache, its PNG and its figures."""
    with lasting_weights_home() as home:
        result = visualize_channel()
        return SimpleNamespace(home=home, png=result.files[0].read(), figures=result.figures)


@pytest.mark.slow
def test_a_visualization_activates_its_channel_more_than_photos(weights_home, rendered):
    image = image_io.read(rendered.png)
    goal = Evaluator(backbones.load("vgg16"), channel(SMALL["layer"], SMALL["channel"]))
    photos = [image_io.resize(sample_photos.read_photo(name), 96, 96) for name in sample_photos.list_photos()]
    best = max(goal(image_io.to_01(photo)).value for photo in photos)
    assert goal(image_io.to_01(image)).value > 5 * max(best, 0.1)
    assert image.shape == (96, 96, 3)
    assert rendered.figures["after"] > 5 * max(rendered.figures["before"], 0.1)


@pytest.mark.slow
def test_an_initially_inactive_channel_becomes_active(weights_home):
    result = visualize(ChannelSettings(**(SMALL | {"layer": "block5_conv3", "channel": 400, "steps": 20})))
    assert result.figures["before"] == 0
    assert result.figures["after"] > 0.5


@pytest.mark.slow
def test_a_channel_that_stays_inactive_raises_a_readable_error():
    network = vgg16.build_network()
    kernel, bias = network.get_layer("block1_conv1").get_weights()
    network.get_layer("block1_conv1").set_weights([kernel, bias - 1e6])
    dead = ChannelSettings(layer="block1_conv1", channel=3, size=96, steps=30)
    with pytest.raises(Unavailable, match="block1_conv1:3 of VGG16 stayed inactive"):
        visualize_on(Backbone(vgg16.SPEC, network, "0" * 64), dead, Progress())


@pytest.mark.slow
def test_the_task_caches_its_image(rendered, monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", str(rendered.home))
    (cached,) = (rendered.home / "channels").iterdir()
    assert rendered.png == cached.read_bytes()
    assert recipes.read(cached.read_bytes()).task == "dream.channel"
    call = "tasks.run('dream.channel', ChannelSettings(**{}), {{}})".format(SMALL | {"backbone": "vgg16"})
    program = (
        "import sys; from studio.core import tasks; from studio.dream.settings import ChannelSettings;"
        f"print({call}.files[0].digest, any(m in sys.modules for m in ('keras', 'tensorflow', 'jax')))"
    )
    again = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert again.stdout.split() == [paths.digest(rendered.png), "False"], again.stderr


@pytest.mark.slow
def test_a_damaged_cache_file_is_rendered_again(weights_home):
    first = visualize_channel(steps=3)
    (cached,) = (weights_home / "channels").iterdir()
    cached.write_bytes(cached.read_bytes()[:500])
    assert visualize_channel(steps=3).files[0].digest == first.files[0].digest
    assert image_io.read(cached).shape == (96, 96, 3)


def test_the_cache_path_depends_on_settings_and_weights(home):
    plain = task.cache_path(ChannelSettings(**SMALL), "a")
    changes = [{"channel": 201}, {"layer": "block4_conv2"}, {"size": 128}, {"steps": 17}, {"seed": 1}]
    places = [task.cache_path(ChannelSettings(**(SMALL | change)), "a") for change in changes]
    assert len({plain, task.cache_path(ChannelSettings(**SMALL), "b"), *places}) == 7
    assert plain == task.cache_path(ChannelSettings(**SMALL, backbone="vgg16"), "a")


@pytest.mark.slow
def test_the_recipe_of_a_stopped_visualization_reproduces_it(weights_home):
    result = []
    progress = Progress(result.append, cancelled=lambda: sum(bool(report.step) for report in result) >= 4)
    stopped = visualize_channel(progress)
    assert stopped.stopped_early
    assert stopped.recipe.settings["steps"] == 4
    (weights_home / "channels").rename(weights_home / "away")
    again = tasks.run("dream.channel", stopped.recipe.parse_settings(), {})
    assert again.files[0].digest == stopped.files[0].digest


def test_canceling_before_the_first_step_raises(weights_home):
    with pytest.raises(Cancelled):
        visualize_channel(Progress(cancelled=lambda: True))
    assert not list((weights_home / "channels").iterdir())


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"layer": "block4_conf3"}, "block4_conv3"),
        ({"channel": 512}, "from 0 to 511"),
        ({"backbone": "resnet50"}, "layer of resnet50"),
        ({"layer": "mixed4:3"}, "LAYER"),
    ],
)
def test_unknown_layers_and_channels_are_rejected_before_loading(home, settings, message):
    with pytest.raises(InvalidInput, match=message):
        tasks.check("dream.channel", ChannelSettings(**(SMALL | settings)), {})
