"""The training data of a run: images, splits and features."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from studio.classify.data import audit, folder_split, matching, split
from studio.classify.models.classifier import Classifier
from studio.classify.training.features import extract_features, extract_with_classifier
from studio.classify.training.head import FOLDS
from studio.core import data
from studio.core.data import near_duplicates
from studio.core.data.cache import ImageDataset
from studio.core.data.sources import invalid_data_set
from studio.core.objectives import backbones
from studio.core.objectives.backbones import Backbone
from studio.core.progress import Progress
from studio.core.tasks import File


@dataclass(frozen=True)
class TrainingSet:
    """A dataset that is ready for training.

    Attributes:
        dataset: all images.
        extractor: the backbone or the classifier that provides the features.
        features: `(n, C) float32`.
        train_rows, test_rows: rows of the training and the test split, sorted.
        folds: the cross-validation fold of each training row.
        notes: sentences on skipped files and possible problems.
        validation_rows: rows of the validation split; empty unless requested or a folder has it.
        has_own_split: whether the folders of the dataset decide the split.
    """

    dataset: ImageDataset
    extractor: Backbone | Classifier
    features: np.ndarray
    train_rows: np.ndarray
    test_rows: np.ndarray
    folds: np.ndarray
    notes: tuple[str, ...] = ()
    validation_rows: np.ndarray = field(default_factory=lambda: np.empty(0, "int64"))
    has_own_split: bool = False

    @property
    def backbone(self) -> Backbone:
        """The backbone; only valid when the extractor is one."""
        assert isinstance(self.extractor, Backbone)
        return self.extractor

    @property
    def weights(self) -> dict[str, str]:
        """The backbone's weights for the recipe; empty for a classifier, which is among the inputs."""
        return (
            {self.extractor.spec.name: self.extractor.digest} if isinstance(self.extractor, Backbone) else {}
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.dataset.classes

    def labels(self, rows: np.ndarray) -> np.ndarray:
        """Returns the labels of some rows: `(m,) int64`, or multi-hot, `(m, k) bool`."""
        return self.dataset.targets[rows]

    @property
    def is_multi_label(self) -> bool:
        """Whether an image can have any number of labels, so that each class has its own sigmoid."""
        return self.dataset.multi_hot is not None


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
    """Reads a dataset, splits it and computes its features; results of earlier calls come from the cache.

    Args:
        file: a dataset, see `studio.core.data.store_reference`.
        name: of the backbone, or of the file of `base`.
        size: image side in px; ignored with `base`, which has its own.
        held_out: test share of each class, unless folders decide the split; 0 trains on all images.
        seed: of the split.
        progress: receives each stage.
        base: a classifier that provides the features instead of a backbone.
        validation: holds out a fifth of the training images for model selection, unless a folder has others.

    Raises:
        InvalidInput: if there are fewer than two classes with two images each, if all images of each class
            are nearly the same, or if the dataset is damaged.
        Unavailable: if the dataset or the backbone cannot be loaded.
        Cancelled: if a user asked to stop; features computed so far stay cached.
    """
    progress = progress or Progress()
    dataset = data.load_dataset(file, matching.dataset_side(base.size) if base else size, 3, progress)
    audit.check(dataset, file.name)
    duplicates = near_duplicates.find(dataset, progress)
    groups, labels = duplicates.labels, split.stratify(dataset.targets)
    train_rows, test_rows = np.arange(len(groups)), np.empty(0, "int64")
    own_split = folder_split.find(dataset) if held_out else None
    validation_rows = train_rows[:0]
    if own_split:
        train_rows, test_rows = own_split.train_rows, own_split.test_rows
        validation_rows = own_split.validation_rows
    elif held_out:
        train_rows, test_rows = split.split(labels, groups, held_out, seed)
        if not len(test_rows):
            received = f"{len(groups):,} images, nearly identical within each class"
            step = "add images that differ from each other"
            raise invalid_data_set(file.name, "images for training and others for testing", received, step)
    if validation and not len(validation_rows):
        inside, outside = split.split(labels[train_rows], groups[train_rows], 1 / FOLDS, seed)
        train_rows, validation_rows = train_rows[inside], train_rows[outside]
    extractor = base or backbones.load(name, progress)
    folds = assign_folds(dataset.targets[train_rows], groups[train_rows], seed)
    if isinstance(extractor, Backbone):
        vectors = extract_features(dataset, extractor, progress)
    else:
        vectors = extract_with_classifier(dataset, extractor, name, progress)
    findings = audit.describe(dataset, duplicates)
    return TrainingSet(
        dataset,
        extractor,
        vectors,
        train_rows,
        test_rows,
        folds,
        (*findings["notes"], *findings["warnings"]),
        validation_rows,
        own_split is not None,
    )


def assign_folds(targets: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Assigns each image to a cross-validation fold, `(n,)`; small datasets have fewer folds.

    Args:
        targets: labels of each image, `(n,)`, or multi-hot, `(n, k)`.
        groups: `(n,)`, group of near-duplicates of each image.
        seed: of the assignment.
    """
    smallest = (targets.sum(axis=0) if targets.ndim > 1 else np.bincount(targets)).min()
    return split.assign_folds(split.stratify(targets), groups, max(2, min(FOLDS, int(smallest))), seed)
