"""Settings that all training tasks share."""

from __future__ import annotations

import pytest

from studio.core import tasks
from studio.core.training.settings import TrainImageSettings, TrainSettings

# The playground and the lab train tiny networks within seconds.
TRAINING = [
    name
    for name in tasks.TASKS
    if ".train" in name
    and not name.startswith(("lab.", "playground."))
    and tasks.get(name).settings.__module__.startswith("studio.")  # other tests register tasks
]
WITHOUT_STEPS = {"classify.train", "text.train"}  # their length is set in epochs


@pytest.mark.parametrize("name", TRAINING)
def test_every_training_task_has_the_shared_settings(name):
    settings = tasks.get(name).settings
    assert issubclass(settings, TrainSettings if name in WITHOUT_STEPS else TrainImageSettings)
    fields, shared = settings.model_fields, TrainSettings.model_fields
    assert {"learning_rate", "seed"} <= shared.keys() <= fields.keys()
    for field in shared:
        assert fields[field].description == shared[field].description
