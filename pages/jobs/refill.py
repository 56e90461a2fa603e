"""A result's own settings and images back into the form of its page, to be changed there.

What a form asks for besides, its page says itself: see `Form`, and `form` of a `navigation.Place`.
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
from pages.jobs.navigation import place_of, repeated
from pages.widgets import browser_history
from pages.widgets.owners import owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import File

PARAMETER = "job"
OPENED = "job_opened"  # in the session: the job that the address named last


@dataclass(frozen=True)
class Form:
    """How the form of a page takes a result of its task back; all but `can_take` for callbacks.

    Attributes:
        task: whose results it takes.
        offers: the samples that it offers, by the slot of the images.
        can_take: whether it can ask for just what a job was asked for.
        clear: puts away what it may ask for next to its settings and images, such as masks.
        fill: puts that of a job there.
    """

    task: str
    offers: Mapping[str, Callable[[], Sequence[samples.Sample]]] = field(default_factory=dict)
    can_take: Callable[[engine.Job, Any], bool] = lambda job, settings: True
    clear: Callable[[], None] = lambda: None
    fill: Callable[[engine.Job, Any], None] = lambda job, settings: None


def _form_of(task: str) -> Form | None:
    module = place_of(task).form
    forms = import_module(module).FORMS if module else ()
    return next((form for form in forms if form.task == task), None)


def can_refill(job: engine.Job, settings: Settings) -> bool:
    """Whether the form of its page can ask for just this."""
    if job.task == video_input.TASK:
        of_frames = _of_frames(job, settings)
        return of_frames is not None and video_input.can_put(settings) and can_refill(*of_frames)
    form = _form_of(job.task)
    return form is not None and form.can_take(job, settings)


def refill(job: engine.Job, settings: Settings) -> None:
    """Puts its settings and inputs into the form, if that takes them back. Call it from a callback."""
    if job.task == video_input.TASK:
        if of_frames := _of_frames(job, settings):
            refill(*of_frames)
            video_input.put(job.inputs["video"][0], settings)
        return
    form = _form_of(job.task)
    if form is None:
        return
    forms.prefill(settings)
    for use in use_again.USES:
        if use.file == place_of(job.task).file and use.slot in form.offers:
            _choose(use, job.inputs.get(use.slot, []), form.offers[use.slot]())
    form.clear()
    form.fill(job, settings)


def _of_frames(job: engine.Job, settings: Any) -> tuple[engine.Job, Settings] | None:
    """The job that would make the first frame of a video alone; None if it cannot be made again."""
    with suppress(StudioError):
        task, base = repeated(job.task, job.settings), settings.base
        found = tasks.settings_of(task, base)
        if found is not None:
            others = {slot: files for slot, files in job.inputs.items() if slot != "video"}
            first = video_input.frame_of(job.inputs["video"][0], settings)
            asked = {"task": task, "settings": base, "inputs": {"content": [first], **others}}
            return job.model_copy(update=asked), found
    return None


def follow_link() -> None:
    """Puts a job into the form of its page where a link opens it, so that form and result agree.

    A link names the job alone; whatever else an address says of the form is what the user has changed since.
    Call it from the frame, before the page is drawn.
    """
    id = st.query_params.get(PARAMETER)
    if not id or st.session_state.get(OPENED) == id or browser_history.is_back_or_forward():
        return
    st.session_state[OPENED] = id
    if set(st.query_params) != {PARAMETER}:
        return
    with suppress(StudioError):  # said where the result would be
        job = engine.connect().job(id, owner())
        settings = tasks.settings_of(job.task, job.settings)
        if settings is not None and can_refill(job, settings):
            refill(job, settings)


def clear_others(task: str) -> None:
    """Puts away what the page of a task may ask for besides. Call it before it is drawn."""
    if form := _form_of(task):
        form.clear()


def _choose(use: use_again.Use, files: Sequence[File], offers: Sequence[samples.Sample]) -> None:
    offered = {sample.title for sample in offers}
    titles = {name: title for name, title in samples.titles().items() if title in offered}
    if use.many:
        blending.begin(use.slot, len(files))
    elif not files:
        image_input.leave_out(use.slot)
    for file in files:
        title = titles.get(samples.spelled(file).removeprefix("sample:"), "")
        image_input.use(use.slot, file, image_input.title_of(file.name) or use.own, title)
