"""Model routes: only the owner can rename, remove and restore a stored model."""

from __future__ import annotations

import pytest

from studio.core import owners
from studio.core.models import model_zip, presets, user_models
from studio.style.house import known_styles
from tests.wording import says_what_to_do


@pytest.fixture
def stored_model():
    """Stores a house style network for a visitor; removes it after the test."""
    with owners.acting_as("visitor-ada"):
        presets.unpack(model_zip.pack(presets.find(known_styles.SHIPPED_NETWORK).folder), "My painter")
        yield
        for name in user_models.list_own():
            user_models.remove(name)
        for name in user_models.list_removed():
            user_models.delete(name)


@pytest.mark.slow
def test_only_the_owner_renames_removes_and_restores_a_model(call, visitors, stored_model):
    ada, bob = visitors
    for other in (bob, call):
        assert other("PATCH", "/models/My painter", json={"name": "x"}).status_code == 404
        assert other("DELETE", "/models/My painter").status_code == 404
    model = ada("PATCH", "/models/My painter", json={"name": "Rain"}).json()
    assert model == {"name": "Rain", "former": ["My painter"], "task": "style.train"}
    assert model in ada("GET", "/models").json() and model not in bob("GET", "/models").json()
    body = {
        "task": "style.transfer",
        "settings": {"network": "My painter", "house": ["mosaic"], "size": 64},
        "inputs": {"content": ["sample:chelsea"]},
    }
    job = ada("POST", "/jobs", json=body)
    assert job.status_code == 202, job.text
    assert ada.wait_for_end(job.json()["id"])["state"] == "done"

    assert ada("DELETE", "/models/Rain").status_code == 204
    response = ada("POST", "/jobs", json=body)
    assert response.status_code in (422, 503) and "was removed. " in response.json()["detail"]
    assert ada("POST", "/models/Rain/restore").json() == model
    assert ada("POST", "/models/Rain/restore").status_code == 404


def test_invalid_rename_returns_a_sentence(visitors, stored_model):
    ada = visitors[0]
    for bad in ({"name": "digits-vae"}, {"name": "a/b"}, {"name": "\ud800"}, {"name": 7}, {}, {"to": "a"}):
        response = ada("PATCH", "/models/My painter", json=bad)
        assert response.status_code == 422 and says_what_to_do(response.json()["detail"])
    for path in ("digits-vae", "nothing", "..%2f..%2fx", "%00"):
        assert ada("DELETE", f"/models/{path}").status_code in (400, 404)
