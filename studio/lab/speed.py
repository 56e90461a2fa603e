"""How long steps are on the way: they grow at first, and shorten until the last."""

from __future__ import annotations

import math

_GROWS = 30  # steps


def speed(step: int, steps: int) -> float:
    """The share of the learning rate at a step of some: it rises over 30, then falls as a cosine does.

    Reference:
        Loshchilov and Hutter 2016, arXiv:1608.03983.
    """
    return min(1.0, (step + 1) / _GROWS) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
