"""Compares generated images with real ones, during training and at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.data import ImageDataset, ImageSubset
from studio.core.errors import Unavailable, make_printable
from studio.core.generators.directions import MAX_NAME_CHARACTERS, fit_direction, shrink_to_gray
from studio.core.progress import Progress
from studio.core.training.batches import select_evenly_spaced

if TYPE_CHECKING:
    from studio.core.metrics.scores import Statistic

WEIGHTS = ("inceptionv3",)  # needed if the training setting `scored` is not 0
TEST_IMAGES = 500  # most images of a test during training
MAX_COPY_CHECKS = 500  # most generated and most held-out images that are checked for copies
COPY_CHECK_IMAGES = 3 * MAX_COPY_CHECKS  # InceptionV3 passes: held-out images and the nearest of both groups
CHUNK_IMAGES = 512  # training images read at once
MIN_IMAGES = 20  # images; FID of fewer means nothing
# KID of data sets with fewer images uses held-out images, because networks memorize the others.
SMALL_DATASET_IMAGES = 5000
BINS = 30  # bins of a histogram of distances
MIN_EXPLAINED_SHARE = 0.05  # least explained variance of an attribute's direction
MIN_ATTRIBUTE_IMAGES = 100  # least number of images with an attribute
RIDGE = 0.01  # ridge penalty per image, of the regression of an attribute on features
LABELED, GUESSED = "as labeled by the data set", "as guessed from labels of the data set"


@dataclass(frozen=True)
class Comparison:
    """Result of comparing generated with real images.

    Attributes:
        figures: metrics: fid, kid, precision, recall, some errors, numbers of images, and `distances` as a
            histogram.
        distances: distances of generated and of held-out images to the nearest training image, in feature
            space.
        attributes: estimates of attributes of the generated images, by name: an `(n,)` score that grows with
            the attribute, and the share of variance that it explains on real images.
    """

    figures: Mapping[str, Any] = field(default_factory=dict)
    distances: Mapping[str, Sequence[float]] = field(default_factory=dict)
    attributes: Mapping[str, tuple[np.ndarray, float]] = field(default_factory=dict)


class Scorer:
    """Compares generated images with those of a data set, by InceptionV3 features.

    Args:
        dataset: the data set.
        train_rows, test_rows: indices of the training images and of the test images.
        scored: number of images to compare at the end; 0 turns comparison off.
        progress: reports while computing the features of the real images, which are then cached.
    """

    def __init__(
        self,
        dataset: ImageDataset,
        train_rows: np.ndarray,
        test_rows: np.ndarray,
        scored: int,
        progress: Progress,
    ):
        self.scored = scored
        self.missing_reason = ""
        self._dataset, self._train_images = dataset, dataset.select(train_rows)
        rng = np.random.default_rng(0)
        self._train_rows = np.sort(
            rng.choice(train_rows, min(len(train_rows), max(scored, TEST_IMAGES)), replace=False)
        )
        self._test_rows = select_evenly_spaced(test_rows, MAX_COPY_CHECKS)
        if 0 < scored < MIN_IMAGES or len(train_rows) < MIN_IMAGES:
            self.scored, self.missing_reason = 0, f"Fewer than {MIN_IMAGES} images are too few to compare."
        self._is_small = len(dataset.images) < SMALL_DATASET_IMAGES and len(self._test_rows) >= MIN_IMAGES
        if self.scored:
            from studio.core.metrics import inception

            try:
                progress.report_stage("Looking at the real images")
                self._real_features = inception.compute_features(
                    dataset.images[self._train_rows], progress, keep=True
                )
                self._test_features = inception.compute_features(
                    dataset.images[self._test_rows], progress, keep=True
                )
            except Unavailable as error:
                self.scored, self.missing_reason = 0, str(error)

    @property
    def measure_kid(self):
        """Function from generated images to `{"kid": KID}`; None if comparison is off."""
        return self._measure_kid if self.scored else None

    def _measure_kid(self, images: np.ndarray) -> dict[str, float]:
        from studio.core.metrics import inception

        features = inception.compute_features(images[: min(TEST_IMAGES, self.scored)])
        return {name: kid.value for name, kid in self._compute_kids(features).items()}

    def _compute_kids(self, features: np.ndarray) -> dict[str, Statistic]:
        """Computes the KID of features of generated images, which selects the best weights.

        For a small data set "kid" is the distance to held-out images, because that to training images keeps
        falling when the generator memorizes them; the latter is then "training kid".
        """
        from studio.core.metrics import scores

        if not self._is_small:
            return {"kid": scores.kid(features, self._real_features)}
        return {
            "kid": scores.kid(features, self._test_features),
            "training kid": scores.kid(features, self._real_features),
        }

    def compare(self, images: np.ndarray, progress: Progress | None = None) -> Comparison:
        """Compares `(n, side, side, 3) uint8` generated images; returns at once without `progress`."""
        return self.compare_candidates({"": images}, progress)[1]

    def compare_candidates(
        self, candidates: Mapping[str, np.ndarray], progress: Progress | None = None
    ) -> tuple[str, Comparison, Mapping[str, Mapping[str, Any]]]:
        """Compares several sets of generated images, and checks the set of lowest FID for copies.

        Args:
            candidates: sets of images by name, `(n, side, side, 3) uint8` each.
            progress: without it nothing is compared, and the first set is returned.

        Returns:
            The name of the best set, its comparison, and the metrics of the other sets by name.
        """
        if not self.scored or progress is None:
            notes = {"notes": [self.missing_reason]} if self.missing_reason else {}
            return next(iter(candidates)), Comparison(notes), {}
        from studio.core.metrics import inception

        results = {}
        for name, images in candidates.items():
            progress.report_stage("Comparing with real images")
            features = inception.compute_features(images[: self.scored], progress)
            results[name] = features, self._compute_figures(features)
        best_name = min(results, key=lambda name: results[name][1]["fid"])
        other_figures = {name: figures for name, (_, figures) in results.items() if name != best_name}
        comparison = self._complete_comparison(candidates[best_name], *results[best_name], progress)
        return best_name, comparison, other_figures

    def _compute_figures(self, features: np.ndarray) -> dict[str, Any]:
        from studio.core.metrics import scores

        fid, kids = scores.fid(features, self._real_features), self._compute_kids(features)
        precision, recall = scores.precision_recall(features, self._real_features)
        return {
            "n": len(features),
            "real_n": len(self._real_features),
            **_statistic_to_dict("fid", fid),
            **{
                key: value
                for name, kid in kids.items()
                for key, value in _statistic_to_dict(name, kid).items()
            },
            "precision": precision,
            "recall": recall,
        }

    def _complete_comparison(
        self, images: np.ndarray, features: np.ndarray, figures: dict[str, Any], progress: Progress
    ) -> Comparison:
        """Adds the distances to the nearest training images to `figures`, and estimates attributes.

        Returns:
            The comparison, with `figures`, the distances of each group and the attributes.
        """
        checked_images = images[: len(features)][:MAX_COPY_CHECKS]
        distances = self._measure_distances(
            [checked_images, self._dataset.images[self._test_rows]],
            np.concatenate([features[: len(checked_images)], self._test_features]),
            progress,
        )
        generated_distances, held_out_distances = np.split(distances, [len(checked_images)])
        figures |= {
            "learned_n": len(self._train_images),
            "nearest": float(np.median(generated_distances)),
            "nearest_n": len(generated_distances),
            "nearest_held_out": float(np.median(held_out_distances)),
            "held_out_n": len(held_out_distances),
            "distances": compute_histogram({"made": generated_distances, "held out": held_out_distances}),
        }
        by_group = {"made": generated_distances.tolist(), "held out": held_out_distances.tolist()}
        return Comparison(figures, by_group, self._estimate_attributes(features, progress))

    def _measure_distances(
        self, groups: Sequence[np.ndarray], features: np.ndarray, progress: Progress
    ) -> np.ndarray:
        """Measures the distances of images to the nearest training images, `(n,) float32`.

        Features of all training images would take too long, so it compares with those of a sample, and with
        the training image that is nearest in pixels, because a copy looks like its original.
        """
        from studio.core.metrics import inception, scores

        nearest_features = inception.compute_features(
            find_nearest_images(groups, self._train_images, progress), progress
        )
        return np.minimum(
            scores.compute_nearest_distances(features, self._real_features),
            np.linalg.norm(features - nearest_features, axis=1),
        )

    def _estimate_attributes(
        self, features: np.ndarray, progress: Progress
    ) -> dict[str, tuple[np.ndarray, float]]:
        """Estimates attributes of generated images by a regression on the features of real ones.

        Leaves out attributes that it does not predict on held-out images.
        """
        estimates = {}
        for name, values in self._dataset.attributes.items():
            progress.check()
            targets = values[self._train_rows]
            count = np.isfinite(targets).sum()
            if count >= MIN_ATTRIBUTE_IMAGES and np.nanmin(targets) < np.nanmax(targets):
                vector, explained_share = fit_direction(self._real_features, targets, ridge=count * RIDGE)
                if explained_share > MIN_EXPLAINED_SHARE:
                    estimates[name] = features @ vector, explained_share
        return estimates


def find_nearest_images(groups: Sequence[np.ndarray], dataset: ImageSubset, progress: Progress) -> np.ndarray:
    """Finds the nearest image of a data set for each image, compared as small gray copies.

    Args:
        groups: groups of images, each `(n, side, side, 1 or 3) uint8`.
        dataset: images to search; read once, `CHUNK_IMAGES` at a time.
        progress: reports the search.

    Returns:
        `(n of all groups, side, side, C) uint8`, mirrored where the mirror image is nearer.
    """
    from studio.core.metrics import scores

    count = sum(map(len, groups))
    mirrors = [images[:, :, ::-1] for images in groups]
    queries = np.concatenate([shrink_to_gray(images) for images in (*groups, *mirrors)])
    best, rows = np.full(2 * count, np.inf), np.zeros(2 * count, int)
    for start in range(0, len(dataset), CHUNK_IMAGES):
        squares = scores.compute_squared_distances(
            queries, shrink_to_gray(dataset[start : start + CHUNK_IMAGES])
        )
        closest = squares.min(axis=1)
        rows = np.where(closest < best, start + squares.argmin(axis=1), rows)
        best = np.minimum(closest, best)
        progress.report(min(start + CHUNK_IMAGES, len(dataset)), len(dataset), text="Looking for copies")
    is_mirrored = best[count:] < best[:count]
    matches = np.array(dataset[np.where(is_mirrored, rows[count:], rows[:count])])
    matches[is_mirrored] = matches[is_mirrored, :, ::-1]
    return matches


def compute_histogram(distances: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    """Computes histograms of several groups of distances with common bins.

    Args:
        distances: distances by group, `(n,)` each.

    Returns:
        The bin "edges", one more than bins, and by group the share of distances in each bin.
    """
    all_distances = np.concatenate(list(distances.values()))
    edges = np.histogram_bin_edges(all_distances, BINS)
    shares = {name: np.histogram(values, edges)[0] / len(values) for name, values in distances.items()}
    return {
        name: [round(float(value), 4) for value in column]
        for name, column in {"edges": edges, **shares}.items()
    }


def _statistic_to_dict(name: str, statistic: Statistic) -> dict[str, float]:
    key = name.replace(" ", "_")
    return {key: float(statistic.value), f"{key}_error": float(statistic.error)}


def describe_direction(name: str, share: float, source: str = LABELED) -> str:
    """Describes the direction of an attribute for the user.

    Args:
        name: name of the attribute.
        share: share of variance that the direction explains.
        source: source of the attribute's values, LABELED or GUESSED.
    """
    shown_name = make_printable(name, MAX_NAME_CHARACTERS)
    return f"{shown_name}, {source}; it explains {share:.0%} of what differs in it"


def make_card_rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Makes rows of a model card from the metrics of `compare`, with numbers of images."""
    if "fid" not in figures:
        return [("FID", "not measured")]
    against = f"{figures['n']:,} generated against {figures['real_n']:,} training images"
    return [
        (f"FID, {against}", f"{figures['fid']:.2f} ± {figures['fid_error']:.2f}"),
        *_make_kid_rows(figures, against),
        (
            f"precision, recall by InceptionV3 (not comparable with papers), {against}",
            f"{figures['precision']:.3f}, {figures['recall']:.3f}",
        ),
        (
            f"median feature distance to the nearest of {figures['learned_n']:,} training images: "
            f"{figures['nearest_n']:,} generated against {figures['held_out_n']:,} held-out images",
            f"{figures['nearest']:.3f} against {figures['nearest_held_out']:.3f}",
        ),
    ]


def _make_kid_rows(figures: Mapping[str, Any], against: str) -> list[tuple[str, str]]:
    """Makes the rows of the KID; for a small data set, to held-out images and to training images."""
    titles = {"kid": f"KID x 1000, {against}"}
    if "training_kid" in figures:
        held_out = f"{figures['n']:,} generated against {figures['held_out_n']:,} held-out images"
        titles = {"kid": f"KID x 1000, {held_out}", "training_kid": titles["kid"]}
    return [
        (title, f"{1000 * figures[name]:.2f} ± {1000 * figures[f'{name}_error']:.2f}")
        for name, title in titles.items()
    ]
