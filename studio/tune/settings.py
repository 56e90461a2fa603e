"""The settings of a hyperparameter search; importing this loads neither Keras nor Optuna."""

from __future__ import annotations

from typing import Literal

from studio.core.settings import Settings, setting

STOPPED = "stopped"  # what a trial is marked with that ended because a user stopped the search
TEST = "test"  # where a trial keeps a figure on data that selected nothing, told of the best trial alone
MEASURE = "measure"  # where a trial keeps the name of what its value is


class TuneSettings(Settings):
    """Runs many trials with different hyperparameters and keeps the best model."""

    train: str = setting(
        "text",
        "Training to tune: text, vae, dcgan, colorize, enhance or classify.",
        tier="main",
        positional=True,
        max_length=100,
    )
    vary: tuple[str, ...] = setting(
        (),
        "Settings to vary, each with an optional range, such as units=64:512 or cell=lstm|gru. "
        "Empty: the learning rate and one more.",
        label="Search space",
        tier="main",
        max_length=20,
    )
    trials: int = setting(20, "Number of trials, including those that pruning stops.", tier="main", ge=1)
    minutes: float = setting(
        0.0,
        "No new trials start after this time; 0 turns the limit off.",
        tier="main",
        ge=0.0,
        step=5.0,
        label="Time limit",
        unit="min",
    )
    fixed: tuple[str, ...] = setting(
        (),
        "Settings that all trials share, such as epochs=4,seed=1.",
        label="Fixed settings",
        max_length=50,
    )
    sampler: Literal["tpe", "random"] = setting(
        "tpe", "Sampler of the next settings: tpe (guided by past trials) or random."
    )
    pruning: Literal["halving", "hyperband", "none"] = setting(
        "halving", "Pruner that stops weak trials early: halving (ASHA), hyperband, or none."
    )
    jobs: int = setting(1, "Number of trials that run in parallel.", ge=1, le=256, here=True)
    name: str = setting(
        "",
        "Name under which a search continues, also from other machines; empty: derived from its settings.",
        max_length=100,
        here=True,
    )
    storage: str = setting(
        "",
        "Optuna storage URL for the trials; empty: a file of the studio.",
        max_length=500,
        here=True,
    )
    seed: int = setting(0, "Random seed of the sampler.", ge=0, le=2**31 - 1)
