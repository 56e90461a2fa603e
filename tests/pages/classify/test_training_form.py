"""Parts of the training form: the preview of a batch and the learning-rate finder."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pages.classify import augmentation, rate_finder
from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import rate_curve

from ..elements import join_texts


def test_the_caption_of_a_batch_names_classes_size_and_preprocessing():
    settings = TrainClassifierSettings(size=96, backbone="efficientnet-lite0")
    plain = augmentation.describe(settings, {"labels": ["cat", "dog"], "augmented": False, "flip": False})
    assert plain == (
        "Row by row, from the left: cat, dog. EfficientNet-Lite0 takes 96 × 96 px. Preprocessing: -1 to 1."
    )
    augmented = augmentation.describe(settings, {"labels": ["cat"], "augmented": True, "flip": False})
    assert "five augmentations. Images are not mirrored. Row by row: cat." in augmented


def _draw_finder(finetune):
    import streamlit as st

    from pages.classify import rate_finder
    from studio.classify.settings import TrainClassifierSettings

    rate_finder.show(TrainClassifierSettings(finetune=finetune), {"data": []})
    st.text(st.session_state.get("learning_rate", "default"))


@pytest.fixture
def figures(monkeypatch):
    """Replaces the job of the finder by a result."""
    rates = np.geomspace(rate_curve.LOWEST_RATE, rate_curve.HIGHEST_RATE, rate_curve.STEPS)
    losses = 1 / (1 + (rates / 1e-3) ** 2) + 100 * rates
    figures = rate_curve.describe_curve(rates, losses, 3)
    monkeypatch.setattr(rate_finder.inline_jobs, "show_inline_job", lambda *arguments: "job")
    monkeypatch.setattr(rate_finder.results, "result_of", lambda job: SimpleNamespace(figures=figures))
    return figures


def test_the_suggested_learning_rate_is_applied_to_the_form(draw, figures):
    page = draw(_draw_finder, finetune=True)
    assert not page.exception and len(page.get("vega_lite_chart")) == 1
    assert f"{figures['suggestion']:g}" in join_texts(page.caption)
    page.button[0].click().run()
    assert page.text[0].value == f"{figures['suggestion']:g}"


def test_the_finder_is_only_for_fine_tuning(draw, figures):
    assert not draw(_draw_finder, finetune=False).expander
