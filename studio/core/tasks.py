"""The registry: everything the studio can do, by name. Pages, commands, jobs and replay all run tasks.

A task is looked up as `capability.verb`; looking one up loads nothing but that capability's light face.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from studio.core import capacity, durations, owners
from studio.core.errors import InvalidInput, StudioError, a, invalid, unknown
from studio.core.files import File, Kind, in_memory
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.task_types import Goal, Inputs, Lane, Result, Slot, Spelled, Task, Tries, imported

__all__ = [  # the words that all who speak of tasks need
    "File",
    "Goal",
    "Inputs",
    "Kind",
    "Lane",
    "Result",
    "Slot",
    "Spelled",
    "Task",
    "Tries",
    "imported",
    "in_memory",
]

# A new capability is one folder, one line here and one page.
TASKS = {
    "classify.train": "studio.classify:TRAIN",
    "classify.audit": "studio.classify:AUDIT",
    "classify.study": "studio.classify:STUDY",
    "classify.predict": "studio.classify:PREDICT",
    "classify.explain": "studio.classify:EXPLAIN",
    "classify.export": "studio.classify:EXPORT",
    "style.transfer": "studio.style:TRANSFER",
    "style.train": "studio.style:TRAIN",
    "dream.ascend": "studio.dream:ASCEND",
    "dream.channel": "studio.dream:CHANNEL",
    "colorize.apply": "studio.colorize:IMAGE",
    "colorize.train": "studio.colorize:TRAIN",
    "enhance.enlarge": "studio.enhance:ENLARGE",
    "enhance.train": "studio.enhance:TRAIN",
    "sketch.paint": "studio.sketch:PAINT",
    "sketch.train": "studio.sketch:TRAIN",
    "sketch.translate": "studio.sketch:TRANSLATE",
    "sketch.train_pairs": "studio.sketch:TRAIN_PAIRS",
    "playground.train": "studio.playground:TRAIN",
    "xray.look": "studio.xray:LOOK",
    "xray.filter": "studio.xray:FILTER",
    "lab.train": "studio.lab:TEACH",
    "lab.repair": "studio.lab:REPAIR",
    "lab.boltzmann": "studio.lab:BOLTZMANN",
    "lab.imagine": "studio.lab:IMAGINE",
    "video.repaint": "studio.video:REPAINT",
    "faces.draw": "studio.faces:DRAW",
    "dcgan.train": "studio.dcgan:TRAIN",
    "text.train": "studio.text:TRAIN",
    "text.write": "studio.text:WRITE",
    "text.compare": "studio.text:COMPARE",
    "tune.run": "studio.tune:RUN",
    "gallery.sweep": "studio.gallery.sweep_settings:SWEEP",
    "vae.train": "studio.vae:TRAIN",
}


def get(name: str) -> Task:
    """The task of a name.

    Raises:
        InvalidInput: if there is none; the message names the closest.
    """
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return imported(TASKS[name])


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
    return " + ".join(_parts(name, given, inputs))


def called(name: str, given: Mapping[str, object], inputs: Inputs) -> str:
    """What a user would call the file of a result, without its ending: "coffee in mosaic and wash".

    Args:
        name, given, inputs: as `made_of` takes them.
    """
    if name not in TASKS:  # of a studio that had others
        return name.partition(".")[0]
    task = get(name)
    repeated = str(given.get("task")) if task.stands_for else name  # as a video does the task of its frames
    done, between = get(repeated).done if repeated in TASKS else ("", "")
    content, *others = _parts(name, given, inputs) or [""]
    known = content and (done or (between and others))
    settings = None if content else settings_of(name, given)
    subject = (settings and settings.subject) or task.title.lower()
    words = [content, *((done, between if others else "") if known else (subject,))]
    if not content and "seed" in given:
        words.append(f"seed {given['seed']}")  # of which alone it was made
    return " ".join(filter(None, [*words, " and ".join(others) if known else ""]))


def _parts(name: str, given: Mapping[str, object], inputs: Inputs) -> list[str]:
    """The names of what a result was made of, the content first."""
    files = [file.name for slot, files in inputs.items() if slot != "mask" for file in files]
    settings = settings_of(name, given) if files else None
    looks = settings.looks if settings else ()
    return [*map(stem, files), *(look.replace("_", " ") for look in looks)][:MOST_NAMED]


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
        raise InvalidInput(f"{name} takes {task.settings.__name__}. Build the settings from that class.")
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
            raise invalid(slot.name, expected=a(slot.kind), received=a(file.kind))


def run(name: str, settings: Settings, inputs: Inputs, progress: Progress | None = None) -> Result:
    """Runs a task here. Bad inputs and a lack of memory are found before anything heavy is imported.

    Raises:
        StudioError: for all that a user can mend.
    """
    task = check(name, settings, inputs)
    check_room(task, settings, inputs)
    return perform(task, settings, inputs, progress)


def perform(task: Task, settings: Settings, inputs: Inputs, progress: Progress | None = None) -> Result:
    """Runs a task whose settings and inputs were checked, and notes how long it took. Raises as `run`."""
    work: Callable[..., Result] = imported(task.work)
    usual = _usual(task, settings, inputs)  # before: a job may leave less to do
    began = time.monotonic()
    result = work(settings, inputs, progress or Progress())
    seconds = time.monotonic() - began
    # What was stopped or continued with tells nothing of a whole one.
    went_on = float(result.figures.get("seconds") or 0) > seconds + 1
    if usual and not (result.stopped_early or result.figures.get("ended") or went_on):
        durations.learn(task.name, usual, seconds)
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


def expected_seconds(task: Task, settings: Settings, inputs: Inputs) -> float | None:
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
        each = expected_seconds(tries.task, longest, tries.inputs)
        return min(tries.count * each, tries.seconds) if each else None
    usual = _usual(task, settings, inputs)
    return usual * durations.speed(task.name) if usual else None


def _usual(task: Task, settings: Settings, inputs: Inputs) -> float:
    """About how many seconds a job takes on two cores with its start, 0 where that is not known."""
    work = imported(task.usual)(settings, inputs) if task.usual else 0.0
    return work + (durations.KERAS if work and task.loads_keras else 0.0)
