"""Refills the form of a page with the settings and images of a result, to change them there.

Each page handles its own other inputs: see `Form`, and `form` of a `navigation.Page`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import streamlit as st

from pages.form import blending, forms, image_input, samples, video_input
from pages.jobs import use_again
from pages.jobs.navigation import JOB_PARAMETER, frame_task, page_of
from pages.widgets import browser_history
from pages.widgets.owners import get_owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import File

DRAFT_BATCH = "variants-"  # begins the names of batches of small drafts
OPENED_KEY = "job_opened"  # in the session: the last job in the address


@dataclass(frozen=True)
class Form:
    """Describes how a page refills its form from a result. Callbacks call all functions but `can_take`.

    Attributes:
        task: of the results.
        offers: functions that return the samples of the form, by input slot.
        can_take: whether the form can represent the settings and inputs of a job.
        convert: returns the settings that the form asks for, from those of a job, if they differ.
        clear: clears the page's other inputs, such as masks.
        fill: fills the page's other inputs from a job.
    """

    task: str
    offers: Mapping[str, Callable[[], Sequence[samples.Sample]]] = field(default_factory=dict)
    can_take: Callable[[engine.Job, Any], bool] = lambda _job, _settings: True
    convert: Callable[[Any], Settings] = lambda settings: settings
    clear: Callable[[], None] = lambda: None
    fill: Callable[[engine.Job, Any], None] = lambda _job, _settings: None


def _find_form(task: str) -> Form | None:
    module = page_of(task).form
    forms = import_module(module).FORMS if module else ()
    return next((form for form in forms if form.task == task), None)


def can_refill(job: engine.Job, settings: Settings) -> bool:
    """Returns whether the form of the job's page can represent its settings and inputs."""
    if job.task == video_input.TASK:
        frame_job = _make_frame_job(job, settings)
        return frame_job is not None and video_input.can_select(settings) and can_refill(*frame_job)
    form = _find_form(job.task)
    return form is not None and form.can_take(job, settings)


def refill(job: engine.Job, settings: Settings) -> None:
    """Fills the form with the settings and inputs of a job, if possible. Call it from a callback."""
    if job.task == video_input.TASK:
        if frame_job := _make_frame_job(job, settings):
            refill(*frame_job)
            video_input.select(job.inputs["video"][0], settings)
        return
    form = _find_form(job.task)
    if form is None:
        return
    forms.prefill(form.convert(settings))
    for use in use_again.USES:
        if use.page_file == page_of(job.task).file and use.slot in form.offers:
            _select_images(use, job.inputs.get(use.slot, []), form.offers[use.slot]())
    form.clear()
    form.fill(job, settings)


def _make_frame_job(job: engine.Job, settings: Any) -> tuple[engine.Job, Settings] | None:
    """Returns the job that would make only the first frame of a video; None if it cannot be made again."""
    with suppress(StudioError):
        task, base = frame_task(job.task, job.settings), settings.base
        settings_of_frame = tasks.parse_saved_settings(task, base)
        if settings_of_frame is not None:
            other_inputs = {slot: files for slot, files in job.inputs.items() if slot != "video"}
            frame = video_input.store_frame(job.inputs["video"][0], settings.start)
            changes = {"task": task, "settings": base, "inputs": {"content": [frame], **other_inputs}}
            return job.model_copy(update=changes), settings_of_frame
    return None


def follow_link() -> None:
    """Refills the form when a link opens a job, so that form and result agree.

    A link has only the parameter of the job; other parameters are later changes by the user, which stay.
    Call it from the frame, before the page is drawn.
    """
    job_id = st.query_params.get(JOB_PARAMETER)
    if not job_id or st.session_state.get(OPENED_KEY) == job_id or browser_history.is_back_or_forward():
        return
    st.session_state[OPENED_KEY] = job_id
    if set(st.query_params) != {JOB_PARAMETER}:
        return
    with suppress(StudioError):  # the page shows the error
        job = engine.connect().find_job(job_id, get_owner())
        settings = tasks.parse_saved_settings(job.task, job.settings)
        if settings is not None and can_refill(job, settings):
            refill(job, drop_draft_size(job, settings))


def is_draft(job: engine.Job) -> bool:
    """Returns whether a job is a small draft, shown next to others."""
    return job.batch.startswith(DRAFT_BATCH)


def drop_draft_size(job: engine.Job, settings: Settings) -> Settings:
    """Returns the settings for the form: those of a draft with the default size, not with its small one."""
    if not is_draft(job):
        return settings
    return settings.model_copy(update={"size": type(settings).describe()["size"].default})


def clear_other_inputs(task: str) -> None:
    """Clears the other inputs of a task's page. Call it before the page is drawn."""
    if form := _find_form(task):
        form.clear()


def _select_images(
    use: use_again.Use, files: Sequence[File], sample_images: Sequence[samples.Sample]
) -> None:
    offered_titles = {sample.title for sample in sample_images}
    if use.many:
        blending.clear(use.slot, len(files))
    elif not files:
        image_input.turn_off(use.slot)
    for file in files:
        title = samples.find_title(file)
        title = title if title in offered_titles else ""
        image_input.add_and_select(use.slot, file, image_input.title_of(file.name) or use.title, title)
