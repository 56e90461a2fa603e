"""The Transformer in Keras: causal, limited to its window, carried over, and resumed exactly."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from studio.core.progress import Progress
from studio.core.training import checkpoints
from studio.text import model, train, transformer
from studio.text.settings import TrainTextSettings

SHAPE = {"architecture": "transformer", "units": 8, "heads": 2, "layers": 2, "sequence": 8}


def read(core, indices, batch=2):
    """Returns the logits of a text that is read as a whole."""
    states = [ops.zeros((batch, *shape)) for shape in core.state_shapes]
    return np.array(core(indices, states)[0])


@pytest.fixture(scope="module")
def core(build_networks):
    return build_networks(**SHAPE)[0]


@pytest.mark.parametrize("at", [0, 7, 19])
def test_a_character_changes_only_the_logits_after_it_within_the_windows(core, at):
    indices = np.random.default_rng(0).integers(0, 7, (2, 30)).astype("int32")
    changed = indices.copy()
    changed[:, at] = (indices[:, at] + 1) % 7
    moved = np.abs(read(core, changed) - read(core, indices)).max((0, 2))
    reach = 2 * (8 - 1)  # each of two layers looks seven characters back
    assert not moved[:at].any() and not moved[at + reach + 1 :].any()
    assert moved[at] and moved[at + 1 : at + 8].all()


def test_the_cache_carries_over_from_batch_to_batch(core):
    streams = model.StatefulModel(core, 2)
    indices = np.random.default_rng(1).integers(0, 7, (2, 24)).astype("int32")
    whole = read(core, indices)
    pieces = [np.array(streams(part)) for part in np.split(indices, [1, 5, 14], axis=1)]
    assert np.allclose(np.concatenate(pieces, axis=1), whole, atol=1e-5)
    streams.reset_states()
    assert np.allclose(streams(indices[:, :5]), whole[:, :5], atol=1e-5)


def test_training_reads_some_sequences_without_their_cache(build_networks, monkeypatch):
    core, _ = build_networks(**SHAPE, dropout=0.0)
    indices = np.random.default_rng(2).integers(0, 7, (64, 4)).astype("int32")
    fresh = [ops.zeros((64, *shape)) for shape in core.state_shapes]
    _, states = core(np.repeat(indices[:1], 64, axis=0), fresh)
    with_cache, without = np.array(core(indices, states)[0]), np.array(core(indices, fresh)[0])
    monkeypatch.setattr(transformer, "CACHE_DROPOUT", 0.5)
    logits = np.array(core(indices, states, training=True)[0])
    is_kept, is_dropped = (np.isclose(logits, each, atol=1e-5).all((1, 2)) for each in (with_cache, without))
    assert (is_kept ^ is_dropped).all() and 10 < is_kept.sum() < 54


@pytest.mark.slow
def test_it_learns_and_a_stopped_run_resumes_exactly(rhyme, tmp_path):
    settings = TrainTextSettings(
        architecture="transformer", units=16, heads=2, layers=1, streams=8, sequence=16, epochs=1, patience=0,
        learning_rate=0.02, dropout=0.1, precision="bfloat16",
    )  # fmt: skip
    run, reports = checkpoints.Run(tmp_path / "run"), []
    uninterrupted = train.train(rhyme, settings)
    losses = uninterrupted.curves.metrics["validation"]
    assert losses[-1] < 0.6 * losses[0]
    stop = Progress(reports.append, cancelled=lambda: reports[-1].step >= 20)
    assert 20 <= train.train(rhyme, settings, stop, run).step < uninterrupted.step
    resumed = train.train(rhyme, settings, None, run)
    assert resumed.curves.metrics["validation"] == losses
    assert resumed.samples == uninterrupted.samples
    for first, second in zip(resumed.result.get_weights(), uninterrupted.result.get_weights(), strict=True):
        assert np.array_equal(first, second)
