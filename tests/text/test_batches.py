"""Batches are contiguous, and short texts get shorter sequences."""

from __future__ import annotations

import numpy as np
import pytest

from studio.text.batches import iterate_batches, make_plan
from studio.text.settings import TrainTextSettings


def plan_text(length, **settings):
    return make_plan(np.arange(length, dtype="int32"), TrainTextSettings(**settings))


def test_the_test_split_is_at_the_end_after_validation():
    batch_plan = plan_text(1000, held_out=0.2)
    assert batch_plan.train.tolist() == list(range(700)) and batch_plan.validation.tolist() == list(
        range(700, 800)
    )
    assert batch_plan.test.tolist() == list(range(800, 1000))


def test_streams_continue_and_targets_are_the_next_characters():
    batch_plan = plan_text(3000, streams=3, sequence=20, epochs=2)
    before = None
    for fresh, inputs, targets in iterate_batches(batch_plan, seed=1):
        assert inputs.shape == targets.shape == (3, 20)
        assert np.array_equal(targets, inputs + 1)
        assert fresh == (before is None or not np.array_equal(inputs[:, 0], before + 1))
        before = inputs[:, -1]
    assert before is not None


def test_an_epoch_reads_each_training_character_at_most_once():
    batch_plan = plan_text(3000, streams=3, sequence=20, epochs=1)
    positions = np.concatenate([inputs.reshape(-1) for _, inputs, _ in iterate_batches(batch_plan, seed=0)])
    assert len(set(positions.tolist())) == len(positions) == batch_plan.steps * 60
    assert positions.max() < 2550 and len(positions) > 2450


def test_epochs_start_at_different_offsets():
    batch_plan = plan_text(3000, streams=3, sequence=20, epochs=9)
    assert len({int(inputs[0, 0]) for fresh, inputs, _ in iterate_batches(batch_plan, seed=0) if fresh}) > 3


@pytest.mark.parametrize("start", [1, 44, 45, 60])
def test_batches_can_start_at_any_step(start):
    batch_plan = plan_text(3000, streams=3, sequence=20, epochs=2)
    whole = list(iterate_batches(batch_plan, seed=4))
    assert len(whole) > start
    for first, second in zip(whole[start:], iterate_batches(batch_plan, seed=4, start=start), strict=True):
        assert (
            first[0] == second[0]
            and np.array_equal(first[1], second[1])
            and np.array_equal(first[2], second[2])
        )


def test_a_short_text_gets_shorter_sequences_and_a_note():
    batch_plan = plan_text(90)
    assert batch_plan.sequence < 96 and batch_plan.streams == 1 and batch_plan.batches_per_epoch >= 1
    assert f"{batch_plan.sequence} characters, not 96" in batch_plan.notes[0]
    assert "batch size is 1" in batch_plan.notes[1]


def test_the_shortest_text_can_be_planned():
    batch_plan = plan_text(64)
    assert batch_plan.batches_per_epoch >= 1 and min(len(batch_plan.test), len(batch_plan.validation)) >= 2
    assert sum(1 for _ in iterate_batches(batch_plan, seed=0)) == batch_plan.steps


def test_a_short_text_gets_more_epochs_by_default():
    assert plan_text(2_000_000).epochs == 12
    assert 12 < plan_text(20_000).epochs <= 100
    assert plan_text(20_000, epochs=3).epochs == 3
