"""Stored models on the Gallery page: rename, remove and restore."""

from __future__ import annotations

import pytest

from studio.core.models import model_zip, presets, user_models
from studio.style.house import known_styles

from ..elements import find_button_by_key


@pytest.fixture(autouse=True)
def hide_earlier_models(engine, monkeypatch):
    """Hides models that earlier tests in this process stored."""
    before = set(user_models.list_own())
    list_own = user_models.list_own
    monkeypatch.setattr(user_models, "list_own", lambda: [name for name in list_own() if name not in before])


@pytest.fixture
def style_network(engine):
    """A stored house style network; removed after the test."""
    yield presets.unpack(model_zip.pack(presets.find(known_styles.SHIPPED_NETWORK).folder), "My painter")
    for name in user_models.list_own():
        user_models.remove(name)
    for name in user_models.list_removed():
        user_models.delete(name)


def list_sections(page):
    return [element.label for element in page.expander if "Your models" in element.label]


@pytest.mark.slow
def test_page_without_own_models_shows_no_list(visit):
    assert list_sections(visit("gallery")) == []


@pytest.mark.slow
def test_saved_model_is_renamed_removed_and_restored(visit, style_network):
    page = visit("gallery")
    assert list_sections(page) == ["Your models (1)"]
    page.text_input(key="own_model_My painter.name").set_value("Rain")
    find_button_by_key(page, "own_model_My painter.rename").click().run()
    assert not page.exception and user_models.list_own() == ["Rain"]
    assert presets.find("My painter").digest == style_network.digest
    page.text_input(key="own_model_Rain.name").set_value("digits-vae")
    find_button_by_key(page, "own_model_Rain.rename").click().run()
    assert "named digits\\-vae already" in page.error[0].value and user_models.list_own() == ["Rain"]

    find_button_by_key(page, "own_model_Rain.remove").click().run()
    assert not page.exception and list_sections(page) == ["Your models (0)"] and not user_models.list_own()
    find_button_by_key(page, "own_model_Rain_back").click().run()
    assert user_models.list_own() == ["Rain"]
    find_button_by_key(page, "own_model_Rain.remove").click().run()
    find_button_by_key(page, "own_models_forget").click().run()
    assert not page.exception and list_sections(page) == [] and not user_models.list_removed()
