"""The painter that begins with large strokes, with the real weights on real pictures."""

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.objectives import backbones
from studio.core.pictures import images
from studio.core.progress import Progress, Report
from studio.style.optimise import coarse_to_fine, objective, schedule
from studio.style.optimise.coarse_to_fine import content_weight
from studio.style.optimise.painters import PAINTERS
from studio.style.optimise.scene import Scene
from studio.style.optimise.tones import LIGHT_SIDE
from studio.style.settings import TransferSettings
from studio.style.transfer import transfer

TWO_SCALES = {"size": 96, "mode": "fine", "steps": 4}  # 64 px with four passes, 96 px with two


@pytest.fixture
def two_scales(monkeypatch):
    """Painting begins at 64 px, so that TWO_SCALES has two scales."""
    monkeypatch.setattr(schedule, "COARSEST", 64)


@pytest.fixture
def inputs(weights_home, photo, painting):
    return {
        "content": [tasks.File.keep(images.encode_png(photo), "picture", "cat.png")],
        "style": [tasks.File.keep(images.encode_png(painting), "picture", "brush.png")],
    }


def stopping_after(passes, seen):
    """Reports into `seen`, and asks to stop after so many passes."""
    return Progress(seen.append, cancelled=lambda: sum(bool(one.metrics) for one in seen) >= passes)


def test_the_content_counts_less_the_stronger_the_style_and_more_the_smaller_the_picture():
    third, sixth = PAINTERS[3], PAINTERS[6]
    weights = [content_weight(strength, 256, sixth) for strength in (0.1, 0.5, 0.8, 1.0)]
    assert weights == sorted(weights, reverse=True) and weights[-1] > 0
    assert content_weight(0.8, 64, sixth) > content_weight(0.8, 512, sixth) > content_weight(0.8, 512, third)
    assert content_weight(0.8, 64, third) > content_weight(0.8, 64, sixth), "large shapes may move"


@pytest.mark.slow
def test_a_picture_is_judged_at_every_size_that_the_network_can_see(weights_home, photo, painting):
    def sizes(shape):
        content = images.resize(photo, *shape)
        scene = Scene(content, [painting], [], TransferSettings(size=128, mode="fine"))
        return list(coarse_to_fine.objectives(scene, backbones.load("vgg16"), 128, Progress()))

    assert sizes((96, 128)) == [128, 64, LIGHT_SIDE]
    assert sizes((16, 128)) == [128, LIGHT_SIDE], "at 64 px it would be 8 px high"


def test_the_second_painter_is_asked_for_neither_light_nor_palette(weights_home, photo, painting):
    scene = Scene(photo, [painting], [], TransferSettings(size=128, mode="fine", painter=2))
    goals = coarse_to_fine.objectives(scene, backbones.load("vgg16"), 128, Progress())
    assert list(goals) == [128, 64]
    assert {term.name for goal in goals.values() for term in goal.terms} == {
        "style",
        "content",
        "total_variation",
    }


@pytest.mark.slow
def test_the_fifth_painter_takes_maxima_only_from_afar(weights_home, photo, painting):
    scene = Scene(photo, [painting], [], TransferSettings(size=128, mode="fine", painter=5))
    vgg16 = backbones.load("vgg16")
    goals = coarse_to_fine.objectives(scene, vgg16, 128, Progress())
    for size, network in ((128, vgg16.averaged), (64, vgg16)):
        wanted = objective.grams(network, scene.styles_01(size)[0])["block3_conv1"]
        terms = [term for term in goals[size].terms if (term.name, term.layer) == ("style", "block3_conv1")]
        assert np.allclose(terms[0].targets[0], wanted, rtol=1e-3)


@pytest.mark.slow
def test_light_and_shade_of_the_photo_show_from_afar(weights_home, photo, painting):
    def likeness(painter):
        settings = TransferSettings(mode="fine", size=128, steps=8, painter=painter)
        seen = (images.fit(one, 32).mean(axis=-1).ravel() for one in (photo, made(settings)))
        return np.corrcoef(*seen)[0, 1]

    def made(settings):
        return transfer(photo, [painting], settings).image

    assert likeness(3) > likeness(2) + 0.02


@pytest.mark.slow
def test_coarse_scales_are_shown_as_large_as_what_comes_of_them(weights_home, two_scales, photo, painting):
    seen: list[Report] = []
    painted = transfer(
        photo, [painting], TransferSettings(**TWO_SCALES), progress=Progress(seen.append, preview_seconds=0)
    )
    shown = [report.preview.shape for report in seen if report.preview is not None]
    assert set(shown) == {painted.image.shape} and len(shown) == 1 + 6
    steps = [report.step for report in seen if report.metrics]
    assert steps == sorted(steps) and steps[-1] == seen[-1].total == painted.figures["passes"] == 6


@pytest.mark.slow
@pytest.mark.parametrize("passes", [2, 5])
def test_one_stopped_at_any_scale_is_whole_and_its_recipe_makes_it_again(inputs, two_scales, passes):
    stopped = tasks.run("style.transfer", TransferSettings(**TWO_SCALES), inputs, stopping_after(passes, []))
    assert stopped.stopped_early
    assert max(images.read(stopped.files[0].read()).shape) == 96
    again = tasks.run("style.transfer", recipes.read(stopped.files[0].read()).checked_settings(), inputs)
    assert not again.stopped_early
    assert again.files[0].digest == stopped.files[0].digest


@pytest.mark.slow
def test_strength_leads_from_the_photo_to_the_painting_at_every_size(weights_home, photo, painting):
    from benchmarks.looks import Judge

    judge, looks = Judge(backbones.load("vgg16"), photo, painting, (128, 64)), []
    for strength in (0.2, 0.6, 1.0):
        settings = TransferSettings(mode="fine", size=128, steps=6, strength=strength)
        looks.append(judge(transfer(photo, [painting], settings).image))
    for level in (0, 1):
        style, content = ([getattr(look, part)[level] for look in looks] for part in ("style", "content"))
        assert style == sorted(style, reverse=True) and content == sorted(content)


@pytest.mark.slow
@pytest.mark.parametrize(
    "content, style",
    [
        (np.full((60, 80, 3), 128, "uint8"), None),
        (None, np.full((60, 80, 3), (200, 30, 30), "uint8")),
        (np.zeros((60, 80, 3), "uint8"), np.full((60, 80, 3), 255, "uint8")),
        (None, np.random.default_rng(0).integers(0, 255, (20, 12, 3)).astype("uint8")),
        (np.random.default_rng(0).integers(0, 255, (16, 16, 3)).astype("uint8"), None),
        (np.random.default_rng(0).integers(0, 255, (50, 400, 3)).astype("uint8"), None),
        (None, np.random.default_rng(0).integers(0, 255, (9, 900, 3)).astype("uint8")),
    ],
    ids=["photo of one colour", "painting of one colour", "both", "tiny painting", "16 px", "wide", "strip"],
)
def test_odd_inputs_are_painted(weights_home, photo, painting, content, style):
    content, style = (photo if content is None else content), (painting if style is None else style)
    painted = transfer(content, [style], TransferSettings(size=128, mode="fine", steps=2)).image
    assert painted.shape == images.fit(content, 128).shape


@pytest.mark.slow
def test_a_painting_of_one_colour_colours_the_photo(weights_home, photo):
    red = np.full((60, 80, 3), (200, 30, 30), "uint8")
    painted = transfer(photo, [red], TransferSettings(size=64, mode="fine", steps=6)).image.astype(float)
    excess = painted[..., 0].mean() - painted[..., 1:].mean()
    assert excess > (images.fit(photo, 64)[..., 0].mean() - images.fit(photo, 64)[..., 1:].mean()) + 30
