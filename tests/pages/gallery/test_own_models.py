"""Stored models on the Gallery page: rename, remove and restore."""

from __future__ import annotations

import pytest

from studio.core.models import kept_models, model_zip, presets
from studio.style.house import known_styles


@pytest.fixture(autouse=True)
def nothing_kept(engine, monkeypatch):
    """Hides models that earlier tests in this process stored."""
    before = set(kept_models.list_own())
    mine = kept_models.list_own
    monkeypatch.setattr(kept_models, "list_own", lambda: [name for name in mine() if name not in before])


@pytest.fixture
def painter(engine):
    """A stored house style network; removed after the test."""
    yield presets.unpack(model_zip.pack(presets.find(known_styles.SHIPPED).folder), "My painter")
    for name in kept_models.list_own():
        kept_models.remove(name)
    for name in kept_models.list_removed():
        kept_models.delete(name)


def button(page, key):
    return next(element for element in page.button if element.key == key)


def sections(page):
    return [element.label for element in page.expander if "Your models" in element.label]


@pytest.mark.slow
def test_where_none_was_kept_nothing_is_said(visit):
    assert sections(visit("gallery")) == []


@pytest.mark.slow
def test_a_kept_model_is_renamed_removed_and_brought_back(visit, painter):
    page = visit("gallery")
    assert sections(page) == ["Your models (1)"]
    page.text_input(key="own_model_My painter.name").set_value("Rain")
    button(page, "own_model_My painter.rename").click().run()
    assert not page.exception and kept_models.list_own() == ["Rain"]
    assert presets.find("My painter").digest == painter.digest
    page.text_input(key="own_model_Rain.name").set_value("digits-vae")
    button(page, "own_model_Rain.rename").click().run()
    assert "named digits\\-vae already" in page.error[0].value and kept_models.list_own() == ["Rain"]

    button(page, "own_model_Rain.remove").click().run()
    assert not page.exception and sections(page) == ["Your models (0)"] and not kept_models.list_own()
    button(page, "own_model_Rain_back").click().run()
    assert kept_models.list_own() == ["Rain"]
    button(page, "own_model_Rain.remove").click().run()
    button(page, "own_models_forget").click().run()
    assert not page.exception and sections(page) == [] and not kept_models.list_removed()
