"""The types that describe a task: slots, goal, result, trial plan and the task itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from studio.core.files import File, Kind
from studio.core.settings import Settings

MAX_FIGURE_LENGTH = 100  # entries of a list in the summary of figures
Lane = Literal["job", "live", "drive"]
Inputs = Mapping[str, Sequence[File]]


@dataclass(frozen=True)
class Slot:
    """An input of a task.

    Attributes:
        name: the input's name.
        kind: the kind of its files.
        min_files, max_files: how many files it takes.
        flag: its flag on the command line; "" for a positional argument.
        help: its purpose, where the kind does not make it clear.
        name_setting: the setting that takes names in place of files, written as `SETTING:NAME`.
        third_party: whether it accepts imported models, whose class names another file may give.
        model_tasks: the tasks that train the models it takes; errors suggest only names of these.
        names: values of the setting with the slot's name that a user may give in place of files, such as
            "person" for a mask.
        is_overlay: whether its images lie over the first input, such as a mask, so that they fit no other.
    """

    name: str
    kind: Kind
    min_files: int = 1
    max_files: int = 1
    flag: str = ""
    name_setting: str = ""
    help: str = ""
    third_party: bool = False
    model_tasks: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    is_overlay: bool = False

    @property
    def setting_of_names(self) -> str:
        """The setting that takes names in place of files; "" for none."""
        return self.name if self.names else self.name_setting

    @property
    def argument(self) -> str:
        """The name of the argument in `studio.make`: from the flag if there is one, else the slot's name."""
        return self.flag.removeprefix("--").replace("-", "_") or self.name


@dataclass(frozen=True)
class Goal:
    """How the quality of a trained model is measured, as the objective of a hyperparameter search.

    Attributes:
        metric: the metric that training reports at each evaluation; "" for none.
        figure: the figure of the result; without one, the best value of the metric counts.
        higher_is_better: whether higher is better.
        title: the displayed name of the figure, e.g. "FID"; "" if its name will do.
        unit_settings: settings that change the unit of the metric; if one varies, only the figure compares
            models.
        test_figure: a figure measured on data that was not used to select a model, reported for the selected
            model alone; "" if `figure` is itself measured on the test split.
        shared_values: values that all trials share, such as `validation=true`, to provide a figure to select
            by.
        test_data_settings: settings that change the test data, so none of them may vary.
        search_settings: settings that a search varies by default.
    """

    metric: str = ""
    figure: str = ""
    higher_is_better: bool = False
    title: str = ""
    test_figure: str = ""
    shared_values: tuple[str, ...] = ()
    unit_settings: tuple[str, ...] = ()
    test_data_settings: tuple[str, ...] = ()
    search_settings: tuple[str, ...] = ("learning_rate",)

    def title_of(self, measure: str | None = None) -> str:
        """Returns the displayed name of a figure or metric, by default of the one that selects."""
        measure = measure or self.figure or self.metric
        return self.title if self.title and measure == self.figure else measure


@dataclass(frozen=True)
class Result:
    """The result of a task.

    Attributes:
        files: the stored results, the main one first.
        figures: named values, e.g. the final losses and the seconds.
        recipe: the `studio.core.recipes.Recipe` that repeats it.
        stopped_early: whether the user stopped the task, so this is the best result so far.
    """

    files: tuple[File, ...]
    figures: Mapping[str, Any] = field(default_factory=dict)
    recipe: Any = None
    stopped_early: bool = False


def summarize_figures(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the figures of a result without lists of over 100 entries, such as losses by character."""
    return {name: value for name, value in figures.items() if not _is_long(value)}


def _is_long(figure: object) -> bool:
    return isinstance(figure, list) and len(figure) > MAX_FIGURE_LENGTH


@dataclass(frozen=True)
class Task:
    """A task of the studio.

    Functions are named as `module:function` and imported when they are needed. "Light" ones load no Keras.

    Attributes:
        name: `capability.verb`.
        settings: the class of its settings.
        inputs: its slots.
        produces: the kind of its main result.
        lane: the queue of the engine that runs it.
        work: `module:function` of `run(settings, inputs, progress) -> Result`, imported only to run.
        title: the noun that pages show.
        command: the words after `studio` that run it.
        help: one line that says what it does.
        alias: the words of a second command, in another group where users look for it; "" for none.
        check: `module:function` of `check(settings, inputs)`, light: raises `InvalidInput` if settings and
            inputs do not go together; "" for none.
        prepare: `module:function` of `prepare(settings)`, light: loads files from disk that a warm worker
            should hold, and never downloads; "" for none.
        prepare_keras: `module:function` of `prepare(settings)` for files whose loading needs Keras.
        find_kind: `module:function` of `find_kind(settings) -> Kind`, light: the kind of the main result, if
            the settings decide it; "" for always `produces`.
        estimate_seconds: `module:function` of `estimate_seconds(settings, inputs) -> float`, light: the
            estimated duration on the reference machine, 0 if unknown; "" for always unknown.
        loads_keras: whether Keras is loaded before the work that `estimate_seconds` counts.
        estimate_bytes: `module:function` of `estimate_bytes(settings, inputs) -> float`, light: the estimated
            peak memory of its process; "" if unknown.
        memory_setting: the number that memory grows with most; "" for none.
        plan_trials: for a task that runs another task many times, `module:function` of
            `plan_trials(settings, inputs) -> TrialPlan`, light; "" for others.
        load_generator: for a training task whose models generate images, `module:function` of
            `load_generator(preset) -> studio.core.generators.latent.Generator`; "" for others.
        encodes: whether these generators also encode images.
        encoder_weights: names of the pretrained weights that encoding needs.
        denoises: whether these generators generate images in denoising steps.
        share: for a training task, `module:function` of
            `share(preset) -> studio.core.share.page.Content`, light: what the HTML page of a model does; ""
            for none.
        check_share: `module:function` of `check_share(preset)`, fast and light: raises `InvalidInput` if a
            model cannot have a page; "" for none.
        load_networks: for a training task, `module:function` of
            `load_networks(preset) -> {name: keras.Model}`: the networks of a model that are exported to
            LiteRT and run from there; "" for others.
        list_embedded_weights: `module:function` of `list_embedded_weights(preset) -> {name: SHA-256}`, light:
            the pretrained weights that those networks contain. The files of such networks are not shipped;
            "" for none.
        builtin: names of models without a folder, which the studio builds from pretrained weights.
        format_json: for a task whose text is JSON for programs, `module:function` of
            `format_json(dict) -> str`, light: the content in plain words; "" for others.
        goal: for a training task, the objective that compares its models; None for none.
        evaluate: for a training task, `module:function` of
            `evaluate(preset, data, part, progress) -> figures`, which evaluates a model, by default on the
            data that training held out. Sentences for the user are a figure called "notes". "" for none.
        evaluate_imported: `module:function` of
            `evaluate_imported(file, data, part, progress, preprocessing, flat) -> figures`, which evaluates
            an imported model; "" for none.
        name_words: words that join content and other sources in the file name of a result, the second one
            only if there are other sources: ("dreaming", "of") gives "coffee dreaming of eyes.png".
        comparison_label: the label of the content that pages compare a result with, in the same size.
        curve_note: explains jumps in the curves of a run, in a sentence; "" for none.
        interactive: whether it takes only seconds, so it may run in the live lane while the user waits.
        equivalent_command: for a task without a command, `module:function` of
            `equivalent_command(settings, inputs) -> EquivalentCommand`, light: the task whose command does
            this; "" for others.
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
    alias: str = ""
    check: str = ""
    prepare: str = ""
    prepare_keras: str = ""
    find_kind: str = ""
    estimate_seconds: str = ""
    loads_keras: bool = False
    estimate_bytes: str = ""
    memory_setting: str = ""
    plan_trials: str = ""
    load_generator: str = ""
    encodes: bool = False
    encoder_weights: tuple[str, ...] = ()
    denoises: bool = False
    share: str = ""
    check_share: str = ""
    load_networks: str = ""
    list_embedded_weights: str = ""
    builtin: tuple[str, ...] = ()
    format_json: str = ""
    goal: Goal | None = None
    evaluate: str = ""
    evaluate_imported: str = ""
    name_words: tuple[str, str] = ("", "")
    comparison_label: str = "Content"
    curve_note: str = ""
    interactive: bool = False
    equivalent_command: str = ""

    @property
    def takes_single_image(self) -> bool:
        """Whether the first input is one image, so the task can also run on a folder or a video."""
        first = self.inputs[0] if self.inputs else None
        return first is not None and first.kind == "image" and first.max_files == 1

    def choose_kind(self, settings: Settings) -> Kind:
        """Returns the kind of the main result with these settings."""
        return import_object(self.find_kind)(settings) if self.find_kind else self.produces


@dataclass(frozen=True)
class EquivalentCommand:
    """A command of another task that does the work of a task without one.

    Attributes:
        task, settings, inputs: of the other task.
        ending: the file extension of the result.
        values: further options of the command, by flag.
    """

    task: Task
    settings: Settings
    inputs: Inputs
    ending: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class TrialPlan:
    """The runs of one task that a sweep or a search plans, each in a job process.

    Attributes:
        task: the task that it runs.
        settings: the settings that all runs share.
        values: the values of each varied setting, combined with all values of the others; for a range, its
            two ends.
        inputs: the inputs of every run.
        count: the maximum number of runs.
        seconds: the time limit of all runs together.
    """

    task: Task
    settings: Settings
    values: Mapping[str, Sequence[Any]]
    inputs: Inputs
    count: int = 1
    seconds: float = math.inf


def import_object(path: str) -> Any:
    """Imports the object named `module:name`. Call it only with names from this project's own code."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
