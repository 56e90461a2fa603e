"""The training loop that all training tasks share."""

import shutil

import numpy as np
import pytest

from studio.core import capacity
from studio.core.errors import Cancelled, InsufficientSpace
from studio.core.training import batches as rows_of_steps
from studio.core.training import checkpoints
from studio.core.training.ema import Ema
from studio.core.training.precision import use_precision
from studio.core.training.trainer import Trainer


def test_selected_rows_are_evenly_spaced():
    rows = np.arange(0, 1000, 2)
    selected = rows_of_steps.select_evenly_spaced(rows, 10)
    assert len(selected) == 10 and selected[0] == 0 and selected[-1] == 998
    assert np.all(np.diff(selected) > 80)
    assert np.array_equal(rows_of_steps.select_evenly_spaced(rows, 5000), rows)


def test_each_epoch_has_every_row_once_in_a_new_order():
    batches = rows_of_steps.Batches(20, 5, seed=3)
    rows_by_step = [batches.select_rows(step) for step in range(8)]
    first, second = np.concatenate(rows_by_step[:4]), np.concatenate(rows_by_step[4:])
    assert np.array_equal(np.sort(first), np.arange(20)) and np.array_equal(np.sort(second), np.arange(20))
    assert not np.array_equal(first, second)
    assert np.array_equal(batches.select_rows(2), rows_by_step[2]) and np.array_equal(
        batches.select_rows(6), rows_by_step[6]
    )


def test_the_ema_horizon_is_limited_to_half_of_the_steps_so_far():
    average = Ema([np.zeros(1)], steps=10, every=1)
    average.update([np.ones(1)], 8)
    assert average.arrays[0] == 1 / 4
    average.update([np.ones(1)], 1000)
    assert average.arrays[0] == 1 / 4 + (1 - 1 / 4) / 10


def test_the_ema_skips_updates_with_nan():
    average = Ema([np.zeros(2), np.ones(1)], steps=10, every=1)
    average.update([np.array([2.0, np.nan]), np.array([3.0])], 1)
    assert np.array_equal(average.arrays[0], [0, 0]) and average.arrays[1] == 1
    average.update([np.array([2.0, 4.0]), np.array([3.0])], 1)
    assert np.array_equal(average.arrays[0], [2, 4]) and average.arrays[1] == 3


class Weightless(Trainer):
    """A training run without anything to save."""

    def collect_arrays(self):
        return {}

    def restore_model(self, arrays):
        pass

    def draw_preview(self):
        return np.zeros((1, 1, 3), "uint8")


def test_a_resumed_run_continues_the_mean_losses(tmp_path):
    class Counting(Weightless):
        """A training run whose loss is its number of steps."""

        stopped_at = None

        def advance(self):
            if self.step == self.stopped_at:
                raise Cancelled
            return self.add_losses({"loss": self.step})

        def test(self, progress):
            return {}

    first = Counting(4, 4, checkpoints.Run(tmp_path / "run"))
    first.stopped_at = 2
    assert first.fit().stop_reason == "cancelled"
    second = Counting(4, 4, checkpoints.Run(tmp_path / "run"))
    assert second.fit().stop_reason == ""
    assert second.curves.losses["loss"][-1] == np.mean([0, 1, 2, 3])


def test_a_resumed_run_repeats_an_interrupted_test(tmp_path):
    class Fussy(Weightless):
        """A training run that stops at the tests of these steps."""

        stopped_in: tuple[int, ...] = ()

        def advance(self):
            return self.add_losses({"loss": self.step})

        def test(self, progress):
            if self.step in self.stopped_in:
                raise Cancelled
            return {"test step": self.step}

    uninterrupted = Fussy(5, 2)
    assert uninterrupted.fit().stop_reason == ""
    for step in (4, 5):
        run = checkpoints.Run(tmp_path / f"run{step}")
        first = Fussy(5, 2, run)
        first.stopped_in = (step,)
        assert first.fit().stop_reason == "cancelled"
        second = Fussy(5, 2, run)
        assert second.fit().stop_reason == ""
        assert second.curves.steps == uninterrupted.curves.steps == [2, 4, 5]
        assert (
            second.curves.metrics == uninterrupted.curves.metrics
            and second.curves.losses == uninterrupted.curves.losses
        )


class Heavy(Weightless):
    """A training run with one array, whose step would take hours."""

    def collect_arrays(self):
        return {"weights": [np.zeros(250_000, "float32")]}

    def advance(self):
        raise AssertionError("training started")


def test_training_without_disk_space_for_its_model_is_refused(home, monkeypatch):
    disk = shutil.disk_usage("/")
    free = {home: 3_000_000}
    monkeypatch.setattr(capacity.shutil, "disk_usage", lambda place: disk._replace(free=free[place]))
    with pytest.raises(
        InsufficientSpace, match=r"checkpoints and its model needs about 5(?:.0)? MB .*; 3(?:.0)? MB are free"
    ) as error:
        Heavy(4, 4, checkpoints.Run(home / "runs" / "run")).fit()
    assert "\n" not in str(error.value) and not (home / "runs" / "run").exists()
    checkpoints.Run(home / "runs" / "run").save(
        checkpoints.Checkpoint(1, {"weights": np.zeros(250_000, "float32")})
    )
    with pytest.raises(InsufficientSpace, match=r"about 4(?:\.0)? MB"):  # it owns its buffer
        Heavy(4, 4, checkpoints.Run(home / "runs" / "run")).fit()
    checkpoints.Run(home / "runs" / "run").delete()
    free[home] = 6_000_000
    with pytest.raises(AssertionError, match="training started"):
        Heavy(4, 4, checkpoints.Run(home / "runs" / "run")).fit()


def test_the_precision_is_restored_after_training():
    import keras

    before = keras.config.dtype_policy().name
    with pytest.raises(Cancelled), use_precision("bfloat16"):  # noqa: PT012
        assert keras.config.dtype_policy().name == "mixed_bfloat16" != before
        raise Cancelled
    assert keras.config.dtype_policy().name == before


def test_derived_seeds_are_valid_on_every_backend():
    assert rows_of_steps.derive_seed(3, 7) == 307
    assert 0 <= rows_of_steps.derive_seed(2**31 - 1, 99) < 2**32
