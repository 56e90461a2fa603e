"""The classifiers that can be asked: trained or imported ones, and ImageNet's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np

from studio.classify.models import imagenet, imported_classifier, trained
from studio.classify.models.classifier import Classifier
from studio.classify.settings import (
    IMAGENET,
    AuditSettings,
    ExplainSettings,
    ExportSettings,
    PredictSettings,
    TrainClassifierSettings,
)
from studio.core.errors import StudioError, invalid
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs
from studio.imported import files
from studio.imported.preprocessing import describe

Asked = PredictSettings | ExplainSettings | ExportSettings
Given = Asked | AuditSettings | TrainClassifierSettings


def names() -> list[str]:
    """The names of all classifiers that are whole, ImageNet's first."""
    found = [IMAGENET]
    for name in presets.names():
        with suppress(StudioError):
            trained.classes_of(_classifier(name))
            found.append(name)
    return found


def classifier(settings: Asked, inputs: Inputs, progress: Progress | None = None) -> Classifier:
    """The classifier that was given, else the one that the settings name; kept in memory.

    Raises:
        InvalidInput: if there is none, or it is another kind of model, or not whole.
        Unavailable: if its backbone is out of reach.
    """
    if found := given(settings, inputs):
        return found
    if settings.preset == IMAGENET:
        return imagenet.open(progress)
    return trained.open(_classifier(settings.preset))


def given(settings: Given, inputs: Inputs) -> Classifier | None:
    """The classifier that is among the inputs, if there is one; raises as `classifier`."""
    for file in inputs.get("model", ()):
        if files.is_imported(file):
            return imported_classifier.open(file, settings.preprocessing, settings.flat)
        return trained.open(presets.from_zip(file))
    return None


def preprocessing(settings: Given, inputs: Inputs) -> dict[str, str]:
    """The preprocessing of an imported model, and a sentence that says why; else nothing."""
    for file in inputs.get("model", ()):
        if files.is_imported(file):
            choice = imported_classifier.known(file, settings.flat).choice(settings.preprocessing)
            return {"preprocessing": choice.preprocessing, "preprocessing_note": describe(choice)}
    return {}


def preprocessing_notes(settings: Given, inputs: Inputs) -> list[str]:
    """That sentence for a list of notes; none where no model was imported."""
    return [f"{note}." for key, note in preprocessing(settings, inputs).items() if key.endswith("note")]


def weights(classifier: Classifier, inputs: Inputs) -> dict[str, str]:
    """What a recipe says of a classifier's weights; nothing if its file is among the inputs."""
    if inputs.get("model"):
        return {}
    name = imagenet.BACKBONE if classifier.name == IMAGENET else classifier.name
    return {name: classifier.digest}


def check(settings: Asked, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless there is such a classifier; loads no Keras."""
    check_given(settings, inputs)
    if not inputs.get("model") and settings.preset != IMAGENET:
        trained.classes_of(_classifier(settings.preset))


def check_given(settings: Given, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` if a model among the inputs cannot be taken; loads no Keras."""
    for file in inputs.get("model", ()):
        if files.is_imported(file):
            with file.path.open("rb") as opened:
                files.check(opened, file.name)


def check_base(settings: TrainClassifierSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` if a model cannot look at images that others learn from; loads no Keras."""
    check_given(settings, inputs)
    if inputs.get("model") and settings.finetune:
        raise invalid(
            "`--finetune` together with `--base`",
            expected="one of them, because the features of a given model stay frozen",
            received="both",
            next_step="leave one out",
        )


def prepare(settings: PredictSettings) -> None:
    """Makes a warm worker ready to say what an image shows, if what that needs is here already."""
    if settings.preset == IMAGENET and imagenet.cached():
        imagenet.open().probabilities([np.zeros((imagenet.SIZE, imagenet.SIZE, 3), "uint8")])


def _classifier(name: str) -> Preset:
    preset = presets.find(name)
    trained.settings_of(preset)
    return preset
