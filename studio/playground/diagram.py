"""Draws a network that separates points: the output of every unit over the plane, its weights, its boundary.

One column per layer, from the input features to the output. Blue is negative or class 0, orange is positive
or class 1, and a thicker line is a larger weight. The idea is that of Smilkov et al. 2017,
Direct-Manipulation Visualization of Deep Networks, arXiv:1708.03788.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from studio.core.layers.network import Network
from studio.playground.data_sets import Points

EXTENT = 1.15  # the diagram shows positions from -EXTENT to EXTENT
_BLUE, _WHITE, _ORANGE = (31, 104, 180), (247, 247, 247), (235, 120, 20)
_BACKGROUND_SHARE = 0.55  # saturation of the plane behind the points, so that they stand out
_FRAME = (190, 190, 190)
_OVERSAMPLING = 2  # PIL draws without antialiasing
_TILE_SHARE, _GAP_SHARE = 0.8, 1.0  # of a row: tile; of a tile: space between columns
_LEAST_ROWS = 6  # rows of tiles that fit into the height, so that few units are not drawn too large
_MAP_SIDE, _TILE_MAP_SIDE = 160, 40  # px, at which outputs are computed
_LOGIT_LIMIT = 6.0  # beyond it the color of the output does not change


def render(
    network: Network,
    compute_features: Callable[[np.ndarray], np.ndarray],
    points: Points,
    held_out_rows: np.ndarray,
    height: int,
) -> np.ndarray:
    """Renders the diagram.

    Args:
        network: with one output, the logit of class 1.
        compute_features: returns the input features `(N, k)` of positions `(N, 2)`.
        points: positions `(N, 2)` and classes `(N,)`.
        held_out_rows: indices of the points that are drawn as rings.
        height: of the diagram, in px.

    Returns:
        `(height, W, 3) uint8`.
    """
    side = height * _OVERSAMPLING
    columns = _compute_tiles(network, compute_features)
    row = side / max(_LEAST_ROWS, *(len(tiles) for tiles in columns))
    tile = round(row * _TILE_SHARE)
    step = round(tile * (1 + _GAP_SHARE))
    width = -(-(len(columns) * step + side) // _OVERSAMPLING) * _OVERSAMPLING
    canvas = Image.new("RGB", (width, side), "white")
    centers = [
        [(number + 0.5 + (side / row - len(tiles)) / 2) * row for number in range(len(tiles))]
        for tiles in columns
    ]
    draw = ImageDraw.Draw(canvas)
    _draw_weights(draw, network, [*centers, [side / 2]], tile, step)
    for number, tiles in enumerate(columns):
        for tile_image, center in zip(tiles, centers[number], strict=True):
            large = tile_image.resize((tile, tile), Image.Resampling.BILINEAR)
            left, top = number * step, round(center - tile / 2)
            canvas.paste(large, (left, top))
            draw.rectangle((left, top, left + tile - 1, top + tile - 1), None, _FRAME, _OVERSAMPLING)
    logits = network.predict(compute_features(_make_positions(_MAP_SIDE)))[:, 0]
    boundary = _color(_BACKGROUND_SHARE * _squash(logits), _MAP_SIDE).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    canvas.paste(boundary, (len(columns) * step, 0))
    _draw_points(draw, points, held_out_rows, len(columns) * step, side)
    small = canvas.resize((width // _OVERSAMPLING, height), Image.Resampling.BOX)
    return np.asarray(small)


def _compute_tiles(
    network: Network, compute_features: Callable[[np.ndarray], np.ndarray]
) -> list[list[Image.Image]]:
    """Returns images of the outputs of all input features and hidden units over the plane, by layer."""
    passed = network.forward(compute_features(_make_positions(_TILE_MAP_SIDE)))
    return [[_color(_normalize(unit), _TILE_MAP_SIDE) for unit in layer.T] for layer in passed.values]


def _make_positions(side: int) -> np.ndarray:
    """Returns the positions of the pixels of a square, `(side * side, 2) float32`; y points up."""
    line = np.linspace(-EXTENT, EXTENT, side, dtype="float32")
    x, y = np.meshgrid(line, -line)
    return np.stack([x, y], axis=-1).reshape(-1, 2)


def _normalize(values: np.ndarray) -> np.ndarray:
    """Scales values to [-1, 1] by the largest magnitude; 0 stays 0."""
    finite = np.nan_to_num(values)
    return finite / max(float(np.abs(finite).max()), 1e-6)


def _squash(logits: np.ndarray) -> np.ndarray:
    """Returns 2 p - 1 for the probabilities of logits, in [-1, 1]."""
    return np.tanh(np.clip(np.nan_to_num(logits), -_LOGIT_LIMIT, _LOGIT_LIMIT) / 2)


def _color(values: np.ndarray, side: int) -> Image.Image:
    """Colors values in [-1, 1], `(side * side,)`, from blue through white to orange."""
    blue, white, orange = (np.array(color, "float32") for color in (_BLUE, _WHITE, _ORANGE))
    share = np.abs(values)[:, None]
    colors = white + share * (np.where(values[:, None] < 0, blue, orange) - white)
    return Image.fromarray((colors + 0.5).astype("uint8").reshape(side, side, 3))


def _draw_weights(
    draw: ImageDraw.ImageDraw, network: Network, centers: list[list[float]], tile: int, step: int
) -> None:
    """Draws a line for each weight between a tile and one of the next column."""
    for number, layer in enumerate(network.layers):
        kernel = np.nan_to_num(layer.kernel)
        largest = max(float(np.abs(kernel).max()), 1e-6)
        start, end = number * step + tile, (number + 1) * step
        for source, target in np.ndindex(*kernel.shape):
            share = kernel[source, target] / largest
            color = _BLUE if share < 0 else _ORANGE
            line_width = round(abs(share) * tile / 10)
            if line_width:
                line = [(start, centers[number][source]), (end, centers[number + 1][target])]
                draw.line(line, color, line_width)


def _draw_points(
    draw: ImageDraw.ImageDraw, points: Points, held_out_rows: np.ndarray, left: int, side: int
) -> None:
    """Draws training points as disks and held-out points as rings."""
    radius, is_held_out = side / 90, np.zeros(len(points[0]), bool)
    is_held_out[held_out_rows] = True
    for (x, y), label, is_ring in zip(*points, is_held_out, strict=True):
        center_x = left + (x / EXTENT + 1) / 2 * side
        center_y = (1 - y / EXTENT) / 2 * side
        box = (center_x - radius, center_y - radius, center_x + radius, center_y + radius)
        color = _ORANGE if label else _BLUE
        if not left <= center_x < left + side:
            continue  # noise moved it out of the plane that is shown
        if is_ring:
            draw.ellipse(box, _WHITE, color, max(1, round(radius / 2.5)))
        else:
            draw.ellipse(box, color, _WHITE, max(1, round(radius / 4)))
