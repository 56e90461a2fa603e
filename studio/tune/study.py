"""The trials of a search: kept by Optuna, so that it can continue, and so that several machines can share
it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from studio.core import owners, paths, permissions, tasks
from studio.core.errors import Unavailable, invalid
from studio.tune.settings import TuneSettings
from studio.tune.space import Range, plain

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
HEARTBEAT_SECONDS = 30
_ASKED = "asked"  # what a study was begun with, so that nothing else is mixed into it

optuna.logging.set_verbosity(optuna.logging.ERROR)
logging.getLogger("alembic").setLevel(logging.ERROR)


@contextmanager
def open_study(
    settings: TuneSettings, inputs: tasks.Inputs, ranges: Mapping[str, Range], fixed: Mapping[str, Any]
) -> Iterator[optuna.Study]:
    """The study of a search; the one begun before, if the same was asked. Held by one process at a time,
    unless a storage URL is given.

    Raises:
        InvalidInput: if a study of that name was begun with something else.
        Unavailable: if the storage cannot be reached, or another process holds the study.
    """
    asked = {
        "train": settings.train,
        "space": plain(ranges),
        "fixed": dict(fixed),
        "data": [file.digest for files in inputs.values() for file in files],
    }
    how = {key: getattr(settings, key) for key in ("sampler", "pruning", "seed")}
    name = settings.name or hashlib.sha256(json.dumps([asked, how], sort_keys=True).encode()).hexdigest()[:16]
    if settings.storage:
        # Elsewhere others may run trials of the same study: only one that gives no sign of life has died.
        yield _study(_reached(settings.storage, HEARTBEAT_SECONDS), name, settings, asked)
        return
    path = paths.folder("searches") / f"{hashlib.sha256(_whose(name).encode()).hexdigest()[:16]}.log"
    try:
        with paths.locked(path.with_suffix(".lock"), wait=False):
            study = _study(_kept(path), name, settings, asked)
            for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                study.tell(trial.number, state=TrialState.FAIL)  # of a search that was killed
            yield study
    except BlockingIOError:
        raise Unavailable(
            "The same search is already running. Wait for it to finish, or use another --name."
        ) from None


def _whose(name: str) -> str:
    """A name that finds a search of whoever asks alone."""
    owner = owners.asker()
    return name if owner == owners.LOCAL else f"{owner} {name}"


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that count: those that ended by themselves or were stopped early as poor."""
    return study.get_trials(deepcopy=False, states=FINISHED)


def _study(
    storage: optuna.storages.BaseStorage, name: str, settings: TuneSettings, asked: Mapping[str, Any]
) -> optuna.Study:
    goal = tasks.get(settings.train).goal or tasks.Goal()
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        direction="maximize" if goal.most else "minimize",
        pruner=_pruner(settings),
        load_if_exists=True,
    )
    before = study.user_attrs.get(_ASKED)
    if before is None:
        study.set_user_attr(_ASKED, dict(asked))
    elif before != json.loads(json.dumps(asked)):
        changed = [f"{key} {json.dumps(before.get(key))}" for key in asked if before.get(key) != asked[key]]
        step = "repeat these settings, or use another --name"
        raise invalid(f"search {name}", expected=", ".join(changed), received="another", next_step=step)
    # Drawn again for what is still to come, else a search that continues would try its first values again.
    study.sampler = _sampler(settings, len(study.get_trials(deepcopy=False)))
    return study


def _sampler(settings: TuneSettings, done: int) -> optuna.samplers.BaseSampler:
    seed = settings.seed + done
    if settings.sampler == "random":
        return optuna.samplers.RandomSampler(seed)
    # With several at once, those that still run count as poor, else all would try the same.
    return optuna.samplers.TPESampler(
        n_startup_trials=random_starts(settings.trials),
        seed=seed,
        multivariate=True,
        constant_liar=settings.jobs > 1,
    )


def random_starts(trials: int) -> int:
    """How many trials TPE draws at random first: a fourth of them, at least 3, at most Optuna's default, 10.

    With Optuna's default alone a search of ten trials would be random search.
    """
    return min(10, max(3, trials // 4))


def _pruner(settings: TuneSettings) -> optuna.pruners.BasePruner:
    if settings.pruning == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    if settings.pruning == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, reduction_factor=3)
    return optuna.pruners.NopPruner()


class _Alone(JournalFileOpenLock):
    """No lock: the study is held by one process, in which Optuna lets one thread write at a time."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def _kept(path: Path) -> optuna.storages.BaseStorage:
    """A file of the studio's own: one line for each thing that happens, in a tenth of the time of a database.

    Raises:
        Unavailable: if it is damaged.
    """
    if path.exists() and not (found := path.read_bytes()).endswith(b"\n"):
        paths.write(path, found[: found.rfind(b"\n") + 1])  # the line that a killed process did not finish
    try:
        path.touch(permissions.FILE)
        return optuna.storages.JournalStorage(JournalFileBackend(str(path), _Alone(str(path))))
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(
            f"The search history cannot be read ({type(error).__name__} in {path}). "
            "Use another --name to start over."
        ) from None


def _reached(url: str, heartbeat: int | None = None) -> optuna.storages.BaseStorage:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.storages.RDBStorage(url, heartbeat_interval=heartbeat)
    except Exception as error:  # of any driver of any database
        step = "Check the URL, the server, and that its Python package is installed"
        raise Unavailable(
            f"The storage {_without_password(url)} cannot be used ({type(error).__name__}). {step}."
        ) from None


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else scheme
