"""Generates images: latents of a grid, of one face or of an interpolation, and their images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from studio.core.errors import invalid
from studio.core.generators import latent
from studio.core.generators.latent import Denoising, Generator
from studio.core.imaging import grids, image_io
from studio.core.progress import Progress
from studio.core.tasks import import_object
from studio.faces.models import no_diffusion_error, no_encoder_error
from studio.faces.settings import FacesSettings

BATCH = 64
LARGE_SIDE = 512  # px: approximate side of a single image
GRID_SIDE = 1280  # px: approximate side of a grid, as far as integer factors allow
MAX_GRID_FACTOR = 8
MAX_ROW_IMAGES = 12  # images of an interpolation that are shown in one row
# Imported by name, because no capability imports another, and only if these networks are used.
UPSCALE = "studio.enhance.generated_images:upscale"
UPSCALE_WEIGHTS = "studio.enhance.generated_images:weight_digests"
_UNLIKE_FACTOR = 1.42  # of the usual reconstruction error: above, a photo is unlike the training images
LEG_SECONDS = 1.6  # s of an interpolation from one face to the next


def draw_latents(
    generator: Generator, settings: FacesSettings, photo_z: np.ndarray | None = None
) -> np.ndarray:
    """Returns the latents of the images that the settings ask for.

    Args:
        photo_z: `(latent_dim,)`, the latent of a photo; replaces the grid: the first image, of which the
            others are variations.

    Returns:
        `(n, latent_dim) float32`: the grid, one of its latents, or an interpolation.

    Raises:
        InvalidInput: if the generator lacks a direction.
    """
    grid = _sample_grid_latents(generator, settings, photo_z, max(settings.n, settings.face, settings.to))
    if settings.to:
        ends = grid[settings.face - 1], grid[settings.to - 1]
        selected = latent.morph(generator, *ends, np.linspace(0, 1, settings.n))
    else:
        selected = grid[settings.face - 1 : settings.face] if settings.face else grid[: settings.n]
    return latent.move_along(generator, selected, settings.move_amounts)


def interpolate_latents(
    generator: Generator, settings: FacesSettings, photo_z: np.ndarray | None = None
) -> np.ndarray:
    """Returns the latents of a video, a closed interpolation, `(frames, latent_dim) float32`.

    With `to` it goes there and back; otherwise from face to face of the grid, starting with `face`. For the
    arguments see `draw_latents`.
    """
    stops = max(2, round(settings.interpolate / settings.fps / LEG_SECONDS))
    grid = _sample_grid_latents(generator, settings, photo_z, max(stops, settings.face, settings.to))
    if settings.to:
        numbers = [settings.face, settings.to]
    else:
        other_numbers = [number for number in range(1, stops + 1) if number != settings.face]
        numbers = [*([settings.face] if settings.face else []), *other_numbers][:stops]
    waypoints = grid[[number - 1 for number in numbers]]
    moved = latent.move_along(generator, waypoints, settings.move_amounts)
    return latent.interpolate(generator, moved, settings.interpolate)


def _sample_grid_latents(
    generator: Generator, settings: FacesSettings, photo_z: np.ndarray | None, count: int
) -> np.ndarray:
    """Returns the latents of the grid, or of the last grid of variations, of the class in the settings."""
    counts = [*settings.near, count]  # what each grid must have
    max_count = latent.MAX_VALUES // generator.latent_dim
    if max(counts) > max_count:
        expected, step = f"at most {max_count:,} of this model", "or use several seeds"
        raise invalid("`n`", expected=expected, received=max(counts), next_step=step)
    truncation = settings.truncation
    if photo_z is None:
        grid = latent.sample(generator, counts[0], settings.seed, truncation)
    else:
        seed = (settings.seed, 0)
        grid = latent.sample_near(generator, photo_z, counts[0], seed, settings.spread, truncation)
    for depth, number in enumerate(settings.near, 1):
        near_seed = (settings.seed, depth, number)
        grid = latent.sample_near(
            generator, grid[number - 1], counts[depth], near_seed, settings.spread, truncation
        )
    return latent.set_class(generator, grid, settings.class_name)


def encode(generator: Generator, photo: np.ndarray, progress: Progress | None = None) -> np.ndarray:
    """Encodes a square photo, `(s, s, 3) uint8`, as a latent, `(latent_dim,)`.

    Args:
        progress: reports GAN inversion.

    Raises:
        InvalidInput: if the generator is a diffusion model.
        Cancelled: if the user stopped GAN inversion.
    """
    if generator.encode is None:
        raise no_encoder_error(generator.name)
    image = image_io.resize(photo, generator.size, generator.size)
    return generator.encode(image[None], progress or Progress())[0]


def warn_if_unlike(generator: Generator, photo: np.ndarray) -> str:
    """Returns a warning for a photo without a face that is unlike the training images, e.g. a bridge.

    The test is its reconstruction error. With faces-vae, it warns of 1 of 600 photos of faces, and of 88 to
    91% of 600 others.

    Args:
        photo: square, `(s, s, 3) uint8`.

    Returns:
        A sentence or two; "" for a photo like the training images, or if the model has no stored error.
    """
    usual_error = generator.reconstruction_error
    if generator.encode is None or not usual_error:
        return ""
    crop = image_io.resize(photo, generator.size, generator.size)
    reconstruction = generator.decode(encode(generator, photo)[None])[0]
    error = float(np.sqrt(np.mean((reconstruction.astype("float32") - crop) ** 2)))
    if error <= _UNLIKE_FACTOR * usual_error:
        return ""
    return (
        "No face was found in this photo, and it differs from the training images: its reconstruction error "
        f"is {error:.0f} of 255; {usual_error:.0f} is usual. Choose a photo of the model's subject, or crop "
        "closer."
    )


def decode_batches(
    generator: Generator, z: np.ndarray, settings: FacesSettings, progress: Progress
) -> Iterator[np.ndarray]:
    """Decodes latents in batches: yields `(b, size, size, 3) uint8` and reports progress.

    A diffusion model also reports each step, with the clean images that it predicts so far as preview.
    """
    units = settings.steps if generator.denoise else 1  # of progress per image
    for start in range(0, len(z), BATCH):
        batch = z[start : start + BATCH]
        if generator.denoise is None:
            images = generator.decode(batch)
        else:
            for step, (noisy, prediction) in enumerate(denoise(generator, batch, settings)):
                images, preview = noisy, partial(render_sheet, prediction)
                progress.report(start * units + len(batch) * step, len(z) * units, preview=preview)
        yield images
        done = start + len(images)
        progress.report(done * units, len(z) * units, preview=partial(render_sheet, images))


def denoise(
    generator: Generator, z: np.ndarray, settings: FacesSettings
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the noisy images and the predicted clean ones of each step; see `Generator.denoise`.

    Raises:
        InvalidInput: if it is no diffusion model.
    """
    if generator.denoise is None:
        raise no_diffusion_error(generator.name)
    yield from generator.denoise(z, Denoising(settings.steps, settings.guidance, settings.class_name))


def render_steps(
    generator: Generator, z: np.ndarray, settings: FacesSettings, progress: Progress
) -> np.ndarray:
    """Renders the denoising of one image: noisy images above the clean ones predicted from them.

    Args:
        generator: a diffusion model.
        z: noise, `(1, latent_dim)`.
        settings: the number of steps, and the class.
        progress: reports each step.

    Returns:
        `(H, W, 3) uint8`, with a column before each step and one for the result.
    """
    noisy_images, predictions = [], []
    for step, (noisy, prediction) in enumerate(denoise(generator, z, settings)):
        noisy_images.append(noisy[0])
        predictions.append(prediction[0])
        progress.report(step, settings.steps)
    return grids.make_grid(np.stack([*noisy_images, *predictions]), len(noisy_images), gap=0)


def count_columns(generator: Generator, settings: FacesSettings, has_photo: bool) -> int | None:
    """Returns the columns of a sheet; None for a nearly square one.

    A short interpolation is one row. Each class of a conditional DCGAN or VAE gets columns of its own, unless
    that makes the sheet far wider than high.
    """
    if settings.to:
        return settings.n if settings.n <= MAX_ROW_IMAGES else None
    classes, square = generator.class_dim, math.sqrt(settings.n)
    has_all_classes = not (settings.class_name or settings.near or settings.face or has_photo)
    if not classes or not has_all_classes or classes > 2 * square:
        return None
    return classes * max(1, round(square / classes))


def check_sheet(count: int, side: int) -> None:
    """Raises `InvalidInput` if a sheet of so many images exceeds the limit of an image."""
    max_count = image_io.MAX_PIXELS // 2 // side**2
    if count > max_count:
        step = "or save to a .npz or .zip file"
        raise invalid("`n`", expected=f"at most {max_count:,} in one image", received=count, next_step=step)


def render_sheet(images: np.ndarray, columns: int | None = None, enhance: bool = False) -> np.ndarray:
    """Combines images, `(n, s, s, 3) uint8`, to a grid, or enlarges a single one.

    Args:
        columns: images per row; None for a nearly square grid.
        enhance: as in `enlarge`; only for a single image, because grids would be slow.

    Raises:
        InvalidInput: if the result exceeds the limit of an image.
    """
    count, side = images.shape[:2]
    if count == 1:
        return enlarge(images[0], enhance)
    check_sheet(count, side)
    columns = columns or math.ceil(math.sqrt(count))
    factor = min(MAX_GRID_FACTOR, max(1, GRID_SIDE // (columns * side)))
    enlarged = np.stack([image_io.resize(image, side * factor, side * factor) for image in images])
    return grids.make_grid(enlarged, columns)


def enlarged_side(side: int) -> int:
    """Returns the side in px of a single enlarged image: a multiple of its own."""
    return side * max(1, LARGE_SIDE // side)


def enlarge(image: np.ndarray, enhance: bool = False) -> np.ndarray:
    """Enlarges one image, `(s, s, 3) uint8`, by an integer factor to about LARGE_SIDE px.

    Args:
        enhance: cleans and upscales it with neural networks as far as possible.
    """
    side = image.shape[0]
    large_side = enlarged_side(side)
    if enhance and large_side > side:
        return import_object(UPSCALE)(image, large_side)
    return image_io.resize(image, large_side, large_side)
