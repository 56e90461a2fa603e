"""The painter of draft, fine and finest: large strokes first; each size is judged with all smaller ones."""

from __future__ import annotations

import numpy as np

from studio.core.errors import Cancelled
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import Evaluator
from studio.core.objectives.terms import Objective
from studio.core.progress import Progress
from studio.core.training.precision import chosen
from studio.style.optimise import objective, tones
from studio.style.optimise.lbfgs import descend
from studio.style.optimise.painters import Painter
from studio.style.optimise.pyramid import Levels, resized
from studio.style.optimise.scene import Scene
from studio.style.optimise.schedule import LEAST_SIDE, cost, levels, stages

PREVIEW = 512  # px: the coarse scales are shown as large as what comes of them, up to this
_SMOOTHING, _LAST_SMOOTHING = 0.5, 0.25  # the last scale adds the fine strokes that the painting has


def content_weight(strength: float, size: int, painter: Painter) -> float:
    """How much the content counts at a size: the more the smaller it is, for there the large shapes are."""
    least = 0.18 * (1.0 - strength) / strength + 0.005
    return least * painter.content * (512 / size) ** painter.coarseness


def paint(scene: Scene, backbone: Backbone, start_01: np.ndarray, progress: Progress) -> objective.Optimised:
    """Lowers style, content and total variation together, from the coarsest scale to the finest.

    Args:
        backbone: VGG16 as it was trained.
        start_01: the instant result, `(1, h, w, 3) float32 in [0, 1]`.
        progress: told of every pass; its steps are as long as each other, whatever a pass costs.

    Reference:
        Gatys et al. 2015, arXiv:1508.06576; coarse to fine as in Gatys et al. 2016, arXiv:1611.07865;
        several sizes judged at once as in Snelgrove 2017, "High-resolution multi-scale neural texture
        synthesis".
    """
    painter, precision = scene.painter, chosen(scene.settings.precision)
    plan = [(size, count) for size, count in stages(scene.settings) if _wide_enough(scene, size)]
    costs = [cost(size, scene.settings.painter) for size, _ in plan]
    passes, work = sum(n for _, n in plan), sum(n * c for (_, n), c in zip(plan, costs, strict=True))
    left = scene.settings.stop_after or passes
    picture, done, spent, losses = _first(scene, start_01, plan[0][0]), 0, 0.0, dict[str, float]()
    for (size, count), each in zip(plan, costs, strict=True):
        try:
            goals = objectives(scene, backbone, size, progress)
        except Cancelled:
            return objective.Optimised(picture, losses, done, True)
        picture, joined = resized(picture, scene.shape(size)), _joined(goals)

        def tell(passed, evaluation, best_01, joined=joined, spent=spent, each=each):
            shown = scene.shape(min(PREVIEW, scene.settings.size))
            preview = lambda: scene.finished(resized(np.clip(best_01, 0, 1), shown))  # noqa: E731
            step = round((spent + passed * each) / work * passes)
            progress.report(step, passes, objective.named(joined, evaluation), preview)

        judge = Levels(
            [
                Evaluator(_network(backbone, painter, side == size).computing(precision), goal, progress)
                for side, goal in goals.items()
            ],
            _shapes(scene, goals),
        )
        smoothing = _LAST_SMOOTHING if size == scene.settings.size else _SMOOTHING
        descent = descend(judge, picture, min(count, left - done), tell, smoothing)
        picture, done, spent = descent.images_01, done + descent.passes, spent + count * each
        losses = objective.named(joined, descent.evaluation) if descent.evaluation else losses
        if descent.cancelled or done >= left:
            return objective.Optimised(picture, losses, done, descent.cancelled)
    return objective.Optimised(picture, losses, done, False)


def objectives(scene: Scene, backbone: Backbone, size: int, progress: Progress) -> dict[int, Objective]:
    """What a picture of `size` px is judged by, as itself and at every smaller level, by the size of each.

    Raises:
        Cancelled: if a person asked to stop.
    """
    settings, painter, share = scene.settings, scene.painter, scene.share
    found: dict[int, Objective] = {}
    for side in levels(size):
        if _wide_enough(scene, side):
            pull = objective.Pull(
                content_weight(settings.strength, side, painter),
                painter.smoothness * settings.smoothness if side == size else None,
                share,
            )
            network = _network(backbone, painter, side == size)
            found[side] = objective.objective(scene, network, side, progress, pull)
            # With masks the palettes are of places, which are not told apart here.
            if painter.palette and side <= tones.PALETTE_SIDE and not scene.masks:
                found[side] += painter.palette * tones.colors(scene, side, share)
    if painter.light:
        weight = painter.light * content_weight(settings.strength, tones.LIGHT_SIDE, painter)
        found[tones.LIGHT_SIDE] = weight * tones.light(scene, size, share)
    return found


def _network(backbone: Backbone, painter: Painter, own: bool) -> Backbone:
    """What looks at a picture at its own size, or at a smaller one.

    Maxima come nearer to the painting, but their gradients reach one pixel of four: at the picture's own size
    they leave speckles in flat skies, while the gradients of smaller sizes are spread when they are enlarged.
    """
    return backbone if painter.maxima and not own else backbone.averaged


def _joined(goals: dict[int, Objective]) -> Objective:
    """The objective whose terms are those of all sizes, as `Levels` evaluates them."""
    terms = tuple(term for goal in goals.values() for term in goal.terms)
    return 1.0 / len(goals) * Objective(terms)


def _shapes(scene: Scene, goals: dict[int, Objective]) -> list[tuple[int, ...]]:
    return [scene.shape(size) for size in goals]


def _wide_enough(scene: Scene, size: int) -> bool:
    return size == scene.settings.size or min(scene.shape(size)[1:3]) >= LEAST_SIDE


def _first(scene: Scene, start_01: np.ndarray, size: int) -> np.ndarray:
    """Where the descent starts: half the instant result, half the content in the styles' colours.

    The weaker the style, the nearer to the photo. A grain of five grey levels lets another seed lay the
    strokes elsewhere.
    """
    content_01 = scene.content_01(size)
    painted = 0.5 * (resized(start_01, content_01.shape) + scene.recoloured_01(size))
    share = scene.share
    grain = np.random.default_rng(scene.settings.seed).standard_normal(content_01.shape)
    first = content_01 + share * (painted - content_01) + 0.02 * share * grain
    return np.clip(first, 0.0, 1.0).astype("float32")
