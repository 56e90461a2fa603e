"""The Optuna study of a search, which stores its trials to resume it, or to share it between machines."""

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
from studio.tune import pruning
from studio.tune.settings import TuneSettings
from studio.tune.space import Range, to_json

FINISHED_STATES = (TrialState.COMPLETE, TrialState.PRUNED)
HEARTBEAT_SECONDS = 30
# Attribute with the space and data of a study, which must be the same when it continues.
_IDENTITY_ATTRIBUTE = "asked"

optuna.logging.set_verbosity(optuna.logging.ERROR)
logging.getLogger("alembic").setLevel(logging.ERROR)


@contextmanager
def open_study(
    settings: TuneSettings, inputs: tasks.Inputs, ranges: Mapping[str, Range], fixed: Mapping[str, Any]
) -> Iterator[optuna.Study]:
    """Yields the study of a search; resumes an earlier one with the same space and data.

    Only one process can open a study at a time, unless there is a storage URL.

    Args:
        settings: settings of the search.
        inputs: its data.
        ranges: its search space.
        fixed: settings that all trials share.

    Raises:
        InvalidInput: if a study of that name has another space or other data.
        Unavailable: if the storage cannot be used, or another process has opened the study.
    """
    identity = {
        "train": settings.train,
        "space": to_json(ranges),
        "fixed": dict(fixed),
        "data": [file.digest for files in inputs.values() for file in files],
    }
    method = {key: getattr(settings, key) for key in ("sampler", "pruning", "seed")}
    name = settings.name or _hash_text(json.dumps([identity, method], sort_keys=True))
    if settings.storage:
        # Other machines may run trials of this study, so only trials without a heartbeat have failed.
        storage = _open_url_storage(settings.storage)
        yield _create_or_resume_study(storage, name, settings, identity)
        return
    path = paths.ensure_folder("searches") / f"{_hash_text(_prefix_owner(name))}.log"
    try:
        with paths.locked(path.with_suffix(".lock"), blocking=False):
            study = _create_or_resume_study(_open_file_storage(path), name, settings, identity)
            for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                study.tell(trial.number, state=TrialState.FAIL)  # its search was killed
            yield study
    except BlockingIOError:
        raise Unavailable(
            "The same search is already running. Wait for it to finish, or use another --name."
        ) from None


def _hash_text(text: str) -> str:
    """Returns the first 16 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _prefix_owner(name: str) -> str:
    """Returns the name of a search with its owner before it, except for `local`."""
    owner = owners.get_current()
    return name if owner == owners.LOCAL else f"{owner} {name}"


def list_finished_trials(study: optuna.Study) -> list[FrozenTrial]:
    """Returns the trials that count: those that ended by themselves or were pruned."""
    return study.get_trials(deepcopy=False, states=FINISHED_STATES)


def _create_or_resume_study(
    storage: optuna.storages.BaseStorage, name: str, settings: TuneSettings, identity: Mapping[str, Any]
) -> optuna.Study:
    goal = tasks.get(settings.train).goal or tasks.Goal()
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        direction="maximize" if goal.higher_is_better else "minimize",
        pruner=pruning.make_pruner(settings),
        load_if_exists=True,
    )
    stored = study.user_attrs.get(_IDENTITY_ATTRIBUTE)
    if stored is None:
        study.set_user_attr(_IDENTITY_ATTRIBUTE, dict(identity))
    elif stored != json.loads(json.dumps(identity)):
        changed = [
            f"{key} {json.dumps(stored.get(key))}" for key in identity if stored.get(key) != identity[key]
        ]
        step = "repeat these settings, or use another --name"
        raise invalid(f"search {name}", expected=", ".join(changed), received="another", next_step=step)
    # Seed the sampler by the number of trials, or a resumed search would repeat its first values.
    study.sampler = _make_sampler(settings, len(study.get_trials(deepcopy=False)))
    return study


def _make_sampler(settings: TuneSettings, trial_count: int) -> optuna.samplers.BaseSampler:
    seed = settings.seed + trial_count
    if settings.sampler == "random":
        return optuna.samplers.RandomSampler(seed)
    # With parallel trials, running ones count as poor, or all would try similar values.
    return optuna.samplers.TPESampler(
        n_startup_trials=count_random_trials(settings.trials),
        seed=seed,
        multivariate=True,
        constant_liar=settings.jobs > 1,
    )


def count_random_trials(trials: int) -> int:
    """Returns the number of random trials before TPE: a fourth, at least 3, at most 10, Optuna's default.

    With Optuna's default, a search of ten trials would be a random search.
    """
    return min(10, max(3, trials // 4))


class _NoLock(JournalFileOpenLock):
    """No lock, because one process opens the study, in which Optuna lets one thread write at a time."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def _open_file_storage(path: Path) -> optuna.storages.BaseStorage:
    """Opens a journal file, which takes a tenth of the time of a database.

    Raises:
        Unavailable: if it is damaged.
    """
    if path.exists() and not (data := path.read_bytes()).endswith(b"\n"):
        paths.write(path, data[: data.rfind(b"\n") + 1])  # cut the incomplete line of a killed process
    try:
        path.touch(permissions.FILE_MODE)
        return optuna.storages.JournalStorage(JournalFileBackend(str(path), _NoLock(str(path))))
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(
            f"The search history cannot be read ({type(error).__name__} in {path}). "
            "Use another --name to start over."
        ) from None


def _open_url_storage(url: str) -> optuna.storages.BaseStorage:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.storages.RDBStorage(url, heartbeat_interval=HEARTBEAT_SECONDS)
    except Exception as error:  # every database driver raises its own
        step = "Check the URL, the server, and that its Python package is installed"
        raise Unavailable(
            f"The storage {_remove_password(url)} cannot be used ({type(error).__name__}). {step}."
        ) from None


def _remove_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else scheme
