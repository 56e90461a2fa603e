"""Batches: one task for many images, submitted, watched and stopped together."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from fastapi import APIRouter

from studio import engine
from studio.api import jobs, request_models, responses
from studio.api.callers import Caller, run_in_thread
from studio.api.problems import problem_responses, raising_missing
from studio.core import paths, tasks
from studio.core.errors import invalid
from studio.core.settings import Settings
from studio.core.tasks import File, Task

MAX_IMAGES = 500  # images per request
_ImageRef = str | request_models.FileRef

routes = APIRouter(tags=["Jobs"])


@routes.post("/batches", status_code=202, responses=problem_responses(400, 404, 413, 429, 507))
async def submit_batch(
    owner: Caller, body: request_models.BatchRequest, idempotency_key: jobs.IdempotencyKey = ""
) -> responses.BatchOut:
    """Adds one job per image to the queue, as one batch: all of them, or none.

    For tasks whose first input is one image; here it may list up to 500. Sent again with its
    `Idempotency-Key`, it makes no more jobs.
    """

    def work() -> engine.Batch:
        studio, key = engine.connect(), responses.to_json_data(idempotency_key)
        task, images = _list_images(body)
        studio.check_job_quota(owner, len(images), key)
        pairs = _expand_images(body, task, images)
        batch_name = body.batch or (
            paths.digest(f"{owner} {key}".encode())[:16] if key else secrets.token_hex(8)
        )
        studio.submit_all(task.name, pairs, batch_name, owner, key)
        return studio.find_batch(batch_name, owner)

    return responses.BatchOut.of(await run_in_thread(owner, work))


def _list_images(body: request_models.BatchRequest) -> tuple[Task, list[_ImageRef]]:
    """Returns the task, and the images that its first input lists.

    Raises:
        InvalidInput: if the task takes no single image, or there are none or too many.
    """
    task = tasks.get(body.task)
    if not task.takes_single_image:
        step = "ask for each as a job, with the same `batch`"
        raise invalid("task", expected="one of an image", received=task.name, next_step=step)
    slot = task.inputs[0].name
    images = body.inputs.get(slot, [])
    if not 0 < len(images) <= MAX_IMAGES:
        expected = f"1 to {MAX_IMAGES} images"
        raise invalid(slot, expected=expected, received=f"{len(images)} images", next_step="send as many")
    return task, images


def _expand_images(
    body: request_models.BatchRequest, task: Task, images: Sequence[_ImageRef]
) -> list[tuple[Settings, dict[str, list[File]]]]:
    """Returns settings and inputs for each image. Reads an image once, however often it is listed."""
    slot = task.inputs[0].name
    other_slots = {name: files for name, files in body.inputs.items() if name != slot}
    _, settings, shared_inputs = jobs.resolve_body(body.model_copy(update={"inputs": other_slots}))
    body_without_settings = body.model_copy(update={"settings": {}})
    inputs_by_image = {
        image: jobs.resolve_body(body_without_settings.model_copy(update={"inputs": {slot: [image]}}))[2]
        for image in dict.fromkeys(images)
    }
    return [(settings, {**shared_inputs, **inputs_by_image[image]}) for image in images]


@routes.get("/batches/{batch}", responses=problem_responses(404))
async def show_batch(owner: Caller, batch: str) -> responses.BatchOut:
    """Returns the state of a batch."""
    return await run_in_thread(owner, lambda: _find_batch(batch, owner))


@routes.post("/batches/{batch}/cancel", status_code=202, responses=problem_responses(404))
async def cancel_batch(owner: Caller, batch: str) -> responses.BatchOut:
    """Cancels all unfinished jobs of a batch; their results are discarded."""
    return await run_in_thread(owner, lambda: _end_batch(batch, owner, engine.connect().cancel_batch))


@routes.post("/batches/{batch}/stop", status_code=202, responses=problem_responses(404))
async def stop_batch(owner: Caller, batch: str) -> responses.BatchOut:
    """Stops all unfinished jobs of a batch; the best result so far of each is kept."""
    return await run_in_thread(owner, lambda: _end_batch(batch, owner, engine.connect().stop_batch))


def _end_batch(batch: str, owner: str, end: Callable[[str, str], None]) -> responses.BatchOut:
    """Stops or cancels a batch, and returns its new state. Raises `Missing` if there is none."""
    _find_batch(batch, owner)
    end(batch, owner)
    return _find_batch(batch, owner)


def _find_batch(batch: str, owner: str) -> responses.BatchOut:
    """Returns the state of a batch. Raises `Missing` if there is none."""
    studio = engine.connect()
    with raising_missing(read_status=studio.status):
        return responses.BatchOut.of(studio.find_batch(batch, owner))
