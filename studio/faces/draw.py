"""Drawing with a model: the points of a grid, of one face, of the way between two; and their images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from studio.core.errors import invalid
from studio.core.generators import latent
from studio.core.generators.latent import Generator
from studio.core.imaging import grids, image_io
from studio.core.progress import Progress
from studio.core.tasks import imported
from studio.faces.models import only_draws
from studio.faces.photo import face, square
from studio.faces.settings import FacesSettings

BATCH = 64
LARGE = 512  # px: about the side of a face that stands alone
GRID = 1280  # px: about the side of a grid, as far as whole factors reach it
MOST_FACTOR = 8
# By name: no capability imports another, and who draws without these networks does not load them.
ENLARGED, ENLARGED_BY = "studio.enhance.drawn:enlarged", "studio.enhance.drawn:weights"
_UNLIKE = 1.42  # times the usual reconstruction error: beyond it a photo is unlike those of the training set
LEG_SECONDS = 1.6  # of an interpolation, from one face to the next


def points(generator: Generator, settings: FacesSettings, photo: np.ndarray | None = None) -> np.ndarray:
    """Where the images that the settings ask for lie in the generator's space.

    Args:
        photo: `(H, W, 3) uint8`; takes the place of the grid: it is the first, all others are like it.

    Returns:
        `(n, latent_dim) float32`: the grid, one of it, or the way from one to another.

    Raises:
        InvalidInput: if there is a photo and the generator reads none, or it lacks a direction.
    """
    grid = _grid(generator, settings, photo, max(settings.n, settings.face, settings.to))
    if settings.to:
        ends = grid[settings.face - 1], grid[settings.to - 1]
        found = latent.slerp(*ends, np.linspace(0, 1, settings.n))
    else:
        found = grid[settings.face - 1 : settings.face] if settings.face else grid[: settings.n]
    return latent.move(generator, found, settings.moved)


def interpolate(generator: Generator, settings: FacesSettings, photo: np.ndarray | None = None) -> np.ndarray:
    """The points of a video: a closed interpolation, `(frames, latent_dim) float32`; arguments as in
    `points`.

    With `to` it goes there and back; else from face to face of the grid, the chosen one first.
    """
    stops = max(2, round(settings.interpolate / settings.fps / LEG_SECONDS))
    grid = _grid(generator, settings, photo, max(stops, settings.face, settings.to))
    if settings.to:
        chosen = [settings.face, settings.to]
    else:
        others = [number for number in range(1, stops + 1) if number != settings.face]
        chosen = [*([settings.face] if settings.face else []), *others][:stops]
    through = grid[[number - 1 for number in chosen]]
    return latent.interpolate(latent.move(generator, through, settings.moved), settings.interpolate)


def _grid(generator: Generator, settings: FacesSettings, photo: np.ndarray | None, count: int) -> np.ndarray:
    """The points of the grid, or of the last of the grids that are like one of the grid before."""
    counts = [*settings.near, count]  # what each grid must have
    t = settings.truncation
    if photo is None:
        grid = latent.draw(generator, counts[0], settings.seed, t)
    else:
        code = encoded(generator, settings, photo)
        grid = latent.around(generator, code, counts[0], (settings.seed, 0), settings.spread, t)
    for depth, number in enumerate(settings.near, 1):
        seed = (settings.seed, depth, number)
        grid = latent.around(generator, grid[number - 1], counts[depth], seed, settings.spread, t)
    return grid


def encoded(generator: Generator, settings: FacesSettings, photo: np.ndarray) -> np.ndarray:
    """The point that stands for a photo, `(H, W, 3) uint8` -> `(latent_dim,)`.

    Raises:
        InvalidInput: if the generator only draws.
    """
    if generator.encode is None:
        raise only_draws(generator.name)
    part = square(photo, settings.crop, settings.crop_x, settings.crop_y)
    return generator.encode(image_io.resize(part, generator.size, generator.size)[None])[0]


def photo_note(generator: Generator, settings: FacesSettings, photo: np.ndarray) -> str:
    """A warning for a photo unlike the training images, e.g. a bridge for a model of faces.

    Its reconstruction error says so, unless a face is found in it. With faces-vae, 3 to 9 % of 600 photos of
    faces get a warning, and 88 to 91 % of 600 others.

    Args:
        photo: `(H, W, 3) uint8`.

    Returns:
        A sentence or two; "" of a photo that is like the others, or if the model tells no error of its own.
    """
    usual = generator.redraw_error
    if generator.encode is None or not usual:
        return ""
    part = square(photo, settings.crop, settings.crop_x, settings.crop_y)
    seen = image_io.resize(part, generator.size, generator.size)
    drawn = generator.decode(generator.encode(seen[None]))[0]
    error = float(np.sqrt(np.mean((drawn.astype("float32") - seen) ** 2)))
    if error <= _UNLIKE * usual or face(photo) is not None:
        return ""
    return (
        "No face was found in this photo, and it differs from the training images: its reconstruction error "
        f"is {error:.0f} of 255; {usual:.0f} is usual. Choose a photo of the model's subject, or crop closer."
    )


def batches(generator: Generator, z: np.ndarray, progress: Progress) -> Iterator[np.ndarray]:
    """Draws points in turn, some at once: yields `(b, size, size, 3) uint8`; reports how many are done."""
    for start in range(0, len(z), BATCH):
        made = generator.decode(z[start : start + BATCH])
        yield made
        done = start + len(made)
        progress.report(done, len(z), preview=partial(sheet, made))


def check_sheet(count: int, side: int) -> None:
    """Raises `InvalidInput` if so many images are more than one image may have."""
    most = image_io.MOST_PIXELS // 2 // side**2
    if count > most:
        step = "or save to a .npz or .zip file"
        raise invalid("`n`", expected=f"at most {most:,} in one image", received=count, next_step=step)


def sheet(images: np.ndarray, columns: int | None = None, enhance: bool = False) -> np.ndarray:
    """All images, `(n, s, s, 3) uint8`, as one: a grid, or a single one large.

    Args:
        columns: in a row; None: so that the grid is about as wide as high.
        enhance: as in `large`, which grids, of many, would make slow.

    Raises:
        InvalidInput: if that were more than an image may have.
    """
    count, side = images.shape[:2]
    if count == 1:
        return large(images[0], enhance)
    check_sheet(count, side)
    columns = columns or math.ceil(math.sqrt(count))
    factor = min(MOST_FACTOR, max(1, GRID // (columns * side)))
    enlarged = np.stack([image_io.resize(one, side * factor, side * factor) for one in images])
    return grids.grid(enlarged, columns)


def side_alone(side: int) -> int:
    """The side in px at which an image of so many px stands alone: a whole number of times its own."""
    return side * max(1, LARGE // side)


def large(image: np.ndarray, enhance: bool = False) -> np.ndarray:
    """One image, `(s, s, 3) uint8`, a whole number of times larger: about LARGE px.

    Args:
        enhance: whether networks clean and enlarge it as far as they reach; else it is enlarged plainly.
    """
    side = image.shape[0]
    whole = side_alone(side)
    if enhance and whole > side:
        return imported(ENLARGED)(image, whole)
    return image_io.resize(image, whole, whole)
