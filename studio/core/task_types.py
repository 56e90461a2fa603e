"""What a task is made of: its slots, its goal, its result, and all that it says of itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from studio.core.files import File, Kind
from studio.core.settings import Settings

Lane = Literal["job", "live", "drive"]
Inputs = Mapping[str, Sequence[File]]


@dataclass(frozen=True)
class Slot:
    """An input of a task.

    Attributes:
        name: of the input.
        kind: of its files.
        least, most: how many.
        flag: on the command line; "" if it stands without one.
        help: what it is for, where its kind does not say so.
        instead: the setting that takes names in place of files; there, `SETTING:NAME` is such a name.
        third_party: whether its models may be made elsewhere, whose classes another file may name.
    """

    name: str
    kind: Kind
    least: int = 1
    most: int = 1
    flag: str = ""
    instead: str = ""
    help: str = ""
    third_party: bool = False

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
        test: a figure of its result on data that selected nothing, told of the selected model alone; "" where
            the figure that selects is itself measured on the test split.
        shared: what all trials share, as `validation=true`, so that there is a figure to select by.
        yardstick: settings that change what models are tested on, so that none of them may vary.
        varies: settings that a search varies unless it is given others.
    """

    metric: str = ""
    figure: str = ""
    most: bool = False
    title: str = ""
    test: str = ""
    shared: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    yardstick: tuple[str, ...] = ()
    varies: tuple[str, ...] = ("learning_rate",)

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
        stopped_early: true if a user cancelled and this is the best so far.
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
        also: other words that do, of a group of commands in which users look for it; "" for none.
        help: one line that says what it does.
        check: `module:function` of `check(settings, inputs)`, light, raises `InvalidInput` for what settings
            and inputs are not together; "" for none.
        prepare: `module:function` of `prepare(settings)`, loads what a warm worker should hold of what is
            already on disk, and never fetches; it loads no Keras. "" for none.
        prepare_keras: the same of what needs Keras.
        kind: `module:function` of `kind(settings) -> Kind`, light, where the settings decide what the main
            result is; "" for always `produces`.
        usual: `module:function` of `usual(settings, inputs) -> seconds`, light, about how long it takes on
            two cores, 0 where that is not known; "" for never known.
        loads_keras: whether Keras is loaded before the work that `usual` counts.
        needs: `module:function` of `needs(settings, inputs) -> bytes`, light, about how much memory its
            process takes at most; "" for not known.
        grows: the whole number among the settings that `needs` grows with most; "" for none.
        tries: of a task that has another one run again and again, `module:function` of
            `tries(settings, inputs) -> Tries`, light; "" for others.
        opens: of a training whose models draw images, `module:function` of
            `open(preset) -> studio.core.generators.latent.Generator`; "" for others.
        encodes: whether those models read images, too.
        networks: of a training run, `module:function` of `networks(preset) -> {name: keras.Model}`: the
            networks of a model that are exported to LiteRT and run from there; "" for others.
        builtin: names of models that are in no folder: the studio makes them of weights that it borrows.
        readable: of a task whose text is JSON for programs, `module:function` of `readable(dict) -> str`,
            light, the same in a user's words; "" for others.
        goal: of a training run, what tells how good its model is; None where nothing does.
        scores: of a training run, `module:function` of `figures(preset, data, part, progress) -> figures`,
            which measures one of its models; without a part, on what the training held out. What it has to
            tell in sentences is a figure called "notes". "" where nothing measures it.
        scores_imported: the same of `figures(file, data, part, progress, preprocessing, flat)`, which
            measures an imported model.
        done: how its result is told apart from its content, as words of a file's name that stand between the
            content and what else it was made of, the second only before those: "coffee dreaming of eyes.png".
        beside: what pages call the content that a result is compared with, at the size of the result.
        interactive: whether it may run while somebody waits for it, in the live lane: it takes seconds.
        stands_for: of a task without a command, `module:function` of `stands_for(settings, inputs) ->
            Spelled`, light: the task whose command does the same; "" for others.
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
    prepare_keras: str = ""
    kind: str = ""
    usual: str = ""
    loads_keras: bool = False
    needs: str = ""
    grows: str = ""
    tries: str = ""
    opens: str = ""
    encodes: bool = False
    networks: str = ""
    builtin: tuple[str, ...] = ()
    readable: str = ""
    goal: Goal | None = None
    scores: str = ""
    scores_imported: str = ""
    done: tuple[str, str] = ("", "")
    beside: str = "Content"
    interactive: bool = False
    stands_for: str = ""
    also: str = ""

    @property
    def of_a_image(self) -> bool:
        """Whether its first input is one image, so that a folder or a video of them can go through it."""
        first = self.inputs[0] if self.inputs else None
        return first is not None and first.kind == "image" and first.most == 1

    def makes(self, settings: Settings) -> Kind:
        """The kind of the main result with these settings."""
        return imported(self.kind)(settings) if self.kind else self.produces


@dataclass(frozen=True)
class Spelled:
    """How a task without a command is asked for by another one's.

    Attributes:
        task, settings, inputs: of the other one.
        ending: of the result.
        values: settings that its command takes besides, by their flags.
    """

    task: Task
    settings: Settings
    inputs: Inputs
    ending: str
    values: Mapping[str, Any]


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


def imported(path: str) -> Any:
    """The object that `module:name` names; only ever called with names from this project's own code."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
