"""Fills the form with the settings of an earlier result."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.form import mask_brush, mask_input, samples
from pages.jobs.refill import Form
from pages.restore.input_form import CORRECT_KEY, SLOTS, TASK
from studio import engine
from studio.core.imaging import image_io
from studio.core.tasks import File


def _list_masks(job: engine.Job) -> dict[str, File]:
    return {slot: file for slot in SLOTS.values() for file in job.inputs.get(slot, ())}


def _can_take(job: engine.Job, settings: Any) -> bool:
    return all(mask_input.is_painted(file) and file.is_available for file in _list_masks(job).values())


def _clear() -> None:
    st.session_state[CORRECT_KEY] = False


def _fill(job: engine.Job, settings: Any) -> None:
    masks = _list_masks(job)
    if not masks:
        return
    black = np.zeros_like(image_io.read_mask(next(iter(masks.values())).read()))
    files = [
        masks.get(slot) or mask_input.store_painted(image_io.encode_png(black), number)
        for number, slot in enumerate(SLOTS.values(), start=1)
    ]
    st.session_state[CORRECT_KEY] = mask_brush.load_masks(job.inputs["content"][0].digest, list(SLOTS), files)


FORMS = (
    Form(
        task=TASK,
        offers={"content": samples.list_old_photos},
        can_take=_can_take,
        clear=_clear,
        fill=_fill,
    ),
)
