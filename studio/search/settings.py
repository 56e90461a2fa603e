"""The settings of a search; importing this loads neither Keras nor Optuna."""

from __future__ import annotations

from typing import Literal

from studio.core.settings import Settings, setting

STOPPED = "stopped"  # what a trial is marked with that ended because a person stopped the search
TEST = "test"  # where a trial keeps a figure on data that selected nothing, told of the best trial alone
MEASURE = "measure"  # where a trial keeps the name of what its value is


class SearchSettings(Settings):
    """Trains again and again with different settings and keeps the best model."""

    train: str = setting(
        "text",
        "Which training: text, vae, dcgan, enhance or classify.",
        tier="main",
        positional=True,
        max_length=100,
    )
    vary: tuple[str, ...] = setting(
        (),
        "Settings to vary, each with its range if you like, as units=64:512 or cell=lstm|gru. "
        "Left out: the learning rate and one more.",
        tier="main",
        max_length=20,
    )
    trials: int = setting(20, "How many trainings, those stopped early among them.", tier="main", ge=1)
    minutes: float = setting(
        0.0,
        "After how long no further one is begun; 0: no limit.",
        tier="main",
        ge=0.0,
        step=5.0,
        label="Time limit",
        unit="min",
    )
    fixed: tuple[str, ...] = setting(
        (), "Settings that all trainings share, as epochs=4,seed=1.", max_length=50
    )
    sampler: Literal["tpe", "random"] = setting(
        "tpe", "What is tried next: by what has gone well so far (TPE), or at random."
    )
    pruning: Literal["halving", "hyperband", "none"] = setting(
        "halving", "How poor trainings are stopped early."
    )
    jobs: int = setting(1, "How many train at once.", ge=1, le=256, here=True)
    name: str = setting(
        "",
        "A name to find the search by, from other machines too; empty: by what is asked.",
        max_length=100,
        here=True,
    )
    storage: str = setting(
        "",
        "Where trials are noted: a file of the studio's own, or an Optuna storage URL.",
        max_length=500,
        here=True,
    )
    seed: int = setting(0, "Seed of what is tried.", ge=0, le=2**31 - 1)
