"""The registry: everything the studio can do, by name. Pages, commands, jobs and replay all run tasks.

A task is looked up as `capability.verb`; looking one up loads nothing but that capability's light face.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path, PureWindowsPath
from typing import Any, Literal

from studio.core import capacity, durations, owners, paths
from studio.core.errors import InvalidInput, StudioError, a, invalid, short_name, unknown
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.settings import Settings

Kind = Literal["picture", "animation", "text", "model", "dataset", "network"]  # the last for other programs
Lane = Literal["job", "live", "drive"]

# A new capability is one folder, one line here and one page.
TASKS = {
    "classify.train": "studio.classify:TRAIN",
    "classify.audit": "studio.classify:AUDIT",
    "classify.predict": "studio.classify:PREDICT",
    "classify.explain": "studio.classify:EXPLAIN",
    "classify.export": "studio.classify:EXPORT",
    "style.transfer": "studio.style:TRANSFER",
    "style.train": "studio.style:TRAIN",
    "dream.ascend": "studio.dream:ASCEND",
    "dream.channel": "studio.dream:CHANNEL",
    "film.repaint": "studio.film:REPAINT",
    "faces.draw": "studio.faces:DRAW",
    "dcgan.train": "studio.dcgan:TRAIN",
    "text.train": "studio.text:TRAIN",
    "text.write": "studio.text:WRITE",
    "search.run": "studio.search:RUN",
    "gallery.sweep": "studio.gallery.sweep_settings:SWEEP",
    "vae.train": "studio.vae:TRAIN",
}


_HELD: ContextVar[dict[str, bytes] | None] = ContextVar("held", default=None)


@contextmanager
def held() -> Iterator[dict[str, bytes]]:
    """While open, files that this thread keeps stay in memory: the yielded `{digest: bytes}`, not the disk.

    For results that a person may never want, such as those of a slider on its way.
    """
    files: dict[str, bytes] = {}
    token = _HELD.set(files)
    try:
        yield files
    finally:
        _HELD.reset(token)


@dataclass(frozen=True)
class File:
    """A kept file: its digest in STUDIO_HOME/files, its kind and the name a person knows it by."""

    digest: str
    kind: Kind
    name: str

    @classmethod
    def keep(cls, data: bytes, kind: Kind, name: str) -> File:
        """Keeps `data` in the studio under its digest; of `name` only what follows the last `/` or `\\`."""
        holding = _HELD.get()
        if holding is None:
            digest = paths.keep(data)
            owners.note(digest)
        else:
            digest = paths.digest(data)
            holding[digest] = data
        return cls(digest, kind, short_name(PureWindowsPath(name).name, 120))

    @property
    def path(self) -> Path:
        """Where the bytes are.

        Raises:
            InvalidInput: if the digest is none.
            Unavailable: if they were removed, or are not of whoever asks.
        """
        owners.check(self.digest)
        return paths.kept(self.digest)

    @property
    def here(self) -> bool:
        """Whether the studio still has it, and it is of whoever asks."""
        return paths.is_kept(self.digest) and owners.has(self.digest)

    def read(self) -> bytes:
        """The bytes. Raises as `path`."""
        data = (_HELD.get() or {}).get(self.digest)
        return self.path.read_bytes() if data is None else data

    def begins(self, *heads: bytes) -> bool:
        """Whether the bytes begin with one of these; no more of them is read."""
        data = (_HELD.get() or {}).get(self.digest)
        if data is not None:
            return data.startswith(heads)
        with self.path.open("rb") as file:
            return file.read(max(map(len, heads))).startswith(heads)


Inputs = Mapping[str, Sequence[File]]


@dataclass(frozen=True)
class Slot:
    """An input of a task.

    Attributes:
        name: of the input.
        kind: of its files.
        least, most: how many.
        flag: on the command line; "" if it stands without one.
        instead: the setting that takes names in place of files; there, `SETTING:NAME` is such a name.
    """

    name: str
    kind: Kind
    least: int = 1
    most: int = 1
    flag: str = ""
    instead: str = ""

    @property
    def argument(self) -> str:
        """By what name `studio.make` takes it: that of its flag, if it has one, else its own."""
        return self.flag.removeprefix("--").replace("-", "_") or self.name


@dataclass(frozen=True)
class Goal:
    """What tells how good a trained model is, so that settings can be searched for.

    Attributes:
        metric: what the training reports on its way, each time it was measured; "" for nothing.
        figure: of its result; where it has none, the best of the metric counts.
        most: whether more is better.
        title: what people call the figure, e.g. "FID"; "" where its name says it.
        units: settings that change what the metric counts: where one varies, only the figure compares models.
        yardstick: settings that change what models are tested on, so that none of them may vary.
    """

    metric: str = ""
    figure: str = ""
    most: bool = False
    title: str = ""
    units: tuple[str, ...] = ()
    yardstick: tuple[str, ...] = ()

    def called(self, measure: str | None = None) -> str:
        """What people call its figure or its metric; the one that counts if none is named."""
        measure = measure or self.figure or self.metric
        return self.title if self.title and measure == self.figure else measure


@dataclass(frozen=True)
class Result:
    """What a task made.

    Attributes:
        files: the kept results, the main one first.
        figures: named numbers, e.g. the final losses and the seconds.
        recipe: what made it, as `studio.core.recipes.Recipe`.
        stopped_early: true if a person cancelled and this is the best so far.
    """

    files: tuple[File, ...]
    figures: Mapping[str, Any] = field(default_factory=dict)
    recipe: Any = None
    stopped_early: bool = False


@dataclass(frozen=True)
class Task:
    """Something the studio can do.

    Attributes:
        name: `capability.verb`.
        settings: the class of its settings.
        inputs: its slots.
        produces: the kind of its main result.
        lane: where the engine runs it.
        work: `module:function` of `run(settings, inputs, progress) -> Result`, imported only to run.
        title: the noun that pages show.
        command: the words after `studio` that run it.
        help: one line that says what it does.
        check: `module:function` of `check(settings, inputs)`, light, raises `InvalidInput` for what settings
            and inputs are not together; "" for none.
        prepare: `module:function` of `prepare(settings)`, loads what a warm worker should hold of what is
            already on disk, and never fetches; "" for none.
        kind: `module:function` of `kind(settings) -> Kind`, light, where the settings decide what the main
            result is; "" for always `produces`.
        usual: `module:function` of `usual(settings, inputs) -> seconds`, light, about how long it takes on
            two cores, 0 where that is not known; "" for never known.
        needs: `module:function` of `needs(settings, inputs) -> bytes`, light, about how much memory its
            process takes at most; "" for not known.
        grows: the whole number among the settings that `needs` grows with most; "" for none.
        tries: of a task that has another one run again and again, `module:function` of
            `tries(settings, inputs) -> Tries`, light; "" for others.
        opens: of a training whose models draw pictures, `module:function` of
            `open(preset) -> studio.core.generators.latent.Generator`; "" for others.
        encodes: whether those models read pictures, too.
        builtin: names of models that are in no folder: the studio makes them of weights that it borrows.
        readable: of a task whose text is JSON for programs, `module:function` of `readable(dict) -> str`,
            light, the same in a person's words; "" for others.
        goal: of a training, what tells how good its model is; None where nothing does.
    """

    name: str
    settings: type[Settings]
    inputs: tuple[Slot, ...]
    produces: Kind
    lane: Lane
    work: str
    title: str
    command: str
    help: str
    check: str = ""
    prepare: str = ""
    kind: str = ""
    usual: str = ""
    needs: str = ""
    grows: str = ""
    tries: str = ""
    opens: str = ""
    encodes: bool = False
    builtin: tuple[str, ...] = ()
    readable: str = ""
    goal: Goal | None = None

    @property
    def of_a_picture(self) -> bool:
        """Whether its first input is one picture, so that a folder or a film of them can go through it."""
        first = self.inputs[0] if self.inputs else None
        return first is not None and first.kind == "picture" and first.most == 1

    def makes(self, settings: Settings) -> Kind:
        """The kind of the main result with these settings."""
        return imported(self.kind)(settings) if self.kind else self.produces


@dataclass(frozen=True)
class Tries:
    """What a sweep or a search will ask for: one task again and again, each time in a process of jobs.

    Attributes:
        task: which.
        settings: what all share.
        values: of the settings that vary those that are tried, each with all of the others'; of a range its
            two ends.
        inputs: of each.
        count: how often, at most.
        seconds: after which it ends in any case.
    """

    task: Task
    settings: Settings
    values: Mapping[str, Sequence[Any]]
    inputs: Inputs
    count: int = 1
    seconds: float = math.inf


def get(name: str) -> Task:
    """The task of a name.

    Raises:
        InvalidInput: if there is none; the message names the closest.
    """
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return imported(TASKS[name])


def imported(path: str) -> Any:
    """The object that `module:name` names; only ever called with names from this project's own code."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def settings_of(name: str, given: Mapping[str, object]) -> Settings | None:
    """Settings that were kept, as the task takes them; None if it is gone or no longer takes these."""
    try:
        return get(name).settings.parse(dict(given))
    except StudioError:
        return None


MOST_NAMED = 4  # things that the name of a result lists


def made_of(name: str, given: Mapping[str, object], inputs: Inputs) -> str:
    """What a result was made of, in words: "chelsea + mosaic"; "" if of nothing.

    Args:
        name: of its task.
        given: the settings, as they were kept.
        inputs: the files of each slot.
    """
    files = [file.name for slot, files in inputs.items() if slot != "mask" for file in files]
    settings = settings_of(name, given) if files else None
    looks = settings.looks if settings else ()
    return " + ".join([*map(stem, files), *(look.replace("_", " ") for look in looks)][:MOST_NAMED])


def stem(name: str) -> str:
    """The name of a file as people say it: "wash_2.png" -> "wash 2"."""
    return (name.rpartition(".")[0] or name).replace("_", " ")


def check(name: str, settings: Settings, inputs: Inputs) -> Task:
    """The task of a name, once its settings and inputs are known to go together; loads nothing heavy.

    Raises:
        InvalidInput: if there is no such task, the settings are of another, or slots are unknown or have too
            few, too many or the wrong kind of files.
        Unavailable: if a file is not of whoever asks.
    """
    task = get(name)
    if not isinstance(settings, task.settings):
        raise InvalidInput(
            f"{name} takes {task.settings.__name__}. Next: build the settings from that class."
        )
    known = {slot.name: slot for slot in task.inputs}
    for given in inputs:
        if given not in known:
            raise unknown("input", given, known, "rename it")
    for slot in task.inputs:
        _check_slot(slot, inputs.get(slot.name, ()))
    _check_here(settings)
    if task.check:
        imported(task.check)(settings, inputs)
    return task


def _check_here(settings: Settings) -> None:
    """What says where and how this machine works is for whoever runs it."""
    if owners.asker() == owners.LOCAL:
        return
    for name, known in settings.described().items():
        value = getattr(settings, name)
        if known.here and value != known.default:
            raise invalid(f"`{name}`", expected="nothing", received=value, next_step="leave it out")


def _check_slot(slot: Slot, files: Sequence[File]) -> None:
    if not slot.least <= len(files) <= slot.most:
        count = str(slot.least) if slot.least == slot.most else f"{slot.least} to {slot.most}"
        step = f"choose another number of {slot.name} files"
        wanted = f"{count} file{'' if count == '1' else 's'}"
        raise invalid(slot.name, expected=wanted, received=len(files), next_step=step)
    for file in files:
        owners.check(file.digest)
        if file.kind != slot.kind:
            raise invalid(slot.name, expected=a(slot.kind), received=a(file.kind), next_step="choose another")


def run(name: str, settings: Settings, inputs: Inputs, progress: Progress | None = None) -> Result:
    """Runs a task here. Bad inputs and a lack of memory are found before anything heavy is imported.

    Raises:
        StudioError: for all that a person can mend.
    """
    task = check(name, settings, inputs)
    check_room(task, settings, inputs)
    work: Callable[..., Result] = imported(task.work)
    usual = imported(task.usual)(settings, inputs) if task.usual else 0  # before: a job may leave less to do
    began = time.monotonic()
    result = work(settings, inputs, progress or Progress())
    seconds = time.monotonic() - began
    # What was stopped or gone on with tells nothing of a whole one.
    went_on = float(result.figures.get("seconds") or 0) > seconds + 1
    if usual and not (result.stopped_early or result.figures.get("ended") or went_on):
        durations.learn(name, usual, seconds)
    return result


def check_room(task: Task, settings: Settings, inputs: Inputs, share: float = 1.0) -> float | None:
    """Refuses a job that needs more memory than this machine, or a share of it, has; loads nothing heavy.

    Of a sweep or a search that is the largest of all that it may try, each in a process of its own.

    Returns:
        About how many bytes it needs; None if that is not known.

    Raises:
        NoRoom: naming the largest job that would fit.
        InvalidInput: if settings or inputs cannot be used.
    """
    tries = imported(task.tries)(settings, inputs) if task.tries else Tries(task, settings, {}, inputs)
    task = tries.task
    if not task.needs:
        return None
    needs = partial(imported(task.needs), inputs=tries.inputs)
    settings, decide = capacity.largest(tries.settings, tries.values, needs)
    grows = [name for name in dict.fromkeys([*decide, task.grows]) if name]
    return capacity.check(task.title, settings, needs, grows, share * limits.memory())


def expected(task: Task, settings: Settings, inputs: Inputs) -> float | None:
    """About how many seconds a job will take here, from what it is and the jobs before it; None if not known.

    Of a sweep or a search that is the most: as if all that it tries took as long as the longest, and none
    were stopped early.

    Raises:
        InvalidInput: if settings or inputs cannot be used.
    """
    if task.tries:
        tries = imported(task.tries)(settings, inputs)
        if not tries.task.usual:
            return None
        takes = partial(imported(tries.task.usual), inputs=tries.inputs)
        longest, _ = capacity.largest(tries.settings, tries.values, takes)
        each = expected(tries.task, longest, tries.inputs)
        return min(tries.count * each, tries.seconds) if each else None
    usual = imported(task.usual)(settings, inputs) if task.usual else 0
    return usual * durations.of(task.name) if usual else None
