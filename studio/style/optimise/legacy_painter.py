"""The first painter, who judged a picture at its own size alone: kept for the recipes that name it."""

from __future__ import annotations

import numpy as np

from studio.core.errors import Cancelled
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import Evaluator
from studio.core.pictures import images
from studio.core.progress import Progress
from studio.core.training.precision import chosen
from studio.style.optimise import objective
from studio.style.optimise.lbfgs import descend
from studio.style.optimise.scene import Scene
from studio.style.optimise.schedule import stages


def paint(scene: Scene, backbone: Backbone, start_01: np.ndarray, progress: Progress) -> objective.Optimised:
    """Lowers style, content and total variation together, at one size after another.

    Args:
        start_01: the instant result, `(1, h, w, 3) float32 in [0, 1]`, at the coarsest scale.
        progress: told of every pass, counted in passes of the coarsest scale.

    Reference:
        Gatys et al. 2015, arXiv:1508.06576; coarse to fine as in Gatys et al. 2016, arXiv:1611.07865.
    """
    plan, network = stages(scene.settings), backbone.computing(chosen(scene.settings.precision))
    sizes, passes = [size for size, _ in plan], [count for _, count in plan]
    costs = [(size / sizes[0]) ** 2 for size in sizes]
    total = round(sum(n * cost for n, cost in zip(passes, costs, strict=True)))
    picture, done, spent = _first(scene, start_01), 0, 0.0
    losses: dict[str, float] = {}
    for size, count, cost in zip(sizes, passes, costs, strict=True):
        try:
            goal = objective.objective(scene, backbone, size, progress)
        except Cancelled:
            return objective.Optimised(picture if done else start_01, losses, done, True)
        picture = _resized(picture, scene.content_01(size).shape)

        def tell(passed, evaluation, best_01, goal=goal, spent=spent, cost=cost):
            preview = lambda: scene.finished(best_01)  # noqa: E731
            progress.report(round(spent + passed * cost), total, objective.named(goal, evaluation), preview)

        descent = descend(Evaluator(network, goal, progress), picture, count, tell)
        picture, done, spent = descent.images_01, done + descent.passes, spent + count * cost
        losses = objective.named(goal, descent.evaluation) if descent.evaluation else losses
        if descent.cancelled:
            return objective.Optimised(picture, losses, done, True)
    return objective.Optimised(picture, losses, done, False)


def _first(scene: Scene, instant_01: np.ndarray) -> np.ndarray:
    """Where the descent starts: half the instant result, half the content in the styles' colours.

    The one has the style, the other the content; their mean ends lower than either (benchmarks/README.md).
    A grain of five grey levels lets another seed lay the strokes elsewhere.
    """
    recoloured = scene.recoloured_01(max(instant_01.shape[1:3]))
    grain = np.random.default_rng(scene.settings.seed).standard_normal(instant_01.shape)
    return np.clip(0.5 * (instant_01 + recoloured) + 0.02 * grain, 0.0, 1.0).astype("float32")


def _resized(images_01: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if images_01.shape == shape:
        return images_01
    return images.to_01(images.resize(images.to_uint8(images_01), *shape[1:3]))
