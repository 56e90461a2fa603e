"""Batches are contiguous, and short texts get shorter sequences."""

from __future__ import annotations

import numpy as np
import pytest

from studio.text.batches import batches, plan
from studio.text.settings import TrainTextSettings


def planned(length, **settings):
    return plan(np.arange(length, dtype="int32"), TrainTextSettings(**settings))


def test_the_end_is_held_out_and_what_the_weights_are_chosen_by_lies_before_it():
    batch_plan = planned(1000, held_out=0.2)
    assert batch_plan.train.tolist() == list(range(700)) and batch_plan.validation.tolist() == list(
        range(700, 800)
    )
    assert batch_plan.test.tolist() == list(range(800, 1000))


def test_each_stream_reads_on_and_each_target_is_the_next_character():
    batch_plan = planned(3000, streams=3, sequence=20, epochs=2)
    before = None
    for fresh, inputs, targets in batches(batch_plan, seed=1):
        assert inputs.shape == targets.shape == (3, 20)
        assert np.array_equal(targets, inputs + 1)
        assert fresh == (before is None or not np.array_equal(inputs[:, 0], before + 1))
        before = inputs[:, -1]
    assert before is not None


def test_a_pass_reads_each_character_at_most_once_and_nothing_held_out():
    batch_plan = planned(3000, streams=3, sequence=20, epochs=1)
    positions = np.concatenate([inputs.reshape(-1) for _, inputs, _ in batches(batch_plan, seed=0)])
    assert len(set(positions.tolist())) == len(positions) == batch_plan.steps * 60
    assert positions.max() < 2550 and len(positions) > 2450


def test_passes_are_cut_at_different_places():
    batch_plan = planned(3000, streams=3, sequence=20, epochs=9)
    assert len({int(inputs[0, 0]) for fresh, inputs, _ in batches(batch_plan, seed=0) if fresh}) > 3


@pytest.mark.parametrize("start", [1, 44, 45, 60])
def test_going_on_gives_the_same_batches(start):
    batch_plan = planned(3000, streams=3, sequence=20, epochs=2)
    whole = list(batches(batch_plan, seed=4))
    assert len(whole) > start
    for first, second in zip(whole[start:], batches(batch_plan, seed=4, start=start), strict=True):
        assert (
            first[0] == second[0]
            and np.array_equal(first[1], second[1])
            and np.array_equal(first[2], second[2])
        )


def test_a_text_shorter_than_a_sequence_gets_shorter_ones_and_it_is_said():
    batch_plan = planned(90)
    assert batch_plan.sequence < 96 and batch_plan.streams == 1 and batch_plan.pieces >= 1
    assert f"{batch_plan.sequence} characters, not 96" in batch_plan.notes[0]
    assert "batch size is 1" in batch_plan.notes[1]


def test_the_least_text_can_be_planned():
    batch_plan = planned(64)
    assert batch_plan.pieces >= 1 and min(len(batch_plan.test), len(batch_plan.validation)) >= 2
    assert sum(1 for _ in batches(batch_plan, seed=0)) == batch_plan.steps


def test_a_short_text_is_read_more_often_unless_one_says_how_often():
    assert planned(2_000_000).epochs == 12
    assert 12 < planned(20_000).epochs <= 100
    assert planned(20_000, epochs=3).epochs == 3
