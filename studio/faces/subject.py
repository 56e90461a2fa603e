"""Prepares photos for the encoder of a generator, and refuses those without a face if it draws faces."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from studio.core.errors import InvalidInput, Unavailable
from studio.core.generators import latent
from studio.core.generators.latent import Generator
from studio.core.masks import face_boxes, selection
from studio.core.models.lru import get_or_make
from studio.faces import draw
from studio.faces.photo import crop_box, crop_square, detect_face, find_face
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
    images = generator.decode(latent.sample(generator, _SAMPLES, seed=0))
    have_faces = [len(face_boxes.find_faces(np.ascontiguousarray(image))) > 0 for image in images]
    return float(np.mean(have_faces)) >= _MIN_SHARE


@dataclass(frozen=True)
class PreparedPhoto:
    """A photo for the encoder of a generator.

    Attributes:
        crop: `(s, s, 3) uint8`.
        note: warning for a photo unlike the training images; "" for others.
        weights: SHA-256 of the networks that cropped it, by name; none if the user cropped it.
    """

    crop: np.ndarray
    note: str
    weights: dict[str, str]


def prepare_photo(generator: Generator, settings: FacesSettings, photo: np.ndarray) -> PreparedPhoto:
    """Crops a photo as the settings say, or to its largest face, and searches it for faces once.

    Args:
        photo: `(H, W, 3) uint8`.

    Raises:
        InvalidInput: for a photo without a face, if the generator draws faces and no crop is set.
    """
    if settings.crop:
        crop = crop_square(photo, settings.crop, settings.crop_x, settings.crop_y)
        note = draw.warn_if_unlike(generator, crop)
        return PreparedPhoto(crop, note if note and detect_face(photo) is None else "", {})
    face = None
    with suppress(Unavailable):  # without the detector, crop the largest square
        face = find_face(photo)
        if face is None and draws_faces(generator):
            raise InvalidInput("No face found. Choose a photo of a face, or set the crop size.")
    if face:
        return PreparedPhoto(crop_box(photo, face), "", selection.read_digests("face"))
    crop = crop_square(photo, 1.0, settings.crop_x, settings.crop_y)
    return PreparedPhoto(crop, draw.warn_if_unlike(generator, crop), selection.read_digests("face"))
