"""The content of the page that shares a diffusion model: see `studio.core.share.page`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.core.generators import classes, latent
from studio.core.litert import compact
from studio.core.models.presets import Preset
from studio.core.share.page import Content
from studio.diffusion import generator, tflite_unet, unet

IMAGES = 8  # of the grid; each takes seconds
GUIDANCE = 2.0


def build_content(preset: Preset) -> Content:
    """Builds the content of the page of a diffusion model.

    The embeddings of all times and classes are part of the page, which therefore runs only the U-Net.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """
    settings, names = generator.settings_of(preset), classes.read(preset.read_data())
    arrays = generator.read_arrays(preset, settings, len(names))
    steps, label_count = latent.Denoising().steps, len(names) + 1  # the last one is for no class
    times = np.repeat(np.arange(steps) / steps, label_count).astype("float32")
    conditions = tflite_unet.compute_condition(arrays, times, np.tile(np.arange(label_count), steps))
    return Content(
        f"A diffusion model, which turns noise into an image in {steps} steps. Choose an image and move the "
        "slider to see the noisy image of each step, and the image that the network predicts from it.",
        Path(__file__).with_suffix(".js"),
        {
            "classes": names,
            "condition_length": unet.condition_length(settings),
            "count": IMAGES,
            "guidance": GUIDANCE,
            "size": settings.size,
            "channels": settings.channels,
            "steps": steps,
        },
        {"network": compact.store_float16(tflite_unet.build(arrays, settings, 1))},
        {"conditions": conditions.astype("<f4").tobytes()},
    )
