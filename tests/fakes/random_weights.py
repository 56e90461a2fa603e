"""Random weights that look trained: they differ in each layer and from their initial values."""

from __future__ import annotations

import numpy as np


def assign(model) -> None:
    """Fills a Keras model with random weights, including its batch normalization."""
    rng = np.random.default_rng(0)
    for variable in model.variables:
        if "seed_generator" in variable.path:
            continue
        noise = rng.normal(size=variable.shape)
        if variable.name == "moving_variance":
            values = np.exp(0.3 * noise)
        elif variable.name == "gamma":
            values = 1 + 0.2 * noise
        else:
            outputs = min(variable.shape[-2:])  # kernels, transposed or not
            values = noise * (0.2 if noise.ndim == 1 else 4 * np.sqrt(outputs / noise.size))
        variable.assign(values)
