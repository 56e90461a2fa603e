"""The Restore page: Start, its reason when disabled, and corrections of the damage."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st

from pages.form import mask_input
from pages.form.paint import from_data_url
from pages.jobs import refill as jobs_refill
from pages.jobs.navigation import page_of
from pages.jobs.use_again import USES
from pages.restore import damage_view, refill
from pages.restore.input_form import CORRECT_KEY, TASK
from studio import engine
from studio.core.imaging import image_io, sample_photos
from studio.core.tasks import File
from studio.restore.settings import SHIPPED_NETWORK, RestoreSettings
from studio.run import input_files

from .elements import join_raw_texts, list_button_labels


def _store(image: np.ndarray) -> File:
    return File.store(image_io.encode_png(image), "image", "old.png")


@pytest.mark.slow
def test_start_says_what_it_makes(visit):
    page = visit("restore")
    assert not page.exception and not page.error
    assert "Start" in list_button_labels(page)
    assert "1,024 x 1,024 px" in join_raw_texts(page.markdown)
    page = visit("restore", scale="1", mask_only="true")
    assert "a damage mask of 512 x 512 px" in join_raw_texts(page.markdown)


@pytest.mark.slow
def test_all_steps_off_disables_start_with_the_reason(visit):
    page = visit("restore", scratches="false", clean="false", colorize="false", scale="1")
    assert "All steps are off" in join_raw_texts(page.info) and not page.exception


@pytest.mark.slow
def test_the_damage_can_be_corrected(visit):
    page = visit("restore", correct_damage="true")
    assert not page.exception and not page.error
    assert "will be filled" in join_raw_texts(page.caption)


def test_damage_is_marked_in_red(home):
    photo = np.full((300, 300, 3), 120, "uint8")
    photo[40:260, 150:152] = 250
    file = _store(photo)
    marked = image_io.read(damage_view.render(file.digest, SHIPPED_NETWORK, 1.0)).astype(int)
    is_red = marked[..., 0] - marked[..., 1] > 80
    assert is_red[60:240, 150:152].mean() > 0.9 and is_red.mean() < 0.05
    unmarked = image_io.read(damage_view.render(file.digest, "", 1.0)).astype(int)
    assert np.ptp(unmarked, axis=2).max() < 20


def test_results_open_here_and_images_can_be_sent_here():
    assert page_of("restore.apply").address == "restore"
    assert any(use.page_file == "restore_photo.py" and use.slot == "content" for use in USES)


def test_a_result_of_a_sample_selects_the_sample(home, monkeypatch):
    job = engine.Job.__new__(engine.Job)
    object.__setattr__(job, "task", TASK)
    object.__setattr__(job, "inputs", {"content": [input_files.store_sample("coffee_old")]})
    monkeypatch.setattr(st, "session_state", {})
    jobs_refill.refill(job, RestoreSettings())
    assert st.session_state["content"] == "Old Coffee"


def test_corrections_of_a_result_return_to_the_brush(home, monkeypatch):
    photo = _store(sample_photos.read_photo("chelsea"))
    paint = np.zeros((255, 384, 3), "uint8")
    paint[40:60] = 255
    keep = mask_input.store_painted(image_io.encode_png(paint), 2)
    job = engine.Job.__new__(engine.Job)
    object.__setattr__(job, "inputs", {"content": [photo], "keep_mask": [keep]})
    monkeypatch.setattr(st, "session_state", {})
    (form,) = refill.FORMS
    assert form.can_take(job, RestoreSettings())
    form.clear()
    form.fill(job, RestoreSettings())
    assert st.session_state[CORRECT_KEY] is True
    masks = st.session_state["paint"]["masks"]
    damage, protected = (from_data_url(mask) for mask in masks)
    assert not damage.any() and np.array_equal(protected, paint)
    job.inputs["keep_mask"] = [_store(paint)]  # not of the brush
    assert not form.can_take(job, RestoreSettings())
