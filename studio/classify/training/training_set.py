"""What a training run has to learn from: images, which are held out, and what a network sees in them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from studio.classify.data import audit, matching, split
from studio.classify.models.classifier import Classifier
from studio.classify.training.features import features, of_classifier
from studio.classify.training.head import FOLDS
from studio.core import data
from studio.core.data import duplicates
from studio.core.data.cache import ImageDataset
from studio.core.data.sources import refused
from studio.core.objectives import backbones
from studio.core.objectives.backbones import Backbone
from studio.core.progress import Progress
from studio.core.tasks import File


@dataclass(frozen=True)
class TrainingSet:
    """A data set, ready to learn from.

    Attributes:
        images: all of them.
        looks: the backbone or the classifier that looks at them.
        features: `(n, C) float32`, what it sees in each.
        learned, held_out: the rows to learn from and to test on, sorted.
        validation: of the others, those that neither learn nor test; none unless asked for.
        parts: of those learned from, the part of the cross-validation in which each is left out.
        notes: sentences on what was passed over, and what is doubtful.
    """

    dataset: ImageDataset
    looks: Backbone | Classifier
    features: np.ndarray
    learned: np.ndarray
    held_out: np.ndarray
    parts: np.ndarray
    notes: tuple[str, ...] = ()
    validation: np.ndarray = field(default_factory=lambda: np.empty(0, "int64"))

    @property
    def backbone(self) -> Backbone:
        """That looks at them; there must be one."""
        assert isinstance(self.looks, Backbone)
        return self.looks

    @property
    def weights(self) -> dict[str, str]:
        """What a recipe says of a backbone's weights; a classifier is among its inputs."""
        return {self.looks.spec.name: self.looks.digest} if isinstance(self.looks, Backbone) else {}

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.dataset.classes

    def labels(self, rows: np.ndarray) -> np.ndarray:
        """The classes of some rows."""
        return self.dataset.known_labels[rows]


def load(
    file: File,
    name: str,
    size: int,
    held_out: float,
    seed: int,
    progress: Progress | None = None,
    base: Classifier | None = None,
    validation: bool = False,
) -> TrainingSet:
    """Reads, divides and looks at the images of a data set; what was done before is taken from the cache.

    Args:
        file: of the data set, see `studio.core.data.reference`.
        name: of the backbone, or of the file of `base`.
        size: px that images are brought to; of no matter next to `base`, which has its own.
        held_out: the share of each class to test on; 0: all are learned from.
        seed: of the split.
        progress: told of each stage.
        base: a classifier that looks in place of a backbone.
        validation: whether a fifth of those to learn from is left out, to select by.

    Raises:
        InvalidInput: if there are not two classes with two images each, if those of each class are all
            nearly the same, or if the data set is damaged.
        Unavailable: if the data set or the backbone is out of reach.
        Cancelled: if a user asked to stop; what the backbone has seen is kept.
    """
    progress = progress or Progress()
    dataset = data.load_dataset(file, matching.side(base.size) if base else size, 3, progress)
    audit.check(dataset, file.name)
    alike = duplicates.find(dataset, progress)
    groups, warnings = alike.labels, audit.facts(dataset, alike)["warnings"]
    labels = dataset.known_labels
    learned, tested = np.arange(len(groups)), np.empty(0, "int64")
    if held_out:
        learned, tested = split.split(labels, groups, held_out, seed)
        if not len(tested):
            received = f"{len(groups):,} images, nearly identical within each class"
            step = "add images that differ from each other"
            raise refused(file.name, "images for training and others for testing", received, step)
    validated = learned[:0]
    if validation:
        kept, out = split.split(labels[learned], groups[learned], 1 / FOLDS, seed)
        learned, validated = learned[kept], learned[out]
    looks = base or backbones.load(name, progress)
    parts = folds(labels[learned], groups[learned], seed)
    if isinstance(looks, Backbone):
        seen = features(dataset, looks, progress)
    else:
        seen = of_classifier(dataset, looks, name, progress)
    notes = (*dataset.notes, *warnings)
    return TrainingSet(dataset, looks, seen, learned, tested, parts, notes, validated)


def folds(labels: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """The part of the cross-validation in which each image is left out, `(n,)`; few images have fewer.

    Args:
        labels: `(n,)`, their classes.
        groups: `(n,)`, those that are nearly the same.
        seed: of the draw.
    """
    count = min(FOLDS, int(np.bincount(labels).min()))
    return split.folds(labels, groups, max(2, count), seed)
