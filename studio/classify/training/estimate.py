"""How long it takes to train classes, and how much memory."""

from __future__ import annotations

from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import features
from studio.core import data
from studio.core.tasks import Inputs

# s to look at an image of 224 px, on two cores: a little under half of a dream's pass of it.
# On two crowded ones 3,000 took three times as long, with either network.
_LOOK = {"resnet50": 0.026, "vgg16": 0.095}
_READ = 0.005  # s to read an image and bring it to its size
_HEAD = {"linear": 0.0015, "mlp": 0.0035}  # s an image, to choose and to solve what decides
_TOPS = {"resnet50": (0.21, 0.6), "vgg16": (0.09, 0.39)}  # of looking, what one and two top blocks take
_LESSON = 6  # times as long as looking: forward, back, the tests between, and reading from the disk
_BASE = 0.9 * 2**30  # bytes, of Keras and the network
_PASS = {"resnet50": 0.9 * 2**30, "vgg16": 1.4 * 2**30}  # of looking at a batch of 224 px
_OF_A_FILE = 6  # bytes for each of an imported model: its network, that of the features, what they make
_TUNING = 0.5 * 2**30  # of a batch of 32 that is learned from, and the optimizer


def usual(settings: TrainClassifierSettings, inputs: Inputs) -> float:
    """About how many seconds a lesson takes on two cores; 0 where that is not known. Loads no Keras.

    Images that the network has looked at before are not looked at again, so that they take next to nothing.

    Raises:
        InvalidInput: if the data set was changed, is damaged, or made to harm.
        Unavailable: if it is no longer kept.
    """
    if inputs.get("model"):
        return 0.0
    file = inputs["data"][0]
    dataset = data.cached_dataset(file, settings.size)
    count = data.count(file) if dataset is None else len(dataset.names)
    new = count if dataset is None else features.unseen(dataset, settings.backbone)
    look = _LOOK[settings.backbone] * (settings.size / 224) ** 2
    reading = _READ * count if dataset is None else 0.0
    seconds = reading + look * new + _HEAD[settings.head] * count
    if not settings.finetune:
        return seconds
    top = _TOPS[settings.backbone][settings.blocks - 1]
    below = look * (1 - top) * count * (2 if settings.flip else 1)
    learning = look * top * _LESSON * count * (1 - settings.held_out) * settings.epochs
    return seconds + below + learning


def needs(settings: TrainClassifierSettings, inputs: Inputs) -> float:
    """About how many bytes of memory a lesson takes. Loads no Keras.

    The images and what the network made of them are on the disk, so their number does not matter.
    """
    if given := inputs.get("model"):
        return _BASE + _OF_A_FILE * given[0].path.stat().st_size
    share = (settings.size / 224) ** 2
    tuning = _TUNING * settings.blocks * settings.batch / 32 if settings.finetune else 0
    return _BASE + share * (_PASS[settings.backbone] + tuning)
