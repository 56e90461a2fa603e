"""GAN inversion: a DCGAN has no encoder, so the latent whose image is nearest to a photo is searched for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
from keras import ops
from scipy.optimize import minimize
from skimage.measure import block_reduce

from studio.core.generators.latent_sampler import LatentSampler
from studio.core.imaging import image_io
from studio.core.metrics import lpips
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.objectives.gradients import compile_function, value_and_grad
from studio.core.progress import Progress
from studio.dcgan.model import Gan
from studio.dcgan.settings import TrainDcganSettings

_CANDIDATES = 1024  # random latents; the start is chosen among them by color, and then by LPIPS
_RANKED = 16  # candidates that are compared by LPIPS
_STARTS = 2  # latents that are optimized at once; the better one is kept
_EVALUATIONS = 60  # evaluations of the loss
_CORRECTIONS = 20  # of L-BFGS: pairs from which it approximates the Hessian
_THUMBNAIL_SIDE = 16  # px, at which colors are compared
_LPIPS_SIDE = 64  # px: larger images are averaged to about this side, because VGG16 takes most of the time
_PIXEL_WEIGHT = 0.5  # of the squared error, relative to LPIPS
# Of the mean square of the latent. Half of it leaves LPIPS nearly unchanged, but the latents lie outside of
# those that training knew, and changes along the directions then distort the face.
_PRIOR_WEIGHT = 0.01


class Inverter:
    """Inverts the generator of a DCGAN.

    Args:
        preset: the model.
        settings: of the model.
        class_count: number of its classes; 0 without.
        decode: its generator, `(n, latent_dim + class_count) float32` -> `(n, size, size, 3) uint8`.
        progress: reports the download of the weights of LPIPS.

    Raises:
        StudioError: if its files are damaged, or the weights of LPIPS cannot be loaded.

    Reference:
        Zhu et al. 2016, arXiv:1609.03552; LPIPS: Zhang et al. 2018, arXiv:1801.03924.
    """

    def __init__(
        self,
        preset: Preset,
        settings: TrainDcganSettings,
        class_count: int,
        decode: Callable[[np.ndarray], np.ndarray],
        progress: Progress,
    ):
        gan = Gan(settings, class_count=class_count)
        loading.load_weights(gan, preset)
        self._settings, self._decode = settings, decode
        self._latents = LatentSampler(settings.latent_dim, class_count)
        measure, _ = lpips.build_distance(progress)
        distance = partial(_measure_distances, measure, max(1, settings.size // _LPIPS_SIDE))
        self._rank = compile_function(distance)
        self._evaluate = compile_function(value_and_grad(partial(_compute_loss, gan.generator, distance)))

    def invert(self, image: np.ndarray, progress: Progress) -> np.ndarray:
        """Returns the latent vector, `(latent_dim + class_count,) float32`, of an image.

        Its class is that of the random latent vector that the search starts from, whose image is near.

        Args:
            image: `(size, size, 3) uint8`.
            progress: reports each evaluation of the loss.

        Raises:
            Cancelled: if the user stopped the job.
        """
        if self._settings.channels == 1:
            image = image_io.to_gray(image).repeat(3, axis=-1)
        target = (image.astype("float32") / 255)[None]
        start, one_hot = np.split(self._choose_starts(target), [self._settings.latent_dim], axis=1)
        losses = np.empty(len(start))
        count = 0

        def evaluate(flat: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal losses, count
            z = flat.reshape(start.shape).astype("float32")
            total, values, gradient = self._evaluate(z, one_hot, target)
            losses, count = np.asarray(values), count + 1
            best = np.hstack([z, one_hot])[losses.argmin()]
            progress.report(
                min(count, _EVALUATIONS),
                _EVALUATIONS,
                {"loss": float(losses.min())},
                lambda: np.hstack([image, self._decode(best[None])[0]]),
            )
            return float(total), np.asarray(gradient, "float64").ravel()

        options = {"maxfun": _EVALUATIONS, "maxcor": _CORRECTIONS}
        start_point = start.ravel().astype("float64")
        solution = minimize(evaluate, start_point, method="L-BFGS-B", jac=True, options=options)
        z = solution.x.reshape(start.shape).astype("float32")
        return np.hstack([z, one_hot])[np.asarray(self._evaluate(z, one_hot, target)[1]).argmin()]

    def _choose_starts(self, target: np.ndarray) -> np.ndarray:
        """Returns random latents, `(_STARTS, latent_dim + class_count)`, with images near to the target."""
        candidates = self._latents.sample(np.random.default_rng(0), _CANDIDATES)
        images = self._decode(candidates).astype("float32") / 255
        differences = _make_thumbnails(images) - _make_thumbnails(target)
        nearest = np.square(differences).mean(axis=(1, 2, 3)).argsort()[:_RANKED]
        return candidates[nearest[np.asarray(self._rank(images[nearest], target)).argsort()[:_STARTS]]]


def _make_thumbnails(images: np.ndarray) -> np.ndarray:
    """Averages `(n, size, size, 3)` to a side of about `_THUMBNAIL_SIDE` px."""
    side = max(1, images.shape[1] // _THUMBNAIL_SIDE)
    return block_reduce(images, (1, side, side, 1), np.mean)


def _measure_distances(measure: Callable, side: int, images_01, target_01):
    """Returns the LPIPS of each image, `(B, size, size, 3)`, to one target, `(1, size, size, 3)`.

    Args:
        measure: LPIPS.
        side: px, of the squares that are averaged before.
    """
    if side > 1:
        images_01, target_01 = (ops.average_pool(images, side) for images in (images_01, target_01))
    return measure(images_01, ops.broadcast_to(target_01, ops.shape(images_01)))


def _compute_loss(generator: keras.Model, distance: Callable, z, one_hot, target_01):
    """Returns the sum of the losses of latents, `(B, latent_dim)`, and each loss, `(B,)`.

    Args:
        generator: the Keras model.
        distance: see `_measure_distances`.
        z: latents.
        one_hot: their classes, `(B, class_count)`, which stay.
        target_01: `(1, size, size, 3)` in [0, 1].
    """
    latents = ops.concatenate([z, one_hot], axis=-1)
    images_01 = (ops.cast(generator(latents, training=False), "float32") + 1) / 2
    images_01 = ops.broadcast_to(images_01, (*images_01.shape[:3], 3))
    errors = ops.mean(ops.square(images_01 - target_01), axis=(1, 2, 3))
    prior = ops.mean(ops.square(z), axis=1)
    losses = distance(images_01, target_01) + _PIXEL_WEIGHT * errors + _PRIOR_WEIGHT * prior
    return ops.sum(losses), losses
