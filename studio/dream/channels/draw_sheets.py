"""Draws the sheets that come with the studio: `python -m studio.dream.channels.draw_sheets [BACKBONE ...]`.

A quarter more channels than are shown are drawn, chosen at random; of those too much alike, one goes. What
is drawn is kept in STUDIO_HOME, so that a run that was stopped continues from there.

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
from studio.core.progress import Progress, terminal_bar
from studio.dream.channels import sheet
from studio.dream.settings import ChannelSettings

STEPS = 32
SPARE = 1.25  # channels drawn for each that is shown
# How many channels of each layer are shown, from lines and textures to parts of things.
SHARES = {
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
    """Draws and writes the sheets of some backbones; of all, if none is named."""
    for backbone in names or SHARES:
        layers = backbones.spec(backbone).layers
        chosen: Images = {}
        with terminal_bar(f"The sheet of {backbone}") as progress:
            for number, (layer, share) in enumerate(SHARES[backbone].items()):
                drawn = _candidates(layer, layers[layer], share, number, progress)
                chosen |= different(drawn, share)
        write(backbone, chosen)


def _candidates(layer: str, channels: int, share: int, seed: int, progress: Progress) -> Images:
    """Images of random channels of a layer; one that stays silent is left out, and another one drawn."""
    wanted = round(SPARE * share)
    drawn: Images = {}
    for channel in np.random.default_rng(seed).permutation(channels).tolist():
        if len(drawn) == wanted:
            break
        progress.report(len(drawn), wanted, text=layer)
        try:
            drawn[layer, channel] = _draw(ChannelSettings(layer=layer, channel=channel))
        except Unavailable:
            continue
    return drawn


def _draw(settings: ChannelSettings) -> np.ndarray:
    settings = settings.model_copy(update={"size": sheet.SIDE, "steps": STEPS})
    with tasks.in_memory():
        return image_io.read(tasks.run("dream.channel", settings, {}).files[0].read())


def different(drawn: Images, count: int) -> Images:
    """The `count` images least alike, by channel: of the closest two one goes, until so many are left."""
    looks = {name: look(image) for name, image in drawn.items()}

    def apart(one, other) -> float:
        return float(np.linalg.norm(looks[one] - looks[other]))

    while len(looks) > count:
        pair = min(itertools.combinations(looks, 2), key=lambda pair: apart(*pair))
        # Of the two, the one that is also closer to the others.
        looks.pop(min(pair, key=lambda one: sorted(apart(one, other) for other in looks)[2]))
    return {name: drawn[name] for name in sorted(looks)}


def look(image: np.ndarray) -> np.ndarray:
    """What the eye tells images apart by, as a vector: mean and spread of colors, and strength of waves.

    Args:
        image: `(H, W, 3) uint8`.

    Returns:
        `(30,) float64`: three means, three spreads, and the waves by four lengths and six directions.
    """
    colors = image.reshape(-1, 3) / 255
    waves = np.abs(np.fft.fft2(image.mean(-1) / 255)) ** 2
    down, right = np.meshgrid(*map(np.fft.fftfreq, image.shape[:2]), indexing="ij")
    length = np.digitize(np.hypot(down, right), (1 / 32, 1 / 16, 1 / 8, 1 / 4)) - 1
    direction = (np.arctan2(down, right) % np.pi / np.pi * 6).astype(int) % 6
    seen = length >= 0
    power = np.bincount((length * 6 + direction)[seen], waves[seen], minlength=24)
    return np.concatenate([3 * colors.mean(0), 3 * colors.std(0), np.log(power / power.sum() + 1e-4) / 3])


def write(backbone: str, chosen: Images) -> None:
    """Writes the mosaic and the names of a sheet."""
    rows = -(-len(chosen) // sheet.COLUMNS)
    mosaic = Image.new("RGB", (sheet.COLUMNS * sheet.SIDE, rows * sheet.SIDE))
    for place, image in enumerate(chosen.values()):
        corner = place % sheet.COLUMNS * sheet.SIDE, place // sheet.COLUMNS * sheet.SIDE
        mosaic.paste(Image.fromarray(image), corner)
    buffer = io.BytesIO()
    mosaic.save(buffer, "WEBP", quality=85, method=6)
    paths.write(sheet.mosaic_of(backbone), buffer.getvalue())
    paths.write(sheet.names_of(backbone), (json.dumps(list(chosen)) + "\n").encode())


if __name__ == "__main__":
    main(sys.argv[1:])
