"""Under the hood of Text: attention of a Transformer, a second model, and the costs of a growing text."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import tiny_language_model

from pages.text import attention, step_costs, under_the_hood
from studio.core import paths
from studio.core.models import presets
from studio.core.weights import index
from studio.text import language_model
from studio.text.networks import build_network, layout
from studio.text.settings import TrainTextSettings

from .elements import join_texts, press_button


def build(settings, size=7):
    rng = np.random.default_rng(0)
    return build_network([rng.normal(size=shape) for _, shape in layout(settings, size)], settings)


@pytest.fixture(scope="module")
def network():
    return build(tiny_language_model.TRANSFORMER)


@pytest.fixture
def two_models(engine, monkeypatch):
    """An LSTM named "recurrent" and a Transformer named "attentive"; hides shipped models."""
    catalog = index.load().model_copy(update={"presets": {}})
    monkeypatch.setattr(index, "load", lambda: catalog)
    folder = paths.ensure_folder("presets")
    tiny_language_model.make(folder / "recurrent")
    tiny_language_model.make(folder / "attentive", 1, tiny_language_model.TRANSFORMER)
    yield
    shutil.rmtree(folder)


@pytest.mark.parametrize("length", [1, 20, 300])
def test_attention_covers_the_last_characters_and_its_window(network, length):
    weights = attention.compute_attention(network, np.arange(length) % 7)
    count = min(length, attention.MAX_CHARS)
    assert weights.shape == (2, 2, count, count)
    back = np.arange(count)[:, None] - np.arange(count)
    assert not weights[:, :, (back < 0) | (back >= network.window)].any()
    whole = weights[:, :, network.window :] if length > count else weights
    assert np.allclose(whole.sum(-1), 1, atol=1e-5)


def test_attention_is_that_of_reading_the_text_at_once(network):
    indices = np.random.default_rng(1).integers(0, 7, 50)
    expected: list[np.ndarray] = []
    network.run(indices[None], network.states(1), expected)
    weights = attention.compute_attention(network, indices)
    assert np.allclose(weights[0], expected[0][0][:, :, -50:], atol=1e-6)


def test_the_most_focused_head_looks_back():
    to_itself, one_back, spread = np.eye(9), np.eye(9, k=-1), np.tril(np.ones((9, 9)))
    one_back[0, 0] = 1
    one_back[2:] = np.eye(9, k=-2)[2:]
    weights = np.stack([to_itself, spread / spread.sum(-1, keepdims=True), one_back])[None]
    assert attention.find_most_focused(weights) == (0, 2)
    assert attention.compute_distances(weights)[0] == pytest.approx([0, 2, 15 / 9])


def test_two_models_are_shown_for_the_same_characters(visit, two_models):
    page = visit("text", preset="attentive", explain="true", explain_other="recurrent")
    assert not page.exception
    (drawn,) = [
        data for each in page.get("bidi_component") if "rows" in (data := json.loads(each.proto.json))
    ]
    read = under_the_hood._read_text("attentive", presets.find("attentive").key, drawn["text"])
    assert drawn["text"] == read.attended and drawn["text"].endswith(read.text)
    assert set(drawn["text"]) <= set(tiny_language_model.LETTERS)
    assert [len(row) for row in drawn["rows"]] == list(range(1, len(drawn["text"]) + 1))
    assert len(page.get("vega_lite_chart")) == 3, "two of probabilities and one of gates"
    page.selectbox(key="explain_head").set_value((1, 1)).run()
    assert not page.exception


def test_fine_tuning_keeps_the_context_window(visit, two_models, monkeypatch):
    started_jobs = []
    monkeypatch.setattr("pages.parts.start", lambda *args: started_jobs.append(args))
    page = visit("text", do="Your text", begin_with="attentive")
    assert "context window of 32 characters" in join_texts(page.caption)
    press_button(page, "Train")
    [(_, settings, _)] = started_jobs
    assert (settings.architecture, settings.sequence) == ("transformer", 32)


def test_costs_are_measured_on_request(visit, two_models, monkeypatch):
    monkeypatch.setattr(step_costs, "CHARS", 64)
    page = visit("text", preset="attentive", explain="true", explain_other="recurrent")
    press_button(page, "Measure speed and memory")
    assert not page.exception
    assert len(page.get("vega_lite_chart")) == 4
    captions = join_texts(page.caption)
    assert "attentive: the cache grows by 256" in captions and "recurrent: the state has" in captions


def test_costs_are_measured_with_and_without_a_cache():
    network = build(TrainTextSettings(architecture="transformer", units=64, layers=2, sequence=512), 30)
    costs = step_costs.measure_step_costs({"tiny": network})
    longest = {row["which"]: row["chars"] for row in costs.rows}
    assert longest == {"tiny": 496, "tiny, without a cache": 512}
    assert all(row["milliseconds"] >= 0 for row in costs.rows)
    assert costs.memory == [
        "tiny: the cache grows by 1 kB per character, up to 524 kB for the context window of 512 characters"
    ]


def test_a_model_reads_only_characters_that_it_knows(two_models):
    readings = under_the_hood._read_with(["attentive", "recurrent"], "a7b É!")
    assert [reading.text for reading in readings.values()] == ["ab e"] * 2
    assert language_model.load("attentive").network.window == 32
