"""The settings of a hyperparameter search; importing this loads neither Keras nor Optuna."""

from __future__ import annotations

from typing import Literal

from studio.core.settings import Settings, setting

# user attributes of a trial
STOPPED = "stopped"  # set if the trial ended because the user stopped the search
TEST = "test"  # figure on the test split, reported of the best trial only
MEASURE = "measure"  # name of the metric of its value


class TuneSettings(Settings):
    """Runs many trials with different hyperparameters and keeps the best model."""

    train: str = setting(
        "text",
        "Training task to tune: text, vae, dcgan, diffusion, colorize, enhance, restore or classify.",
        tier="main",
        positional=True,
        max_length=100,
        label="Training task",
    )
    vary: tuple[str, ...] = setting(
        (),
        "Hyperparameters to vary, each with an optional range, such as units=64:512 or "
        "architecture=lstm|gru. Leave empty to vary two hyperparameters preselected for the task.",
        label="Search space",
        tier="main",
        max_length=20,
    )
    trials: int = setting(
        20,
        "Number of trials (training runs with different settings), including pruned ones; raise it for a "
        "more thorough but longer search.",
        tier="main",
        ge=1,
    )
    minutes: float = setting(
        0.0,
        "Time after which no new trial starts; trials that are running still finish. 0 turns the limit off.",
        tier="main",
        ge=0.0,
        step=5.0,
        label="Time limit",
        unit="min",
    )
    fixed: tuple[str, ...] = setting(
        (),
        "Settings with the same value in all trials, such as epochs=4,seed=1.",
        label="Fixed settings",
        max_length=50,
    )
    sampler: Literal["tpe", "random"] = setting(
        "tpe",
        "Method that chooses the settings of the next trial: tpe (tree-structured Parzen estimator, guided "
        "by past trials) or random.",
    )
    pruning: Literal["halving", "hyperband", "none"] = setting(
        "halving",
        "Method that stops weak trials early: halving (asynchronous successive halving, ASHA) or hyperband; "
        "none lets every trial finish.",
    )
    jobs: int = setting(
        1,
        "Number of trials that run in parallel; raise it for a faster search if your machine has free "
        "processors and memory.",
        ge=1,
        le=256,
        local_only=True,
        label="Parallel trials",
    )
    name: str = setting(
        "",
        "Name of the search; use the same name again to continue it, even on another machine with the same "
        "storage. Leave empty to derive the name from the settings.",
        max_length=100,
        local_only=True,
    )
    storage: str = setting(
        "",
        "Optuna storage URL of the database that holds the trials. Leave empty to use a file in the "
        "studio's folder.",
        max_length=500,
        local_only=True,
    )
    seed: int = setting(
        0, "Random seed of the sampler, which chooses the settings of the trials.", ge=0, le=2**31 - 1
    )
