"""The available classifiers: trained in the studio, imported, and ImageNet's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
    SummarizeSettings,
    TrainClassifierSettings,
)
from studio.core.errors import StudioError, invalid
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs
from studio.imported import files
from studio.imported.preprocessing import describe

PresetSettings = PredictSettings | ExplainSettings | ExportSettings | SummarizeSettings
ModelSettings = PresetSettings | AuditSettings | TrainClassifierSettings
NOTES = ("preprocessing_note", "names_note")  # keys of `describe_imported_model`
_NO_NAMES_NOTE = "The model has no class names; give them with --labels, or type them on the page"


def list_names() -> list[str]:
    """Lists the names of all valid classifiers, ImageNet's first."""
    valid_names = [IMAGENET]
    for name in presets.list_names():
        with suppress(StudioError):
            trained.classes_of(_find_preset(name))
            valid_names.append(name)
    return valid_names


def load_classifier(settings: PresetSettings, inputs: Inputs, progress: Progress | None = None) -> Classifier:
    """Returns the classifier among the inputs, or else the one that the settings name; cached in memory.

    Raises:
        InvalidInput: if there is none, it is another kind of model, or its files are incomplete.
        Unavailable: if its backbone cannot be loaded.
    """
    if model := load_input(settings, inputs):
        return model
    if settings.preset == IMAGENET:
        return imagenet.load(progress)
    return trained.load(_find_preset(settings.preset))


def load_input(settings: ModelSettings, inputs: Inputs) -> Classifier | None:
    """Returns the classifier among the inputs, or None. Raises as `load_classifier`."""
    for file in inputs.get("model", ()):
        if files.is_imported(file):
            return imported_classifier.load(file, settings.preprocessing, settings.flat)
        return trained.load(presets.from_zip(file))
    return None


def find_trained_preset(settings: PresetSettings, inputs: Inputs) -> Preset | None:
    """Returns the preset of a classifier that the studio trained; None for others.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    for file in inputs.get("model", ()):
        return None if files.is_imported(file) else presets.from_zip(file)
    return None if settings.preset == IMAGENET else _find_preset(settings.preset)


def describe_imported_model(settings: ModelSettings, inputs: Inputs) -> dict[str, str]:
    """Returns the preprocessing of an imported model, a note on it, and one if it does not name its classes.

    Empty for other classifiers.
    """
    for file in inputs.get("model", ()):
        if files.is_imported(file):
            facts = imported_classifier.read_facts(file, settings.flat)
            choice = facts.choose_preprocessing(settings.preprocessing)
            names_note = {} if facts.has_names else {"names_note": _NO_NAMES_NOTE}
            return {
                "preprocessing": choice.preprocessing,
                "preprocessing_note": describe(choice),
                **names_note,
            }
    return {}


def list_imported_model_notes(
    settings: ModelSettings, inputs: Inputs, notes: Collection[str] = NOTES
) -> list[str]:
    """Returns some of the `NOTES` on an imported model as sentences; empty if no model was imported."""
    entries = describe_imported_model(settings, inputs)
    return [f"{entries[key]}." for key in notes if key in entries]


def list_weights(classifier: Classifier, inputs: Inputs) -> dict[str, str]:
    """Returns the SHA-256 of a classifier's weights by name, for a recipe; empty for one among the inputs."""
    if inputs.get("model"):
        return {}
    name = imagenet.BACKBONE if classifier.name == IMAGENET else classifier.name
    return {name: classifier.digest}


def check(settings: PresetSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` if the classifier does not exist. Does not load Keras."""
    check_model(settings, inputs)
    if not inputs.get("model") and settings.preset != IMAGENET:
        trained.classes_of(_find_preset(settings.preset))


def check_model(settings: ModelSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` if a model among the inputs cannot be used. Does not load Keras."""
    for file in inputs.get("model", ()):
        if files.is_imported(file):
            with file.path.open("rb") as stream:
                files.check(stream, file.name)


def check_base(settings: TrainClassifierSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` if a model cannot provide the features for training. Does not load Keras."""
    check_model(settings, inputs)
    if inputs.get("model") and settings.finetune:
        raise invalid(
            "`--finetune` together with `--base`",
            expected="one of them, because the features of a given model stay frozen",
            received="both",
            next_step="leave one out",
        )


def prepare(settings: PredictSettings) -> None:
    """Loads ImageNet's classifier in a warm worker, if its files are cached."""
    if settings.preset == IMAGENET and imagenet.is_cached():
        imagenet.load().predict([np.zeros((imagenet.SIZE, imagenet.SIZE, 3), "uint8")])


def _find_preset(name: str) -> Preset:
    """Returns the preset of a classifier. Raises `InvalidInput` if it is another kind of model."""
    preset = presets.find(name)
    trained.settings_of(preset)
    return preset
