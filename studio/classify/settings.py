"""Settings of the classification tasks. Importing this module does not load Keras."""

from __future__ import annotations

from typing import Literal

from studio.classify.augmentation_settings import AUGMENTATION_SETTINGS, AugmentationSettings
from studio.core.settings import Settings, setting, split_setting
from studio.core.training import settings as shared

Backbone = Literal["resnet50", "vgg16", "efficientnet-lite0"]
# Cut layers by number of fine-tuned blocks (0, 1, 2): the layers after the cut are trained. A block has the
# layers of one resolution.
CUT_LAYERS = {
    "resnet50": ("conv5_block3_out", "conv4_block6_out", "conv3_block4_out"),
    "vgg16": ("block5_pool", "block4_pool", "block3_pool"),
    "efficientnet-lite0": ("top_activation", "block5c_add", "block3b_add"),
}
# The last spatial layer of each backbone, used by Grad-CAM.
MAP_LAYERS = {
    "resnet50": "conv5_block3_out",
    "vgg16": "block5_conv3",
    "efficientnet-lite0": "top_activation",
}
# Offset of those feature maps toward the top left, in feature-map pixels: ResNet50's stride-2 convolutions
# take the first of every two pixels. Measured by the gradients of map positions with respect to pixels.
MAP_OFFSETS = {"resnet50": 0.375, "vgg16": 0.0, "efficientnet-lite0": 0.0}
# The preprocessing of each backbone's input, one of `studio.imported.preprocessing.LABELS`.
PREPROCESSING = {
    "resnet50": "imagenet-caffe",
    "vgg16": "imagenet-caffe",
    "efficientnet-lite0": "-1-1",
}
FINETUNING_SETTINGS = (
    *("blocks", "epochs", "learning_rate", "batch", "label_smoothing"),
    *AUGMENTATION_SETTINGS,
)
# (settings, other setting, required value, explanation): the settings have no effect unless the other setting
# has that value.
_REQUIREMENTS: tuple[tuple[tuple[str, ...], str, object, str], ...] = (
    (FINETUNING_SETTINGS, "finetune", True, "without fine-tuning"),
    (("hidden",), "head", "mlp", "with a linear head"),
    (("strength",), "head", "linear", "with a hidden layer"),
)

AUTO = "auto"  # reads the preprocessing from the imported model, or assumes one
Preprocessing = Literal["auto", "0-255", "0-1", "-1-1", "imagenet-caffe", "imagenet-torch"]
_PREPROCESSING_HELP = (
    "Pixel range or normalization that an imported model expects; auto reads it from the model, or "
    "assumes 0 to 1."
)
_FLAT_HELP = (
    "Flattens each image into a vector; turn it on for an imported model that expects a flat vector, such "
    "as 784 values."
)
_SIZE_HELP = (
    "Side length of the square images after resizing, as fed to the network; raise it to keep more detail, "
    "lower it for speed."
)
_BACKBONE_HELP = (
    "ResNet50 is faster and usually more accurate than VGG16. EfficientNet-Lite0 is small and fast, for "
    "phones and small devices."
)
_TEST_SPLIT_HELP = (
    "Share of each class's images held out for testing; raise it for a more reliable accuracy, lower it to "
    "train on more images."
)


class TrainClassifierSettings(AugmentationSettings, shared.TrainSettings):
    """Trains an image classifier on your own classes, on the features of a pretrained backbone."""

    warmup_steps = 1_000_000  # more than any training run has, so warmup takes a tenth of all steps
    learning_rate: float = shared.learning_rate(0.0001, maximum=0.01)
    batch: int = shared.batch(32, minimum=2, maximum=256)
    backbone: Backbone = setting(
        "resnet50",
        f"Pretrained network that extracts the features. {_BACKBONE_HELP} Only its classifiers can be shared "
        "as pages.",
        tier="main",
    )
    finetune: bool = setting(
        False,
        "Trains the last blocks of the backbone in addition to the head; usually slightly more accurate but "
        "much slower than training the head alone.",
        tier="main",
        label="Fine-tune",
    )
    held_out: float = split_setting(0.3, help=_TEST_SPLIT_HELP, ge=0.05, le=0.8, step=0.05, tier="main")
    size: int = setting(224, _SIZE_HELP, label="Input size", unit="px", ge=32, le=512, step=32)
    head: Literal["linear", "mlp"] = setting(
        "linear",
        "Classifier trained on the features: linear is logistic regression; mlp (multilayer perceptron) adds "
        "a hidden layer, which can separate more complex classes but overfits more easily.",
    )
    hidden: int = setting(
        256,
        "Number of units in the hidden layer of the mlp head; raise it when the model underfits, lower it "
        "when it overfits.",
        label="Hidden units",
        ge=8,
        le=2048,
        scale="log",
    )
    strength: float = setting(
        0.0,
        "Strength of the L2 regularization of the linear head; raise it when the model overfits, lower it "
        "when it underfits. 0 selects the strength by cross-validation.",
        label="Regularization (L2)",
        ge=0,
        le=1,
        scale="log",
    )
    blocks: int = setting(
        1,
        "Number of blocks to fine-tune, counted from the end of the backbone; raise it to adapt the "
        "backbone more, lower it when the model overfits.",
        label="Fine-tuned blocks",
        ge=1,
        le=2,
    )
    epochs: int = setting(
        5,
        "Number of passes over the training images during fine-tuning; raise it while accuracy still "
        "improves, lower it when the model overfits.",
        ge=1,
        le=100,
        scale="log",
    )
    label_smoothing: float = setting(
        0.01,
        "Share of each training label's probability that is spread evenly over all classes; raise it when "
        "the model is overconfident, 0 turns it off.",
        ge=0,
        le=0.5,
    )
    coverage: float = setting(
        0.95,
        "Share of the correctly classified held-out images that keep their class; images with a lower "
        "probability are “none of these”. Lower it to reject more images, 1 rejects none. Without effect if "
        "images have several labels: then each label has the threshold 50%.",
        scale="percent",
        ge=0.5,
        le=1,
        step=0.01,
    )
    validation: bool = setting(
        False,
        "Measures the validation accuracy, which a hyperparameter search maximizes. For this, fine-tuning "
        "holds out a fifth of the training images; turn it off to train on all of them.",
        label="Validation split",
    )
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING_HELP)
    flat: bool = setting(False, _FLAT_HELP, label="Flat input")

    @property
    def cut(self) -> str:
        """Returns the name of the backbone layer after which the network is trained."""
        return CUT_LAYERS[self.backbone][self.blocks if self.finetune else 0]

    def describe_unused(self, model: str = "") -> list[str]:
        """Returns notes on settings that have no effect.

        Args:
            model: the name of the base model; "" for a pretrained backbone.
        """
        fields, notes = type(self).model_fields, _describe_unused_settings(self, model)
        for names, other, required, explanation in _REQUIREMENTS:
            changed = [name for name in names if getattr(self, name) != fields[name].default]
            if changed and getattr(self, other) != required:
                notes.append(f"Without effect {explanation}: {', '.join(changed).replace('_', ' ')}.")
        return notes


class AuditSettings(Settings):
    """Checks a dataset before training."""

    suspicious: bool = setting(
        True,
        "Trains a classifier to find images that may have a wrong label; turn it off for a faster audit.",
        label="Find wrong labels",
        tier="main",
    )
    backbone: Backbone = setting(
        "resnet50",
        f"Pretrained network that extracts the features for finding wrong labels. {_BACKBONE_HELP}",
    )
    size: int = setting(224, _SIZE_HELP, label="Input size", unit="px", ge=32, le=512, step=32)
    seed: int = setting(0, "Random seed; the same seed repeats the result.", ge=0, le=2**31 - 1)
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING_HELP)
    flat: bool = setting(False, _FLAT_HELP, label="Flat input")

    def describe_unused(self, model: str) -> list[str]:
        """Returns notes on settings that have no effect.

        Args:
            model: the name of the base model; "" for a pretrained backbone.
        """
        if model and not self.suspicious:
            return [f"Without effect, because labels are not checked: {model}."]
        return _describe_unused_settings(self, model)


def _describe_unused_settings(settings: TrainClassifierSettings | AuditSettings, model: str) -> list[str]:
    """Returns a note on changed settings without effect: with an imported model, or without one."""
    fields, names = type(settings).model_fields, ("backbone", "size") if model else ("preprocessing", "flat")
    changed = [name for name in names if getattr(settings, name) != fields[name].default]
    reason = "because the model has its own" if model else "because no imported model was given"
    return [f"Without effect, {reason}: {', '.join(changed)}."] if changed else []


class AugmentSettings(AugmentationSettings):
    """Shows random augmentations of training images."""

    size: int = setting(224, "Side length of each image in the grid.", unit="px", ge=32, le=512, step=32)
    seed: int = setting(0, "Random seed; the same seed repeats the result.", ge=0, le=2**31 - 1)


class StudySettings(Settings):
    """Measures how features, regularization, data and labels affect accuracy, on your own images."""

    backbone: Backbone = setting(
        "resnet50",
        "Pretrained network that extracts the features. The first chart ignores it, because it compares "
        "several kinds of features.",
        tier="main",
    )
    held_out: float = split_setting(0.3, help=_TEST_SPLIT_HELP, ge=0.05, le=0.8, step=0.05, tier="main")
    size: int = setting(224, _SIZE_HELP, label="Input size", unit="px", ge=32, le=512, step=32)
    seed: int = setting(
        0,
        "Random seed, which also selects the images of the test split; the same seed repeats the result.",
        ge=0,
        le=2**31 - 1,
    )


IMAGENET = "imagenet-resnet50"  # ResNet50's own 1,000 classes, no training needed
_PRESET_HELP = "Name or folder of a trained classifier, or an imported model (.keras, .h5, zip or folder)."


class PredictSettings(Settings):
    """Classifies images."""

    preset: str = setting(
        IMAGENET, _PRESET_HELP, label="Classifier", tier="main", max_length=1000, positional=True
    )
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING_HELP)
    flat: bool = setting(False, _FLAT_HELP, label="Flat input")
    top: int = setting(
        5, "Number of classes to show for each image, the most probable first.", label="Top-k", ge=1, le=1000
    )
    reject: bool = setting(
        True,
        "Predicts “none of these” where the highest probability is below the threshold of the classifier; "
        "turn it off to get a class for every image.",
        label="None of these",
    )


class ExplainSettings(Settings):
    """Shows the image regions that raise the score of a class (Grad-CAM)."""

    preset: str = setting(
        IMAGENET, _PRESET_HELP, label="Classifier", tier="main", max_length=1000, positional=True
    )
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING_HELP)
    flat: bool = setting(False, _FLAT_HELP, label="Flat input")
    label: str = setting(
        "",
        "Class that the heatmap explains. Leave empty for the most probable class.",
        label="Class",
        tier="main",
        max_length=200,
    )
    view: Literal["beside", "over", "light"] = setting(
        "beside",
        "How the heatmap is shown: beside the image (beside), over the image (over), or by darkening "
        "unimportant regions (light).",
        tier="main",
    )
    strength: float = setting(
        0.7,
        "Opacity of the heatmap; raise it for a clearer heatmap, lower it to see more of the image.",
        label="Opacity",
        ge=0.1,
        le=1,
        step=0.05,
    )


class SummarizeSettings(Settings):
    """Describes the layers of a classifier."""

    preset: str = setting(
        IMAGENET, _PRESET_HELP, label="Classifier", tier="main", max_length=1000, positional=True
    )
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING_HELP)
    flat: bool = setting(False, _FLAT_HELP, label="Flat input")


EXPORT_TITLES = {
    "keras": "Keras",
    "tflite": "TFLite",
    "onnx": "ONNX",
    "teachable": "Teachable Machine",
    "tfjs": "TensorFlow.js",
}
_ZIPS = ("teachable", "tfjs")  # formats that are a zip of several files


class ExportSettings(Settings):
    """Converts a classifier to a file for other programs."""

    preset: str = setting(
        IMAGENET, _PRESET_HELP, label="Classifier", tier="main", max_length=1000, positional=True
    )
    preprocessing: Preprocessing = setting(AUTO, _PREPROCESSING_HELP)
    flat: bool = setting(False, _FLAT_HELP, label="Flat input")
    form: Literal["keras", "tflite", "onnx", "teachable", "tfjs"] = setting(
        "keras",
        "File format: Keras, TFLite (for phones), ONNX (for most other programs), a Teachable Machine zip, "
        "or TensorFlow.js (for browsers).",
        label="Format",
        tier="main",
    )
    precision: Literal["float32", "float16", "int8"] = setting(
        "float32",
        "Number format of a TFLite file: float16 halves its size, int8 makes it a quarter and suits small "
        "devices. int8 costs some accuracy, which is measured on the test split of the training images.",
    )

    def for_ending(self, ending: str) -> ExportSettings:
        """Returns these settings with the format that a file extension asks for."""
        if ending == "zip":
            return self if self.form in _ZIPS else self.model_copy(update={"form": _ZIPS[0]})
        return self.model_copy(update={"form": ending}) if ending in ("keras", "tflite", "onnx") else self

    @property
    def ending(self) -> str:
        """The file extension, without the dot."""
        return "zip" if self.form in _ZIPS else self.form
