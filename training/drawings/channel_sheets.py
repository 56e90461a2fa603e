"""Renders the shipped sheets of channels: `python -m training.drawings.channel_sheets [BACKBONE ...]`.

A quarter more channels than needed are rendered, chosen at random; of similar ones, some are dropped. Images
are cached in STUDIO_HOME, so that an interrupted run continues.

Took 19 minutes of processor time for all three on two shared cores: 8 for VGG16, 7 for ResNet50, 4 for
InceptionV3.
"""

from __future__ import annotations

import io
import itertools
import json
import sys
from collections.abc import Sequence

import numpy as np
from PIL import Image

from studio.core import paths, tasks
from studio.core.errors import Unavailable
from studio.core.imaging import image_io
from studio.core.objectives import backbones
from studio.core.progress import Progress, show_terminal_bar
from studio.dream.channels import sheet
from studio.dream.settings import ChannelSettings

STEPS = 32
CANDIDATE_FACTOR = 1.25  # rendered channels per shown one
# Number of shown channels per layer, from lines and textures to object parts.
CHANNELS_PER_LAYER = {
    "vgg16": {
        "block3_conv3": 10,
        "block4_conv2": 10,
        "block4_conv3": 14,
        "block5_conv1": 14,
        "block5_conv3": 16,
    },
    "resnet50": {
        "conv2_block3_out": 6,
        "conv3_block4_out": 12,
        "conv4_block3_out": 16,
        "conv4_block6_out": 20,
        "conv5_block2_out": 10,
    },
    "inceptionv3": {"mixed2": 10, "mixed3": 10, "mixed4": 14, "mixed5": 14, "mixed7": 16},
}

Images = dict[tuple[str, int], np.ndarray]


def main(names: Sequence[str]) -> None:
    """Renders and writes the sheets of the named backbones, or of all."""
    for backbone in names or CHANNELS_PER_LAYER:
        layers = backbones.find_spec(backbone).layers
        images: Images = {}
        with show_terminal_bar(f"The sheet of {backbone}") as progress:
            for number, (layer, count) in enumerate(CHANNELS_PER_LAYER[backbone].items()):
                candidates = _render_candidates(layer, layers[layer], count, number, progress)
                images |= select_most_different(candidates, count)
        write_sheet(backbone, images)


def _render_candidates(layer: str, channels: int, shown_count: int, seed: int, progress: Progress) -> Images:
    """Renders random channels of a layer; channels that stay inactive are replaced by others."""
    candidate_count = round(CANDIDATE_FACTOR * shown_count)
    images: Images = {}
    for channel in np.random.default_rng(seed).permutation(channels).tolist():
        if len(images) == candidate_count:
            break
        progress.report(len(images), candidate_count, text=layer)
        try:
            images[layer, channel] = _render_channel(ChannelSettings(layer=layer, channel=channel))
        except Unavailable:
            continue
    return images


def _render_channel(settings: ChannelSettings) -> np.ndarray:
    settings = settings.model_copy(update={"size": sheet.SIDE, "steps": STEPS})
    with tasks.store_in_memory():
        return image_io.read(tasks.run("dream.channel", settings, {}).files[0].read())


def select_most_different(images: Images, count: int) -> Images:
    """Returns the `count` most different images by channel: drops one of the closest pair until done."""
    descriptors = {name: compute_descriptor(image) for name, image in images.items()}

    def measure_distance(first, second) -> float:
        return float(np.linalg.norm(descriptors[first] - descriptors[second]))

    while len(descriptors) > count:
        pair = min(itertools.combinations(descriptors, 2), key=lambda pair: measure_distance(*pair))
        # Drop the one that is also closer to the others.
        descriptors.pop(
            min(pair, key=lambda name: sorted(measure_distance(name, other) for other in descriptors)[2])
        )
    return {name: images[name] for name in sorted(descriptors)}


def compute_descriptor(image: np.ndarray) -> np.ndarray:
    """Computes a descriptor of an image: color means, color deviations, and spectral power.

    Args:
        image: `(H, W, 3) uint8`.

    Returns:
        `(30,) float64`: three means, three deviations, and power in four frequency bands by six directions.
    """
    colors = image.reshape(-1, 3) / 255
    spectrum = np.abs(np.fft.fft2(image.mean(-1) / 255)) ** 2
    down, right = np.meshgrid(*map(np.fft.fftfreq, image.shape[:2]), indexing="ij")
    band = np.digitize(np.hypot(down, right), (1 / 32, 1 / 16, 1 / 8, 1 / 4)) - 1
    direction = (np.arctan2(down, right) % np.pi / np.pi * 6).astype(int) % 6
    in_band = band >= 0
    power = np.bincount((band * 6 + direction)[in_band], spectrum[in_band], minlength=24)
    return np.concatenate([3 * colors.mean(0), 3 * colors.std(0), np.log(power / power.sum() + 1e-4) / 3])


def write_sheet(backbone: str, images: Images) -> None:
    """Writes the mosaic and the channel names of a sheet."""
    rows = -(-len(images) // sheet.COLUMNS)
    mosaic = Image.new("RGB", (sheet.COLUMNS * sheet.SIDE, rows * sheet.SIDE))
    for position, image in enumerate(images.values()):
        corner = position % sheet.COLUMNS * sheet.SIDE, position // sheet.COLUMNS * sheet.SIDE
        mosaic.paste(Image.fromarray(image), corner)
    buffer = io.BytesIO()
    mosaic.save(buffer, "WEBP", quality=85, method=6)
    paths.write(sheet.mosaic_path(backbone), buffer.getvalue())
    paths.write(sheet.names_path(backbone), (json.dumps(list(images)) + "\n").encode())


if __name__ == "__main__":
    main(sys.argv[1:])
