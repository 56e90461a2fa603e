"""The shipped language models are complete, small, and as good as their index entries."""

from __future__ import annotations

import pytest

from studio.core.data import corpus
from studio.core.models import presets
from studio.core.weights import index
from studio.text import cross_entropy, language_model, networks
from studio.text.batches import make_plan
from studio.text.settings import WriteSettings
from studio.text.write import compute_nats, write

LANGUAGE_MODELS = {
    name: entry for name, entry in index.load().presets.items() if entry.task == language_model.TASK
}
TEXTS = {
    "shakespeare": "tinyshakespeare.txt",
    "shakespeare-transformer": "tinyshakespeare.txt",
    "alice": "alice_latin1.txt",
}


@pytest.mark.parametrize("name", LANGUAGE_MODELS)
def test_shipped_models_write_their_language(name):
    model = language_model.load(name)
    text = write(model.network, model.vocabulary, WriteSettings(chars=1500, temperature=0.5))[0].text
    words = text.lower().split()
    assert len(words) > 150 and sum(word in {"the", "and", "to", "of", "a", "i"} for word in words) > 15


@pytest.mark.parametrize("name", LANGUAGE_MODELS)
def test_the_index_matches_the_card(name):
    entry, preset = LANGUAGE_MODELS[name], presets.find(name)
    assert f"{entry.figures['nats_per_char']:.4f}" in preset.read_card()
    assert f"License: {entry.license}" in preset.read_card() and entry.command in preset.read_card()
    assert entry.figures["parameters"] < 5_000_000
    assert preset.read_recipe().task == language_model.TASK


@pytest.mark.slow
@pytest.mark.parametrize("name", LANGUAGE_MODELS)
def test_int8_loss_is_close_to_float32(name, data_dir):
    model, settings = language_model.load(name), presets.find(name).read_settings()
    text = corpus.read(data_dir / "text" / TEXTS[name]).text
    test = make_plan(model.vocabulary.encode(text).indices, settings).test[:3001]
    eight = networks.quantize_network(model.network, 1)
    logits, _ = eight.run(test[None, :-1], eight.states(1))
    nats = compute_nats(logits[0], test[1:]).mean()
    assert nats == pytest.approx(cross_entropy.score(model.network, test).nats_per_char, abs=3e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", LANGUAGE_MODELS)
def test_the_test_loss_matches_the_index(name, data_dir):
    model, settings = language_model.load(name), presets.find(name).read_settings()
    text = corpus.read(data_dir / "text" / TEXTS[name]).text
    test = make_plan(model.vocabulary.encode(text).indices, settings).test
    score = cross_entropy.score(model.network, test)
    assert score.nats_per_char == pytest.approx(LANGUAGE_MODELS[name].figures["nats_per_char"], abs=1e-3)
    assert score.chars == LANGUAGE_MODELS[name].figures["held_out_chars"]
