"""The sizes of the optimization and the steps at each; importing this loads no Keras."""

from __future__ import annotations

from typing import NamedTuple

from studio.style.settings import TransferSettings

COARSEST_SIZE = 64  # px of the longer side, where optimization begins
FIRST_LOOK_SIZE = 512  # px
DRAFT_SIZE = 256  # px: a draft is optimized up to here and enlarged
MAX_WHOLE_SIDE = 640  # px: larger images are processed in tiles, because 1024 px at once took 7 GB


class Plan(NamedTuple):
    """The steps of a mode.

    Attributes:
        steps: of Adam at the coarsest size and at each doubled size; the last number repeats.
        layerwise: steps at the end that match each layer separately.
        turns: quarter turns of the painting that are matched too.
    """

    steps: tuple[int, ...]
    layerwise: int
    turns: tuple[int, ...] = (0,)


PLANS = {
    "draft": Plan((48, 12, 2), 2),
    "fine": Plan((120, 80, 40, 10), 20),
    "finest": Plan((200, 200, 100, 50), 50, (0, 1, 2, 3)),
}


class Stage(NamedTuple):
    """The steps at one size.

    Attributes:
        size: px of the longer side.
        steps: of Adam.
        layerwise: whether each layer is matched separately, at positions sampled at every step.
    """

    size: int
    steps: int
    layerwise: bool = False

    @property
    def cost(self) -> float:
        """Cost of one step, in megapixels of a square image."""
        return self.size**2 / 1e6


def plan_stages(settings: TransferSettings) -> list[Stage]:
    """Returns the stages from coarse to fine, up to the step `stop_after`; none for an instant result."""
    if not settings.optimizes:
        return []
    plan = PLANS[settings.mode]
    factor = (settings.steps or plan.steps[0]) / plan.steps[0]
    sizes = [min(settings.size, DRAFT_SIZE) if settings.mode == "draft" else settings.size]
    while sizes[0] > COARSEST_SIZE * 1.25:
        sizes.insert(0, max(COARSEST_SIZE, sizes[0] // 2))
    stages = [
        Stage(size, max(1, round(factor * plan.steps[min(index, len(plan.steps) - 1)])))
        for index, size in enumerate(sizes)
    ]
    stages.append(Stage(sizes[-1], max(1, round(factor * plan.layerwise)), True))
    return _truncate(stages, settings.stop_after) if settings.stop_after else stages


def _truncate(stages: list[Stage], max_steps: int) -> list[Stage]:
    """Returns the stages up to a number of steps."""
    truncated = []
    for stage in stages:
        steps = min(stage.steps, max_steps)
        if steps:
            truncated.append(stage._replace(steps=steps))
        max_steps -= steps
    return truncated


def first_look_size(settings: TransferSettings) -> int:
    """Returns the longer side in px of the instant result, or of the preview before the first step."""
    return min(settings.size, FIRST_LOOK_SIZE) if settings.optimizes else settings.size
