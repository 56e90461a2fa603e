"""Finds scratches, hairs and dust in a photo. Loads no Keras.

Damage of the print is thin, stands out from its surroundings, and is lighter or darker than everything near
it. Thin objects of the scene, such as twigs, mostly have others like them nearby. So the response of each
line is compared with that of its neighborhood, and the detector prefers to miss damage in busy areas: what it
marks by mistake is lost, what it misses can be painted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.fft import irfft2, next_fast_len, rfft2
from skimage import filters, measure

from studio.core.imaging import image_io

MAX_SIDE = 1024  # px; the damage of a larger photo is found in a smaller copy
_MEDIAN_SIDE = 11  # px of the median filter, which removes what is thinner than about half of this
_PEER_SIDE = 41  # px of the neighborhood that a response is compared with
_PEER_RANK = 0.88  # of the responses there; a single scratch covers less than the rest
_NEAR_SIDE, _FAR_SIDE = 7, 21  # px of the surroundings that a line lies on, and that it must stand out from
_ANGLES, _REACH = 16, 12  # directions of lines, and px of a line to each side of its center
_MIN_SCORE, _MIN_WEAK_SCORE = 3.1, 1.6  # response over that of the neighborhood, of a line and its ends
_MIN_CONTRAST, _MIN_WEAK_CONTRAST = 23.0, 6.0  # levels
_MIN_STANDOUT = 6.0  # levels beyond everything near
_MAX_STEP = 0.7  # from one side of a line to the other, over its contrast
_PEER_FLOOR = 4.0  # levels, added to the response of the neighborhood
_MIN_LENGTH, _MAX_WIDTH = 44, 7.0  # px of a line
# Largest minor axis of a line over its major one: hairs curl, but a long curved line is the rim of an object.
_HAIR_LENGTH, _MAX_HAIR_BEND, _MAX_BEND = 110, 0.6, 0.15
# Share of the pixels of a line with the full score: of a short one, and of one twice as long or longer.
_MIN_SURE_SHARES = (0.4, 0.2)
_MIN_SPECK_CONTRAST, _MIN_SPECK_STANDOUT = 28.5, 12.0  # levels
# Of a speck: its response over that of the neighborhood; the range near it over its own contrast.
_SPECK_SCORE, _SPECK_RANGE = 4.3, 0.5
_SPECK_AREA, _MAX_SPECK_SIDE = (4, 110), 14  # px
_MAX_EXTRA_CHROMA = 12.0  # levels; scratches have no color of their own
_GROWTH, _MARGIN = 2, 2  # px: to the soft edges of damage, and beyond


@dataclass(frozen=True)
class _Maps:
    """What the detector measures at each pixel, `(H, W) float32` each, in levels.

    Attributes:
        gray: the lightness.
        background: the lightness without thin structures.
        thin: what the background lacks; positive where the photo is lighter.
        line: the mean of `thin` along the best line through the pixel.
        peers: the high responses of the neighborhood.
        extra_chroma: how much more colorful the pixel is than its background would be at its lightness.
    """

    gray: np.ndarray
    background: np.ndarray
    thin: np.ndarray
    line: np.ndarray
    peers: np.ndarray
    extra_chroma: np.ndarray


def find_damage(photo: np.ndarray, sensitivity: float = 1.0) -> np.ndarray:
    """Returns where a photo has scratches, hairs and dust, with a margin of a few pixels.

    Args:
        photo: `(H, W, 3) uint8`.
        sensitivity: factor on the response of faint structures, more than 0; higher finds more.

    Returns:
        `(H, W) bool`.
    """
    height, width = photo.shape[:2]
    if max(height, width) > MAX_SIDE:
        small = find_damage(image_io.fit(photo, MAX_SIDE), sensitivity)
        resized = Image.fromarray(small).resize((width, height), Image.Resampling.NEAREST)
        return np.asarray(resized, bool)
    maps = _measure(photo)
    damage = np.zeros((height, width), bool)
    for sign in (1, -1):
        damage |= _find_lines(maps, sign, sensitivity) | _find_specks(maps, sign, sensitivity)
    square = np.ones((3, 3), bool)
    if not damage.any():
        return damage
    edges = ndimage.binary_dilation(damage, square, iterations=_GROWTH)
    damage |= edges & (np.abs(maps.thin) > np.maximum(maps.peers, _MIN_WEAK_CONTRAST / 2))
    return ndimage.binary_dilation(damage, square, iterations=_MARGIN)


def _measure(photo: np.ndarray) -> _Maps:
    gray = image_io.to_gray(photo)[..., 0]
    background = _median(gray)
    thin = ndimage.gaussian_filter(gray - background, 0.6)
    # The rank filter takes bytes; doubled, they keep half levels.
    responses = np.minimum(2 * np.abs(thin), 255).astype("uint8")
    window = np.ones((_PEER_SIDE, _PEER_SIDE), "uint8")
    peers = filters.rank.percentile(responses, window, p0=_PEER_RANK).astype("float32") / 2
    chroma = photo.max(axis=2) - photo.min(axis=2)
    # In a sepia photo, what is lighter is more colorful, too.
    expected = _median(chroma) * gray / np.maximum(background, 1)
    extra = ndimage.uniform_filter(chroma - expected, 3)
    return _Maps(gray.astype("float32"), background, thin, _average_along_lines(thin), peers, extra)


def _median(levels: np.ndarray) -> np.ndarray:
    """Returns the local median of `(H, W) uint8` as float32."""
    window = np.ones((_MEDIAN_SIDE, _MEDIAN_SIDE), "uint8")
    return filters.rank.median(np.array(levels), window).astype("float32")  # it refuses read-only arrays


def _average_along_lines(thin: np.ndarray) -> np.ndarray:
    """Returns the mean along the line through each pixel whose mean is the farthest from 0."""
    height, width = thin.shape
    shape = (next_fast_len(height + 2 * _REACH, True), next_fast_len(width + 2 * _REACH, True))
    spectrum = rfft2(thin, shape)
    best = np.zeros_like(thin)
    for number in range(_ANGLES):
        product = irfft2(spectrum * rfft2(_draw_line(np.pi * number / _ANGLES), shape), shape)
        means = product[_REACH : _REACH + height, _REACH : _REACH + width]
        np.copyto(best, means, where=np.abs(means) > np.abs(best))
    return best


def _draw_line(angle: float) -> np.ndarray:
    """Returns a line through the center of a square, soft at its sides, whose weights add up to 1."""
    side = 2 * _REACH + 1
    y, x = np.mgrid[:side, :side].astype("float32") - _REACH
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    line = np.clip(1 - np.abs(across), 0, 1) * (np.abs(along) <= _REACH)
    return (line / line.sum()).astype("float32")


def _stand_out(maps: _Maps, sign: int) -> np.ndarray:
    """Returns by how many levels each pixel is lighter (or, for -1, darker) than everything near it."""
    return sign * maps.gray - ndimage.maximum_filter(sign * maps.background, _FAR_SIDE)


def _range_of(levels: np.ndarray, side: int) -> np.ndarray:
    return ndimage.maximum_filter(levels, side) - ndimage.minimum_filter(levels, side)


def _find_lines(maps: _Maps, sign: int, sensitivity: float) -> np.ndarray:
    """Returns the lines that are lighter (1) or darker (-1) than their surroundings."""
    thin, line, standout = sign * maps.thin, sign * maps.line, _stand_out(maps, sign)
    # Along the edge of an object one side differs from the other; along a scratch both are alike.
    is_on_even_ground = _range_of(maps.background, _NEAR_SIDE) < _MAX_STEP * np.maximum(thin, line)
    score = sensitivity * np.where(is_on_even_ground, line / (maps.peers + _PEER_FLOOR), 0)
    contrast = sensitivity * line
    sure = (score > _MIN_SCORE) & (contrast > _MIN_CONTRAST) & (standout > _MIN_STANDOUT)
    weak = (score > _MIN_WEAK_SCORE) & (thin > np.maximum(0.35 * line, _MIN_WEAK_CONTRAST))
    weak &= standout > -_MIN_STANDOUT
    labels = measure.label(ndimage.binary_closing(weak, np.ones((3, 3))) | sure, connectivity=2)
    regions = measure.regionprops(labels)
    sure_counts = np.bincount(labels[sure], minlength=len(regions) + 1)
    is_line = np.zeros(len(regions) + 1, bool)
    for region in regions:
        top, left, bottom, right = region.bbox
        length = np.hypot(bottom - top, right - left)
        share = np.interp(length, (_MIN_LENGTH, 2 * _MIN_LENGTH), _MIN_SURE_SHARES)
        is_long = length >= _MIN_LENGTH and region.area < _MAX_WIDTH * length
        max_bend = _MAX_HAIR_BEND if length < _HAIR_LENGTH else _MAX_BEND
        is_straight = region.axis_minor_length <= max_bend * region.axis_major_length
        if is_long and is_straight and sure_counts[region.label] >= share * region.area:
            is_line[region.label] = _is_colorless(maps, region.coords)
    return is_line[labels]


def _find_specks(maps: _Maps, sign: int, sensitivity: float) -> np.ndarray:
    """Returns the small lighter (1) or darker (-1) spots in areas that are otherwise even."""
    thin = sign * maps.thin
    is_sure = thin * sensitivity > _SPECK_SCORE * maps.peers + _MIN_SPECK_CONTRAST
    is_sure &= _stand_out(maps, sign) > _MIN_SPECK_STANDOUT
    is_sure &= _range_of(maps.background, _FAR_SIDE) < _SPECK_RANGE * thin
    spots = ndimage.binary_propagation(is_sure, mask=thin > _MIN_WEAK_CONTRAST)
    labels = measure.label(spots, connectivity=2)
    regions = measure.regionprops(labels)
    is_speck = np.zeros(len(regions) + 1, bool)
    for region in regions:
        top, left, bottom, right = region.bbox
        is_small = max(bottom - top, right - left) <= _MAX_SPECK_SIDE
        if is_small and _SPECK_AREA[0] <= region.area <= _SPECK_AREA[1]:
            is_speck[region.label] = _is_colorless(maps, region.coords)
    return is_speck[labels]


def _is_colorless(maps: _Maps, coords: np.ndarray) -> bool:
    """Returns whether pixels, `(n, 2)` rows and columns, are no more colorful than what is around them."""
    return bool(maps.extra_chroma[coords[:, 0], coords[:, 1]].mean() <= _MAX_EXTRA_CHROMA)
