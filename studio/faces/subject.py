"""Tells whether a generator draws faces, and refuses photos without a face for such a generator."""

from __future__ import annotations

import numpy as np

from studio.core.errors import InvalidInput
from studio.core.generators.latent import Generator
from studio.core.masks import face_boxes, select
from studio.core.models.lru import get_or_make
from studio.faces.photo import has_no_face
from studio.faces.settings import FacesSettings

_SAMPLES = 8  # generated images that are searched for faces
_MIN_SHARE = 0.5  # of them with a face: 23 of 24 or more for faces and avatars, 1 of 24 for digits
_MAX_CACHED = 8
_DRAWS_FACES: dict[str, bool] = {}  # by SHA-256 of the model


def draws_faces(generator: Generator) -> bool:
    """Returns whether a generator draws faces: whether the face detector finds one in most of its images.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    return get_or_make(_DRAWS_FACES, generator.digest, lambda: _search_samples(generator), _MAX_CACHED)


def _search_samples(generator: Generator) -> bool:
    latents = np.random.default_rng(0).normal(size=(_SAMPLES, generator.latent_dim)).astype("float32")
    images = generator.decode(latents)
    have_faces = [len(face_boxes.find_faces(np.ascontiguousarray(image))) > 0 for image in images]
    return float(np.mean(have_faces)) >= _MIN_SHARE


def check_photo(generator: Generator, settings: FacesSettings, photo: np.ndarray) -> None:
    """Raises `InvalidInput` for a photo without a face, if the generator draws faces and no crop is set.

    Args:
        photo: `(H, W, 3) uint8`.
    """
    if not settings.crop and has_no_face(photo) and draws_faces(generator):
        raise InvalidInput("No face found. Choose a photo of a face, or set the crop size.")


def read_weights(settings: FacesSettings) -> dict[str, str]:
    """Returns the SHA-256 of the networks that crop a photo, by name; none if the user crops it."""
    return {} if settings.crop else select.read_digests("face")
