"""Weights as of a network that has learned something: every layer's differ, and none is as it begins."""

from __future__ import annotations

import numpy as np


def give(model) -> None:
    """Fills a Keras model, its batch normalizations too."""
    rng = np.random.default_rng(0)
    for variable in model.variables:
        if "seed_generator" in variable.path:
            continue
        noise = rng.normal(size=variable.shape)
        if variable.name == "moving_variance":
            made = np.exp(0.3 * noise)
        elif variable.name == "gamma":
            made = 1 + 0.2 * noise
        else:
            outputs = min(variable.shape[-2:])  # of a kernel, transposed or not
            made = noise * (0.2 if noise.ndim == 1 else 4 * np.sqrt(outputs / noise.size))
        variable.assign(made)
