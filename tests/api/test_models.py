"""Models over HTTP: a kept one is renamed, removed and brought back by whoever kept it, and nobody else."""

from __future__ import annotations

import pytest

from studio.core import owners
from studio.core.models import kept_models, model_zip, presets
from studio.style.house import known_styles
from tests.wording import says_what_to_do


@pytest.fixture
def kept():
    """A network of house styles that a visitor has kept; gone afterwards."""
    with owners.asking("visitor-ada"):
        presets.unpack(model_zip.zipped(presets.find(known_styles.SHIPPED).folder), "My painter")
        yield
        for name in kept_models.mine():
            kept_models.remove(name)
        for name in kept_models.removed():
            kept_models.forget(name)


@pytest.mark.slow
def test_a_model_is_renamed_removed_and_brought_back_by_its_owner_alone(call, visitors, kept):
    ada, bob = visitors
    for other in (bob, call):
        assert other("PATCH", "/models/My painter", json={"name": "x"}).status_code == 404
        assert other("DELETE", "/models/My painter").status_code == 404
    told = ada("PATCH", "/models/My painter", json={"name": "Rain"}).json()
    assert told == {"name": "Rain", "former": ["My painter"], "task": "style.train"}
    assert told in ada("GET", "/models").json() and told not in bob("GET", "/models").json()
    body = {
        "task": "style.transfer",
        "settings": {"network": "My painter", "house": ["mosaic"], "size": 64},
        "inputs": {"content": ["sample:chelsea"]},
    }
    job = ada("POST", "/jobs", json=body)
    assert job.status_code == 202, job.text
    assert ada.ended(job.json()["id"])["state"] == "done"

    assert ada("DELETE", "/models/Rain").status_code == 204
    refused = ada("POST", "/jobs", json=body)
    assert refused.status_code in (422, 503) and "was removed. " in refused.json()["detail"]
    assert ada("POST", "/models/Rain/restore").json() == told
    assert ada("POST", "/models/Rain/restore").status_code == 404


def test_what_cannot_be_renamed_is_told_in_a_sentence(visitors, kept):
    ada = visitors[0]
    for bad in ({"name": "digits-vae"}, {"name": "a/b"}, {"name": "\ud800"}, {"name": 7}, {}, {"to": "a"}):
        refused = ada("PATCH", "/models/My painter", json=bad)
        assert refused.status_code == 422 and says_what_to_do(refused.json()["detail"])
    for path in ("digits-vae", "nothing", "..%2f..%2fx", "%00"):
        assert ada("DELETE", f"/models/{path}").status_code in (400, 404)
