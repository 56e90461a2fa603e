"""Generating images as a task: a sheet with its recipe, or an array, a zip or a video."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import recipes
from studio.core.errors import Cancelled
from studio.core.generators.latent import Generator
from studio.core.imaging import image_io
from studio.core.imaging.video_encoder import VideoEncoder
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result, import_object
from studio.core.weights import pretrained
from studio.faces import draw, models, subject
from studio.faces.settings import FacesSettings

MAX_PLACES = 1024  # points stored with a result, for a map of them


def run(settings: FacesSettings, inputs: Inputs, progress: Progress) -> Result:
    """Generates the images of the settings. See `studio.faces.draw`."""
    start_time = time.monotonic()
    photo = next((image_io.read(file.read(), file.name) for file in inputs.get("photo", ())), None)
    generator = models.load_generator(settings, inputs)
    figures: dict[str, Any] = {"size": generator.size, "encodes": generator.encode is not None}
    model_files = inputs.get("model")  # the recipe records its SHA-256 as an input
    weights = {} if model_files else {generator.name: generator.digest}
    photo_z = None
    if photo is not None:
        prepared = subject.prepare_photo(generator, settings, photo)
        photo_z = draw.encode(generator, prepared.crop, progress)
        encoder_weights = {name: pretrained.get_digest(name) for name in generator.encoder_weights}
        weights |= prepared.weights | encoder_weights
        figures |= {"notes": [prepared.note]} if prepared.note else {}
    if settings.enhance and _is_enlarged(settings) and draw.enlarged_side(generator.size) > generator.size:
        weights |= import_object(draw.UPSCALE_WEIGHTS)()
    stem = Path(model_files[0].name).stem if model_files else generator.name
    if settings.interpolate:
        video_bytes = _render_video(generator, settings, photo_z, progress)
        recipe = recipes.make("faces.draw", settings, inputs, weights)
        file = File.store(video_bytes, "animation", f"{stem}.{settings.video}")
        figures |= {"frames": settings.interpolate, "seconds": time.monotonic() - start_time}
        return Result((file,), figures, recipe)
    if settings.form == "sheet":
        draw.check_sheet(1 if settings.face and not settings.to else settings.n, generator.size)
    z = draw.draw_latents(generator, settings, photo_z)
    if settings.form == "denoising":
        sheet = draw.render_steps(generator, z[:1], settings, progress)
        recipe = recipes.make("faces.draw", settings, inputs, weights)
        file = File.store(image_io.encode_png(sheet, recipe), "image", f"{stem}-denoising.png")
        return Result((file,), figures | {"seconds": time.monotonic() - start_time}, recipe)
    images, stopped = _generate(generator, z, settings, progress)
    if stopped:
        settings = settings.model_copy(update={"n": len(images)})
    recipe = recipes.make("faces.draw", settings, inputs, weights)
    columns = draw.count_columns(generator, settings, photo is not None)
    file = _store_images(images, settings, columns, recipe, stem)
    figures |= {"n": len(images), "places": _project_latents(z[: len(images)], generator)}
    figures |= {"columns": columns} if columns else {}
    return Result((file,), figures | {"seconds": time.monotonic() - start_time}, recipe, stopped)


def _is_enlarged(settings: FacesSettings) -> bool:
    """Tells whether images are enlarged: frames of a video, and a sheet of one image."""
    is_single = settings.n == 1 or (settings.face and not settings.to)
    return bool(settings.interpolate or (settings.form == "sheet" and is_single))


def _generate(
    generator: Generator, z: np.ndarray, settings: FacesSettings, progress: Progress
) -> tuple[np.ndarray, bool]:
    """Generates the images; if the user stops it, returns those so far and True."""
    batches: list[np.ndarray] = []
    try:
        for batch in draw.decode_batches(generator, z, settings, progress):
            batches.append(batch)
    except Cancelled:
        if not batches or settings.face:
            raise
    images = np.concatenate(batches)
    return images, len(images) < len(z)


def _render_video(
    generator: Generator, settings: FacesSettings, photo_z: np.ndarray | None, progress: Progress
) -> bytes:
    """Renders the interpolation as a video file."""
    z = draw.interpolate_latents(generator, settings, photo_z)
    with VideoEncoder(settings.video, settings.fps) as video:
        for batch in draw.decode_batches(generator, z, settings, progress):
            for image in batch:
                video.add(draw.enlarge(image, settings.enhance))
        return video.finish()


def _store_images(
    images: np.ndarray, settings: FacesSettings, columns: int | None, recipe: recipes.Recipe, stem: str
) -> File:
    """Stores the images as a sheet, an npz or a zip."""
    if settings.form == "sheet":
        sheet = draw.render_sheet(images, columns, settings.enhance)
        return File.store(image_io.encode_png(sheet, recipe), "image", f"{stem}.png")
    buffer = io.BytesIO()
    if settings.form == "npz":
        np.savez(buffer, images=images)
    else:
        with zipfile.ZipFile(buffer, "w") as file:
            for number, image in enumerate(images, 1):
                name = zipfile.ZipInfo(f"{stem}-{number:05}.png")
                file.writestr(name, image_io.encode_png(image))
    return File.store(buffer.getvalue(), "dataset", f"{stem}.{settings.form}")


def _project_latents(z: np.ndarray, generator: Generator) -> list[list[float]]:
    """Returns coordinates of latents along the first two directions, or their first two dimensions."""
    axes = [direction.vector for direction in list(generator.directions.values())[:2]]
    flat = z @ np.stack(axes).T if len(axes) == 2 else z[:, :2]
    return [[round(float(value), 3) for value in row] for row in flat[:MAX_PLACES]]
