"""The settings of teaching classes; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.settings import Settings, setting, split_setting
from studio.core.training import settings as shared

# Where a backbone is cut for fine-tuning: what comes after that layer learns, by how many of its top blocks.
CUTS = {
    "resnet50": ("conv5_block3_out", "conv4_block6_out", "conv3_block4_out"),
    "vgg16": ("block5_pool", "block4_pool", "block3_pool"),
}
# The last layer of each that still has places: where Grad-CAM looks.
MAPS = {"resnet50": "conv5_block3_out", "vgg16": "block5_conv3"}
# By how much of a step a place of those looks up and left of where it lies: ResNet50's convolutions of stride
# 2 take the first pixel of each two. Measured by the slopes of places by pixels.
LEANS = {"resnet50": 0.375, "vgg16": 0.0}
OF_FINETUNING = ("blocks", "epochs", "learning_rate", "batch", "flip", "label_smoothing")
# What does something beside a certain choice alone: its names, that choice, and how a sentence names another.
_ONLY_BESIDE: tuple[tuple[tuple[str, ...], str, object, str], ...] = (
    (OF_FINETUNING, "finetune", True, "without fine-tuning"),
    (("hidden",), "head", "mlp", "with a linear head"),
    (("strength",), "head", "linear", "with a hidden layer"),
)


AUTO = "auto"  # the preprocessing that an imported model says, or that is assumed
Preprocessing = Literal["auto", "0-255", "0-1", "-1-1", "imagenet-caffe", "imagenet-torch"]
_PREPROCESSING = "Input range of an imported model; auto: what the model says, else 0 to 1."
_FLAT = "Give an imported model that takes a row of numbers, such as 784, the pixels of an image."


class TrainClassifierSettings(shared.TrainSettings):
    """Teaches a network that has seen a million photos to tell classes of your own apart."""

    warmup_steps = 1_000_000  # a tenth of all
    learning_rate: float = shared.learning_rate(0.0001, most=0.01)
    batch: int = shared.batch(32, least=2, most=256)
    backbone: Literal["resnet50", "vgg16"] = setting(
        "resnet50", "Which network looks at the pictures: ResNet50 is quicker and mostly better.", tier="main"
    )
    finetune: bool = setting(
        False,
        "Let the network's top learn too: better by a little, and takes far longer.",
        tier="main",
        label="Fine-tune",
    )
    held_out: float = split_setting(
        0.3, help="The share of each class that is kept to test on.", ge=0.05, le=0.8, step=0.05, tier="main"
    )
    size: int = setting(
        224, "The side to which pictures are brought; smaller is quicker.", unit="px", ge=32, le=512, step=32
    )
    head: Literal["linear", "mlp"] = setting(
        "linear", "What decides: a weighted sum, or a small network with a hidden layer."
    )
    hidden: int = setting(256, "Units of that hidden layer.", ge=8, le=2048, scale="log")
    strength: float = setting(
        0.0,
        "L2 regularization of that sum's weights; 0: chosen by cross-validation.",
        ge=0,
        le=1,
        scale="log",
    )
    blocks: int = setting(1, "How many of the top blocks fine-tuning reaches.", ge=1, le=2)
    epochs: int = setting(5, "How often fine-tuning goes through the pictures.", ge=1, le=100, scale="log")
    flip: bool = setting(True, "Fine-tune on mirrored pictures too; not for letters or digits.")
    label_smoothing: float = setting(
        0.01,
        "How much of a picture's truth fine-tuning gives to the other classes; more makes it less sure.",
        ge=0,
        le=0.5,
    )
    validation: bool = setting(
        False,
        "Also measure validation accuracy, on training images left out: a search selects by it.",
    )
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING)
    flat: bool = setting(False, _FLAT)

    @property
    def cut(self) -> str:
        """The layer of the backbone after which the network learns; its last one without fine-tuning."""
        return CUTS[self.backbone][self.blocks if self.finetune else 0]

    def without_effect(self, model: str = "") -> list[str]:
        """Sentences on what is set and does nothing beside the rest, or beside a model; "" for none."""
        fields, told = type(self).model_fields, _idle_beside(self, model)
        for names, other, choice, lack in _ONLY_BESIDE:
            idle = [name for name in names if getattr(self, name) != fields[name].default]
            if idle and getattr(self, other) != choice:
                told.append(f"Without effect {lack}: {', '.join(idle).replace('_', ' ')}.")
        return told


class AuditSettings(Settings):
    """Looks a data set over before anything learns from it."""

    suspicious: bool = setting(
        True, "Also look for wrong labels, with a first model that is trained for it.", tier="main"
    )
    backbone: Literal["resnet50", "vgg16"] = setting("resnet50", "Whose features that model learns from.")
    size: int = setting(
        224, "The side to which pictures are brought; smaller is quicker.", unit="px", ge=32, le=512, step=32
    )
    seed: int = setting(0, "Seed of every random draw.", ge=0, le=2**31 - 1)
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING)
    flat: bool = setting(False, _FLAT)

    def without_effect(self, model: str) -> list[str]:
        """Sentences on what is set otherwise than usual and does nothing beside a model; "" for none."""
        if model and not self.suspicious:
            return [f"Without effect where labels are not looked at: {model}."]
        return _idle_beside(self, model)


def _idle_beside(settings: TrainClassifierSettings | AuditSettings, model: str) -> list[str]:
    """What does nothing because a model looks at the pictures, or because none does."""
    fields, named = type(settings).model_fields, ("backbone", "size") if model else ("preprocessing", "flat")
    idle = [name for name in named if getattr(settings, name) != fields[name].default]
    why = "since the model has its own" if model else "since no imported model was given"
    return [f"Without effect, {why}: {', '.join(idle)}."] if idle else []


class StudySettings(Settings):
    """Measures what learning needs, on pictures of your own."""

    backbone: Literal["resnet50", "vgg16"] = setting(
        "resnet50", "Whose features all but the first question are asked of.", tier="main"
    )
    held_out: float = split_setting(
        0.3, help="The share of each class that is kept to test on.", ge=0.05, le=0.8, step=0.05, tier="main"
    )
    size: int = setting(
        224, "The side to which pictures are brought; smaller is quicker.", unit="px", ge=32, le=512, step=32
    )
    seed: int = setting(0, "Seed of the split and of every random draw.", ge=0, le=2**31 - 1)


IMAGENET = "imagenet-resnet50"  # ResNet50's own classes: a classifier that needs no training
_PRESET = "A classifier: its name, its folder, or an imported model (.keras, .h5, zip or folder)."


class PredictSettings(Settings):
    """Says what pictures show."""

    preset: str = setting(IMAGENET, _PRESET, tier="main", max_length=1000, positional=True)
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING)
    flat: bool = setting(False, _FLAT)
    top: int = setting(5, "How many labels are told of each picture, the likeliest first.", ge=1, le=1000)


class ExplainSettings(Settings):
    """Shows where in a picture a classifier sees what it says."""

    preset: str = setting(IMAGENET, _PRESET, tier="main", max_length=1000, positional=True)
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING)
    flat: bool = setting(False, _FLAT)
    label: str = setting("", "The label to look for; empty: the likeliest.", tier="main", max_length=200)
    view: Literal["beside", "over", "light"] = setting(
        "beside", "The colours beside the picture, over it, or light where it looks.", tier="main"
    )
    strength: float = setting(0.7, "How strong the colours are, or the shade.", ge=0.1, le=1, step=0.05)


_ZIPS = ("teachable", "tfjs")  # forms that are several files in a zip


class ExportSettings(Settings):
    """Makes a file of a classifier that other programs take."""

    preset: str = setting(IMAGENET, _PRESET, tier="main", max_length=1000, positional=True)
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING)
    flat: bool = setting(False, _FLAT)
    form: Literal["keras", "tflite", "onnx", "teachable", "tfjs"] = setting(
        "keras",
        "For Keras, for phones and small devices, for everything else, as Teachable Machine's zip, or for "
        "TensorFlow.js.",
        tier="main",
    )

    def for_ending(self, ending: str) -> ExportSettings:
        """These settings for a file that ends so."""
        if ending == "zip":
            return self if self.form in _ZIPS else self.model_copy(update={"form": _ZIPS[0]})
        return self.model_copy(update={"form": ending}) if ending in ("keras", "tflite", "onnx") else self

    @property
    def ending(self) -> str:
        """Of the file's name."""
        return "zip" if self.form in _ZIPS else self.form
