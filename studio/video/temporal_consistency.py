"""Reduces flicker: blends each result with the previous one, moved along the optical flow of the input.

A result that depends on every pixel changes its strokes when the input changes by a little noise. Where the
flow explains the input, the previous result, moved along, is as right as the new one, and steadier.

References: the flow and its forward-backward check follow Ruder et al. 2016, arXiv:1604.08610. Blending
finished frames of any method follows Lai et al. 2018, arXiv:1808.00449.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image
from scipy import ndimage

from studio.core.imaging import image_io

Band = Literal["all", "chroma"]

_FLOW_SIDE = 160  # px, longer side of the frames between which the flow is estimated
_FLOW_RADIUS, _FLOW_WARPS = 5, 3
_LUMA = image_io.LUMA.astype("float32")
_STILL_WEIGHT, _MOVING_WEIGHT = 0.99, 0.85  # of the previous result; interpolation blurs what moves
_BACKGROUND_MARGIN = 5.0  # levels of 255 by which the flow must explain the input better than the camera
_CAMERA_ITERATIONS = 8
_FIXED_SHARE = 0.4  # of the texture, that stays where it is if the camera is fixed
_MIN_GRADIENT = 2.0  # levels of 255 per px, of texture
_NOISE, _MAX_ERROR = 6.0, 8.0  # levels of 255: ignored differences of the input, and the scale of others
_MAX_ROUND_TRIP = 0.4  # px, scale of the forward-backward error of the flow
_DETAIL_SIGMA, _DETAIL_WINDOW, _MAX_DETAIL_GAIN = 2.0, 8.0, 1.15  # px, px, factor


@dataclass(frozen=True)
class _State:
    """What the next frame is blended with.

    Attributes:
        reference: `(h, w, 3) float32`, 0 to 255, the small input frame that `result` shows. It is blended
            with the same weights, so that slow changes of the input add up until they are noticed.
        result: `(H, W, 3) float32`, 0 to 255.
    """

    reference: np.ndarray
    result: np.ndarray


class TemporalBlender:
    """Blends the results of consecutive frames.

    Args:
        strength: 0 to 1, factor of the weight of the previous result; 0 keeps results as they are.
        band: "chroma" keeps the luma of each result and blends its chroma only.
    """

    def __init__(self, strength: float, band: Band = "all"):
        self._strength, self._band = strength, band
        self._state: _State | None = None

    def blend(self, frame: np.ndarray, result: np.ndarray) -> np.ndarray:
        """Returns the result of the next frame, blended with the previous one.

        Args:
            frame: `(h, w, 3 or 4) uint8`, the input frame.
            result: `(H, W, 3 or 4) uint8`, the result of that frame, of any size; its alpha is kept.

        Returns:
            `(H, W, 3 or 4) uint8`
        """
        if not self._strength:
            return result
        small, current = _shrink(frame[..., :3]), result[..., :3].astype("float32")
        previous = self._state
        if previous is None or (previous.result.shape, previous.reference.shape) != (
            current.shape,
            small.shape,
        ):
            self._state = _State(small, current)
            return result
        flow, weight = estimate_motion(previous.reference, small)
        weight *= self._strength
        reference = _mix(_warp(previous.reference, flow), small, weight)
        moved = _warp(previous.result, _enlarge_flow(flow, current.shape[:2]))
        large_weight = _resize(weight, current.shape[:2])
        blended = _mix(moved, current, large_weight)
        if self._band == "chroma":
            blended += (current @ _LUMA - blended @ _LUMA)[..., None]
        self._state = _State(reference, blended)
        if self._band == "all":
            blended = _restore_detail(blended, current)
        pixels = np.rint(blended.clip(0, 255)).astype("uint8")
        return np.concatenate([pixels, result[..., 3:]], axis=-1)


def estimate_motion(previous: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimates the backward optical flow between two small frames, and how far it can be trusted.

    Args:
        previous, current: `(h, w, 3) float32`, 0 to 255.

    Returns:
        The flow, `(2, h, w) float32` in px, rows first: the content of a pixel of `current` was there in
        `previous`. And the weight of the previous result, `(h, w) float32`, 0 to 1.
    """
    flow, round_trip = _estimate_flow(previous @ _LUMA, current @ _LUMA)
    camera = _fit_camera_motion(previous, current, flow)
    background = _find_background(previous, current, flow, camera)
    flow = background * camera + (1 - background) * flow
    error = np.abs(_warp(previous, flow, order=1) - current).max(axis=-1)
    error = ndimage.gaussian_filter(ndimage.maximum_filter(error, 3), 1)
    agreement = np.exp(-((np.maximum(error - _NOISE, 0) / _MAX_ERROR) ** 2))
    background_weight = _MOVING_WEIGHT if camera.any() else _STILL_WEIGHT
    moving_weight = _MOVING_WEIGHT * np.exp(-((round_trip / _MAX_ROUND_TRIP) ** 2))
    weight = agreement * (background * background_weight + (1 - background) * moving_weight)
    return flow.astype("float32"), (weight * _is_inside(flow)).astype("float32")


def _is_inside(flow: np.ndarray) -> np.ndarray:
    """Returns whether the content of each pixel was inside the previous frame, `(h, w) bool`."""
    size = np.array(flow.shape[1:]).reshape(2, 1, 1)
    positions = flow + np.mgrid[: flow.shape[1], : flow.shape[2]]
    return np.asarray(((positions > -0.5) & (positions < size - 0.5)).all(axis=0))


def _estimate_flow(previous: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the backward flow of two gray frames, and its forward-backward error in px."""
    from skimage.registration import optical_flow_ilk

    options = {"radius": _FLOW_RADIUS, "num_warp": _FLOW_WARPS}
    previous, current = previous / 255, current / 255
    backward = np.nan_to_num(optical_flow_ilk(current, previous, **options))
    forward = np.nan_to_num(optical_flow_ilk(previous, current, **options))
    difference = _warp(np.moveaxis(forward, 0, -1), backward, order=1) + np.moveaxis(backward, 0, -1)
    return backward, np.linalg.norm(difference, axis=-1)


def _fit_camera_motion(previous: np.ndarray, current: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Returns the motion of the camera: the affine flow that most textured pixels follow; 0 if it is fixed.

    Args:
        previous, current: `(h, w, 3) float32`, 0 to 255.
        flow: `(2, h, w)` in px.
    """
    gray = current @ _LUMA
    rows, columns = np.mgrid[-1 : 1 : gray.shape[0] * 1j, -1 : 1 : gray.shape[1] * 1j]
    basis = np.stack([np.ones(gray.size), rows.ravel(), columns.ravel()], axis=-1)
    gradient = ndimage.gaussian_gradient_magnitude(gray, 1).ravel()
    texture = (gradient - _MIN_GRADIENT).clip(1e-3, _MIN_GRADIENT)  # so that no single edge decides
    values, weight = flow.reshape(2, -1).T, texture
    is_still = (np.abs(current - previous).max(axis=-1) < _NOISE).ravel()
    if texture[is_still].sum() > _FIXED_SHARE * texture.sum():
        return np.zeros_like(flow)
    for _ in range(_CAMERA_ITERATIONS):  # each gives less weight to what moves differently
        scaled = (basis * weight[:, None]).T
        fitted = basis @ np.linalg.solve(scaled @ basis + 1e-6 * np.eye(3), scaled @ values)
        weight = texture / (_MAX_ROUND_TRIP**2 + ((values - fitted) ** 2).sum(axis=-1))
    return fitted.T.reshape(flow.shape).astype("float32")


def _find_background(
    previous: np.ndarray, current: np.ndarray, flow: np.ndarray, camera: np.ndarray
) -> np.ndarray:
    """Returns 1 where the camera's motion explains the frame about as well as the flow, soft at the edges.

    There the flow of each pixel is replaced: where the input is flat it is arbitrary, and would smear the
    previous result.
    """
    camera_error, flow_error = (
        ndimage.gaussian_filter(np.abs(_warp(previous, motion, order=1) - current).max(axis=-1), 2)
        for motion in (camera, flow)
    )
    is_background = ndimage.binary_opening(camera_error <= flow_error + _BACKGROUND_MARGIN)
    return ndimage.gaussian_filter(is_background.astype("float32"), 1)


def _restore_detail(blended: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Returns the blended result with up to the local contrast of the current one, which averaging lowers."""

    def split_detail(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        detail = image - ndimage.gaussian_filter(image, (_DETAIL_SIGMA, _DETAIL_SIGMA, 0))
        return detail, ndimage.gaussian_filter((detail**2).sum(axis=-1), _DETAIL_WINDOW)

    detail, energy = split_detail(blended)
    gain = np.sqrt(split_detail(current)[1] / (energy + 1e-3)).clip(1, _MAX_DETAIL_GAIN)
    return blended + (gain - 1)[..., None] * detail


def _mix(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return second + weight[..., None] * (first - second)


def _warp(image: np.ndarray, flow: np.ndarray, order: int = 3) -> np.ndarray:
    """Returns `image`, `(h, w, c)`, sampled at each pixel plus its flow, `(2, h, w)` in px."""
    height, width = image.shape[:2]
    positions = flow + np.mgrid[:height, :width].astype("float32")
    bands = (
        ndimage.map_coordinates(image[..., n], positions, order=order, mode="nearest")
        for n in range(image.shape[2])
    )
    warped = np.stack([*bands], axis=-1)
    return warped.clip(image.min(), image.max())  # cubic interpolation overshoots


def _enlarge_flow(flow: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scales a flow, `(2, h, w)` in px, to another size."""
    return np.stack(
        [
            _resize(values, size) * (new / old)
            for values, new, old in zip(flow, size, flow.shape[1:], strict=True)
        ]
    )


def _resize(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(values).resize(size[::-1], Image.Resampling.BILINEAR))


def _shrink(frame: np.ndarray) -> np.ndarray:
    """Returns a frame, `(H, W, 3) uint8`, with a longer side of at most _FLOW_SIDE, `float32`, 0 to 255."""
    scale = min(1.0, _FLOW_SIDE / max(frame.shape[:2]))
    size = [max(1, round(side * scale)) for side in frame.shape[:2]]
    image = Image.fromarray(np.ascontiguousarray(frame))
    return np.asarray(image.resize(size[::-1], Image.Resampling.BOX)).astype("float32")
