"""One avatar in several views: painted, as parts, as lines, by day and by night."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.sketch import palette
from studio.sketch.parts import COLORS
from studio.sketch.settings import KINDS
from training.drawings.avatars import looks
from training.drawings.sketches import doodles, views
from training.drawings.sketches.doodles import Hand
from training.drawings.sketches.partial_avatars import PARTS, PartialAvatar, choose_avatar, part_of
from training.drawings.sketches.scene import Scene

SIZE = 96


def make_scene(seed, **changes):
    plain = {"hat": "", "glasses": "", "beard": "", "style": "parted", "tilt": 0.0, "freckles": False}
    return Scene(replace(looks.choose(np.random.default_rng(seed)), **plain | changes), seed)


def find_part(image, part):
    """Returns where an image of parts has one of them."""
    return (image == COLORS[part]).all(-1)


@pytest.mark.parametrize("seed", range(4))
def test_the_part_map_matches_the_image(seed):
    one = make_scene(seed, glasses="", collar="crew", stripes=False)
    image, parts = one.render(SIZE).astype(int), views.draw_parts(one.trace_shapes(), SIZE)
    for part, color in (("Hair", one.look.hair), ("Clothes", one.look.cloth), ("Face", one.look.skin)):
        here = find_part(parts, part)
        near = np.abs(image[here] - color).sum(-1)
        assert here.sum() > 100 and np.median(near) < 110
    ground = ~parts.any(-1)
    assert np.median(np.abs(image[ground] - one.look.background).sum(-1)) < 4


@pytest.mark.parametrize(
    "part, change",
    [("Hat", {"hat": "beanie"}), ("Glasses", {"glasses": "dark"}), ("Beard", {"beard": "full"})],
)
def test_accessories_are_separate_parts(part, change):
    bare, dressed = (views.draw_parts(make_scene(2, **more).trace_shapes(), SIZE) for more in ({}, change))
    assert not find_part(bare, part).any() and find_part(dressed, part).sum() > 20


def test_outlines_follow_the_borders_of_parts():
    one = make_scene(1)
    lines, parts = (
        views.draw_outline(one.trace_shapes(), SIZE)[..., 0],
        views.draw_parts(one.trace_shapes(), SIZE),
    )
    borders = np.zeros((SIZE, SIZE), bool)
    changed = (parts[1:] != parts[:-1]).any(-1)
    borders[1:] |= changed
    inked = np.maximum.reduce([np.roll(lines, n, 0) for n in (-2, -1, 0, 1, 2)]) > 60
    assert inked[borders].mean() > 0.9
    assert 0.03 < (lines > 128).mean() < 0.3
    assert (views.draw_outline(one.trace_shapes(), SIZE, hidden=False)[..., 0] > 128).sum() > (
        lines > 128
    ).sum()


def test_night_has_a_moon_and_darker_faces():
    one = make_scene(3)
    day, night = one.render(SIZE).astype(int), one.render(SIZE, night=True).astype(int)
    face = find_part(views.draw_parts(one.trace_shapes(), SIZE), "Face")
    assert night[face].mean() < 0.85 * day[face].mean()
    moon = (np.abs(night - palette.MOON).sum(-1) < 30).sum()
    assert 20 < moon < 200 and not (np.abs(day - palette.MOON).sum(-1) < 6).all(-1).any()


def test_missing_parts_have_default_attributes():
    avatars = [choose_avatar(0, n, 0.0) for n in range(200)]
    assert {avatar.parts == PARTS for avatar in avatars} == {True, False}
    for avatar in avatars:
        look = avatar.scene.look
        if "mouth" not in avatar.parts:
            assert (look.smile, look.mouth_open) == (0.6, 0.0)
        if "hair" not in avatar.parts:
            assert look.style == "parted"
        for part, has_part in (("hat", look.hat), ("glasses", look.glasses), ("beard", look.beard)):
            assert part in avatar.parts or not has_part


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_determines_the_drawing(kind):
    avatar = choose_avatar(1, 5, 0.0)
    one, again, other = (doodles.draw(avatar, kind, SIZE, np.random.default_rng(n)) for n in (4, 4, 5))
    assert one.shape == (SIZE, SIZE, 3) and one.dtype == np.uint8
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_a_partial_drawing_contains_only_its_parts():
    whole = make_scene(6, hat="cap")
    head = doodles.draw(
        PartialAvatar(whole, frozenset({"head"}), False), "parts", SIZE, np.random.default_rng(0)
    )
    assert (
        find_part(head, "Face").sum() > 100
        and not find_part(head, "Hat").any()
        and not find_part(head, "Hair").any()
    )
    nothing = PartialAvatar(whole, frozenset(), False)
    assert not doodles.draw(nothing, "outline", SIZE, np.random.default_rng(0), Hand()).any()


def test_wobble_moves_the_lines_of_a_drawing():
    avatar = PartialAvatar(make_scene(7), PARTS, False)
    true = views.draw_outline(
        [shape for shape in avatar.scene.trace_shapes() if part_of(shape.part) in PARTS], SIZE
    )
    steady = doodles.draw(avatar, "outline", SIZE, np.random.default_rng(0), Hand())
    np.testing.assert_array_equal(steady, true)
    off = [
        np.abs(
            doodles.draw(avatar, "outline", SIZE, np.random.default_rng(0), Hand(wobble=w)).astype(int) - true
        ).mean()
        for w in (0.1, 1.0)
    ]
    assert 0 < off[0] < off[1]
