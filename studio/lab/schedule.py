"""The learning rate schedule: a short warmup, then cosine decay."""

from __future__ import annotations

import math

_WARMUP_STEPS = 30


def compute_rate_factor(step: int, steps: int) -> float:
    """Returns the factor of the learning rate at a step: it rises over 30 steps, then decays as a cosine.

    Reference:
        Loshchilov and Hutter 2016, arXiv:1608.03983.
    """
    return min(1.0, (step + 1) / _WARMUP_STEPS) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
