"""The task registry. Pages, commands, jobs and replay all run tasks from here.

A task is looked up by its name `capability.verb`; the lookup imports only that capability's package, without
Keras.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from studio.core import amounts, capacity, durations, owners
from studio.core.errors import InvalidInput, StudioError, invalid, unknown, with_article
from studio.core.files import File, Kind, store_in_memory
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.task_types import (
    EquivalentCommand,
    Goal,
    Inputs,
    Lane,
    Result,
    Slot,
    Task,
    TrialPlan,
    import_object,
    summarize_figures,
)

__all__ = [  # re-exported for code that uses tasks
    "EquivalentCommand",
    "File",
    "Goal",
    "Inputs",
    "Kind",
    "Lane",
    "Result",
    "Slot",
    "Task",
    "TrialPlan",
    "import_object",
    "store_in_memory",
    "summarize_figures",
]

_MAX_NAMED_SOURCES = 4  # sources that the name of a result lists

# A new capability is one folder, one line here and one page.
TASKS = {
    "classify.train": "studio.classify:TRAIN",
    "classify.audit": "studio.classify:AUDIT",
    "classify.augment": "studio.classify:AUGMENT",
    "classify.find_rate": "studio.classify:FIND_RATE",
    "classify.study": "studio.classify:STUDY",
    "classify.predict": "studio.classify:PREDICT",
    "classify.explain": "studio.classify:EXPLAIN",
    "classify.summarize": "studio.classify:SUMMARIZE",
    "classify.export": "studio.classify:EXPORT",
    "style.transfer": "studio.style:TRANSFER",
    "style.train": "studio.style:TRAIN",
    "dream.ascend": "studio.dream:ASCEND",
    "dream.channel": "studio.dream:CHANNEL",
    "colorize.apply": "studio.colorize:IMAGE",
    "colorize.train": "studio.colorize:TRAIN",
    "enhance.enlarge": "studio.enhance:ENLARGE",
    "enhance.train": "studio.enhance:TRAIN",
    "restore.apply": "studio.restore:APPLY",
    "restore.train": "studio.restore:TRAIN",
    "chain.apply": "studio.chain:APPLY",
    "sketch.paint": "studio.sketch:PAINT",
    "sketch.train": "studio.sketch:TRAIN",
    "sketch.translate": "studio.sketch:TRANSLATE",
    "sketch.train_pairs": "studio.sketch:TRAIN_PAIRS",
    "playground.train": "studio.playground:TRAIN",
    "playground.classify": "studio.playground:CLASSIFY",
    "xray.look": "studio.xray:LOOK",
    "xray.filter": "studio.xray:FILTER",
    "lab.train": "studio.lab:TRAIN",
    "lab.repair": "studio.lab:REPAIR",
    "lab.boltzmann": "studio.lab:BOLTZMANN",
    "lab.imagine": "studio.lab:IMAGINE",
    "video.repaint": "studio.video:REPAINT",
    "faces.draw": "studio.faces:DRAW",
    "dcgan.train": "studio.dcgan:TRAIN",
    "diffusion.train": "studio.diffusion:TRAIN",
    "text.train": "studio.text:TRAIN",
    "text.write": "studio.text:WRITE",
    "text.compare": "studio.text:COMPARE",
    "tune.run": "studio.tune:RUN",
    "gallery.sweep": "studio.gallery.sweep_settings:SWEEP",
    "vae.train": "studio.vae:TRAIN",
}


def get(name: str) -> Task:
    """Returns the task with this name.

    Raises:
        InvalidInput: if there is none; the message lists the closest names.
    """
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return import_object(TASKS[name])


def parse_saved_settings(task_name: str, values: Mapping[str, object]) -> Settings | None:
    """Parses saved settings of a task. Returns None if the task is gone or no longer accepts them."""
    try:
        return get(task_name).settings.parse(dict(values))
    except StudioError:
        return None


def describe_sources(task_name: str, values: Mapping[str, object], inputs: Inputs) -> str:
    """Describes the sources of a result: "chelsea + mosaic"; "" if it has none.

    Args:
        task_name: name of the task.
        values: saved settings.
        inputs: the files of each slot.
    """
    return " + ".join(_list_source_names(task_name, values, inputs))


def suggest_name(task_name: str, values: Mapping[str, object], inputs: Inputs) -> str:
    """Suggests a file name for a result, without the extension: "coffee in mosaic and wash".

    Args:
        task_name, values, inputs: see `describe_sources`.
    """
    if task_name not in TASKS:  # saved by another version of the studio
        return task_name.partition(".")[0]
    task = get(task_name)
    # A video is named after the task that runs on its frames.
    naming_task = str(values.get("task")) if task.equivalent_command else task_name
    verb, conjunction = get(naming_task).name_words if naming_task in TASKS else ("", "")
    content, *other_sources = _list_source_names(task_name, values, inputs) or [""]
    has_verb = content and (verb or (conjunction and other_sources))
    settings = None if content else parse_saved_settings(task_name, values)
    subject = (settings and settings.subject) or task.title.lower()
    words = [content, *((verb, conjunction if other_sources else "") if has_verb else (subject,))]
    if not content and "seed" in values:
        words.append(f"seed {values['seed']}")  # the only source of the result
    return " ".join(filter(None, [*words, " and ".join(other_sources) if has_verb else ""]))


def _list_source_names(task_name: str, values: Mapping[str, object], inputs: Inputs) -> list[str]:
    """Returns the names of a result's sources, the content first."""
    overlay_slots = (
        {slot.name for slot in get(task_name).inputs if slot.is_overlay} if task_name in TASKS else ()
    )
    files = [file.name for slot, files in inputs.items() if slot not in overlay_slots for file in files]
    settings = parse_saved_settings(task_name, values) if files else None
    styles = settings.style_names if settings else ()
    return [*map(humanize_stem, files), *(style.replace("_", " ") for style in styles)][:_MAX_NAMED_SOURCES]


def humanize_stem(name: str) -> str:
    """Returns a file's name in plain words: "wash_2.png" -> "wash 2"."""
    return (name.rpartition(".")[0] or name).replace("_", " ")


def check(name: str, settings: Settings, inputs: Inputs) -> Task:
    """Checks settings and inputs together and returns the task. Loads no Keras.

    Raises:
        InvalidInput: if there is no such task, the settings belong to another one, or slots are unknown or
            have too few, too many or the wrong kind of files.
        Unavailable: if a file does not belong to the current owner.
    """
    task = get(name)
    if not isinstance(settings, task.settings):
        raise InvalidInput(f"{name} takes {task.settings.__name__}. Build the settings from that class.")
    slots = {slot.name: slot for slot in task.inputs}
    for slot_name in inputs:
        if slot_name not in slots:
            raise unknown("input", slot_name, slots, "rename it")
    for slot in task.inputs:
        _check_slot(slot, inputs.get(slot.name, ()))
    _check_local_only(settings)
    if task.check:
        import_object(task.check)(settings, inputs)
    return task


def _check_local_only(settings: Settings) -> None:
    """Refuses `local_only` settings from anyone but the user who runs the studio."""
    if owners.get_current() == owners.LOCAL:
        return
    for name, field in settings.describe().items():
        value = getattr(settings, name)
        if field.local_only and value != field.default:
            raise invalid(f"`{name}`", expected="nothing", received=value, next_step="leave it out")


def _check_slot(slot: Slot, files: Sequence[File]) -> None:
    """Refuses too few or too many files, files of others and files of another kind."""
    if not slot.min_files <= len(files) <= slot.max_files:
        expected = amounts.format_count(slot.min_files, "file")
        if slot.min_files < slot.max_files:
            expected = f"{slot.min_files} to {amounts.format_count(slot.max_files, 'file')}"
        received = amounts.format_count(len(files), "file")
        step = f"choose another number of {slot.name} files"
        raise invalid(slot.name, expected=expected, received=received, next_step=step)
    for file in files:
        file.require_access()
        if file.kind != slot.kind:
            raise invalid(slot.name, expected=with_article(slot.kind), received=with_article(file.kind))


def run(name: str, settings: Settings, inputs: Inputs, progress: Progress | None = None) -> Result:
    """Runs a task in this process, after checking inputs and memory before Keras is imported.

    Raises:
        StudioError: for every problem that the user can fix.
    """
    task = check(name, settings, inputs)
    check_memory(task, settings, inputs)
    return run_checked(task, settings, inputs, progress)


def run_checked(task: Task, settings: Settings, inputs: Inputs, progress: Progress | None = None) -> Result:
    """Runs a task with checked settings and inputs, and records its duration. Raises the errors of `run`."""
    work: Callable[..., Result] = import_object(task.work)
    # Estimate first, because the job may leave less to do.
    reference_seconds = estimate_reference_seconds(task, settings, inputs)
    start = time.monotonic()
    result = work(settings, inputs, progress or Progress())
    seconds = time.monotonic() - start
    # The duration of a stopped or resumed job says nothing about a full run.
    is_resumed = float(result.figures.get("seconds") or 0) > seconds + 1
    if reference_seconds and not (result.stopped_early or result.figures.get("ended") or is_resumed):
        durations.record(task.name, reference_seconds, seconds)
    return result


def check_memory(task: Task, settings: Settings, inputs: Inputs, share: float = 1.0) -> float | None:
    """Refuses a job that needs more memory than this machine, or a share of it, has. Loads no Keras.

    For a sweep or a search, the largest trial counts, because each trial runs in its own process.

    Args:
        share: of the machine's memory that the job may use, 0 to 1.

    Returns:
        Estimated bytes that the job needs; None if unknown.

    Raises:
        InsufficientSpace: if it does not fit; the message names the largest job that would.
        InvalidInput: if settings or inputs cannot be used.
    """
    plan = (
        import_object(task.plan_trials)(settings, inputs)
        if task.plan_trials
        else TrialPlan(task, settings, {}, inputs)
    )
    task = plan.task
    if not task.estimate_bytes:
        return None
    estimate_bytes = partial(import_object(task.estimate_bytes), inputs=plan.inputs)
    settings, deciding_names = capacity.find_most_demanding(plan.settings, plan.values, estimate_bytes)
    size_settings = [name for name in dict.fromkeys([*deciding_names, task.memory_setting]) if name]
    available_bytes = share * limits.read_memory_limit()
    return capacity.check_memory(task.title, settings, estimate_bytes, size_settings, available_bytes)


def estimate_duration(task: Task, settings: Settings, inputs: Inputs) -> float | None:
    """Estimates the seconds that a job takes here, from its settings and earlier jobs; None if unknown.

    For a sweep or a search this is an upper bound: it assumes that every trial takes as long as the longest
    one and that none stops early.

    Raises:
        InvalidInput: if settings or inputs cannot be used.
    """
    if task.plan_trials:
        plan = import_object(task.plan_trials)(settings, inputs)
        if not plan.task.estimate_seconds:
            return None
        estimate_trial = partial(import_object(plan.task.estimate_seconds), inputs=plan.inputs)
        longest_settings, _ = capacity.find_most_demanding(plan.settings, plan.values, estimate_trial)
        trial_seconds = estimate_duration(plan.task, longest_settings, plan.inputs)
        return min(plan.count * trial_seconds, plan.seconds) if trial_seconds else None
    reference_seconds = estimate_reference_seconds(task, settings, inputs)
    return reference_seconds * durations.estimate_slowdown(task.name) if reference_seconds else None


def estimate_reference_seconds(task: Task, settings: Settings, inputs: Inputs) -> float:
    """Estimates the seconds that a job takes on the reference machine, its start included; 0 if unknown.

    Raises:
        InvalidInput: if settings or inputs cannot be used.
    """
    seconds = import_object(task.estimate_seconds)(settings, inputs) if task.estimate_seconds else 0.0
    return seconds + (durations.KERAS_LOAD_SECONDS if seconds and task.loads_keras else 0.0)
