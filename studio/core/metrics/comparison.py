"""How close the images of a model come to real ones, measured on the way and at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.data import ImageDataset, Part
from studio.core.errors import Unavailable, printable
from studio.core.generators.directions import MOST_NAME, direction, small_gray
from studio.core.progress import Progress
from studio.core.training.batches import evenly_spaced

if TYPE_CHECKING:
    from studio.core.metrics.scores import Statistic

WEIGHTS = ("inceptionv3",)  # that it sees with, where `scored` of a training's settings asks for it
ON_THE_WAY = 500  # images of a test, at most
MOST_NEAR = 500  # images, made and held out, each, for which the most alike is looked for
NEAR_SEEN = 3 * MOST_NEAR  # that are seen for it: those held out, and what they and the made ones are like
AT_ONCE = 512  # images learned from that are read at once there
LEAST = 20  # images, below which FID means nothing
FEW = 5000  # images of a data set, below which KID is of held-out ones: a network soon memorizes so few
BINS = 30  # of a histogram of distances
LEAST_SHARE = 0.05  # of what differs in an attribute that its direction must explain
LEAST_KNOWN = 100  # images with an attribute
RIDGE = 0.01  # an image, by which weights are held small that guess an attribute from features
LABELED, GUESSED = "as labeled by the data set", "as guessed from labels of the data set"


@dataclass(frozen=True)
class Comparison:
    """What was found at the end.

    Attributes:
        figures: fid, kid, precision, recall, some with their errors, the numbers of images, and `distances`
            as a histogram.
        distances: of made and of held-out images, to the nearest one found among all that were learned from,
            between features.
        guessed: attributes of the made images, by name, as their features tell them: numbers that grow with
            them, and the share of what differs between real images that is told so.
    """

    figures: Mapping[str, Any] = field(default_factory=dict)
    distances: Mapping[str, Sequence[float]] = field(default_factory=dict)
    guessed: Mapping[str, tuple[np.ndarray, float]] = field(default_factory=dict)


class Scorer:
    """Compares made images with those of a data set, by the features of the network that FID is told with.

    Args:
        images: the data set.
        learned, held_out: the rows to learn from and to test on.
        scored: images to compare at the end; 0: it does nothing.
        progress: told while the features of the real images are found; they are kept for the next time.
    """

    def __init__(
        self,
        dataset: ImageDataset,
        learned: np.ndarray,
        held_out: np.ndarray,
        scored: int,
        progress: Progress,
    ):
        self.scored = scored
        self.missing = ""
        self._images, self._all = dataset, dataset.part(learned)
        rng = np.random.default_rng(0)
        self._learned = np.sort(
            rng.choice(learned, min(len(learned), max(scored, ON_THE_WAY)), replace=False)
        )
        self._held_out = evenly_spaced(held_out, MOST_NEAR)
        if 0 < scored < LEAST or len(learned) < LEAST:
            self.scored, self.missing = 0, f"Fewer than {LEAST} images are too few to compare."
        self._few = len(dataset.images) < FEW and len(self._held_out) >= LEAST
        if self.scored:
            from studio.core.metrics import inception

            try:
                progress.stage("Looking at the real images")
                self._real = inception.features(dataset.images[self._learned], progress, keep=True)
                self._unseen = inception.features(dataset.images[self._held_out], progress, keep=True)
            except Unavailable as error:
                self.scored, self.missing = 0, str(error)

    @property
    def distance(self):
        """`(made images) -> {"kid": KID}`, lower is closer; None if nothing is measured. See `_kids`."""
        return self._values if self.scored else None

    def _values(self, made: np.ndarray) -> dict[str, float]:
        from studio.core.metrics import inception

        seen = inception.features(made[: min(ON_THE_WAY, self.scored)])
        return {name: kid.value for name, kid in self._kids(seen).items()}

    def _kids(self, seen: np.ndarray) -> dict[str, Statistic]:
        """The KID of features of made images, by which weights are selected.

        Of few images it is the one to held-out images, as a generator that memorizes its training images
        comes ever closer to those; "training kid" is the one to them.
        """
        from studio.core.metrics import scores

        if not self._few:
            return {"kid": scores.kid(seen, self._real)}
        return {"kid": scores.kid(seen, self._unseen), "training kid": scores.kid(seen, self._real)}

    def compare(self, made: np.ndarray, progress: Progress | None = None) -> Comparison:
        """Compares `(n, side, side, 3) uint8` made images; without `progress` it does nothing, at once."""
        return self.closest({"": made}, progress)[1]

    def closest(
        self, ways: Mapping[str, np.ndarray], progress: Progress | None = None
    ) -> tuple[str, Comparison, Mapping[str, Mapping[str, Any]]]:
        """Compares images made in several ways, and looks for copies among those that come closest, by FID.

        Args:
            ways: by name, `(n, side, side, 3) uint8` each.
            progress: without it nothing is compared, and the first way is taken.

        Returns:
            The name of the closest, what was found of it, and the figures of each of the others by its name.
        """
        if not self.scored or progress is None:
            return next(iter(ways)), Comparison({"notes": [self.missing]} if self.missing else {}), {}
        from studio.core.metrics import inception

        found = {}
        for name, made in ways.items():
            progress.stage("Comparing with real images")
            seen = inception.features(made[: self.scored], progress)
            found[name] = seen, self._figures(seen)
        best = min(found, key=lambda name: found[name][1]["fid"])
        others = {name: figures for name, (_, figures) in found.items() if name != best}
        return best, self._with_copies(ways[best], *found[best], progress), others

    def _figures(self, seen: np.ndarray) -> dict[str, Any]:
        from studio.core.metrics import scores

        fid, kids = scores.fid(seen, self._real), self._kids(seen)
        precision, recall = scores.precision_recall(seen, self._real)
        return {
            "n": len(seen),
            "real_n": len(self._real),
            **_told("fid", fid),
            **{key: value for name, kid in kids.items() for key, value in _told(name, kid).items()},
            "precision": float(precision.value),
            "recall": float(recall.value),
        }

    def _with_copies(
        self, made: np.ndarray, seen: np.ndarray, figures: dict[str, Any], progress: Progress
    ) -> Comparison:
        """Looks for copies, and guesses attributes, of made images whose features were seen."""
        mine, real = made[: len(seen)][:MOST_NEAR], self._images.images[self._held_out]
        distances = self._distances([mine, real], np.concatenate([seen[: len(mine)], self._unseen]), progress)
        near, usual = np.split(distances, [len(mine)])
        figures |= {
            "learned_n": len(self._all),
            "nearest": float(np.median(near)),
            "nearest_n": len(near),
            "nearest_held_out": float(np.median(usual)),
            "held_out_n": len(usual),
            "distances": histogram({"made": near, "held out": usual}),
        }
        told = {"made": near.tolist(), "held out": usual.tolist()}
        return Comparison(figures, told, self._guess(seen, progress))

    def _distances(self, groups: Sequence[np.ndarray], seen: np.ndarray, progress: Progress) -> np.ndarray:
        """How far images are from the nearest found among all that were learned from, `(n,) float32`.

        The features of all would take too long, so only those of a sample are known; but a copy looks like
        what it is of: the one of all that looks most alike is compared, too.
        """
        from studio.core.metrics import inception, scores

        twins = inception.features(alike(groups, self._all, progress), progress)
        return np.minimum(scores.nearest(seen, self._real), np.linalg.norm(seen - twins, axis=1))

    def _guess(self, seen: np.ndarray, progress: Progress) -> dict[str, tuple[np.ndarray, float]]:
        """Attributes of made images, by a regression on real ones, if it tells unseen ones too."""
        found = {}
        for name, values in self._images.attributes.items():
            progress.check()
            wanted = values[self._learned]
            known = np.isfinite(wanted).sum()
            if known >= LEAST_KNOWN and np.nanmin(wanted) < np.nanmax(wanted):
                vector, told = direction(self._real, wanted, ridge=known * RIDGE)
                if told > LEAST_SHARE:
                    found[name] = seen @ vector, told
        return found


def alike(groups: Sequence[np.ndarray], among: Part, progress: Progress) -> np.ndarray:
    """For each image that of a data set, mirrored or not, whose small gray copy is nearest to its own.

    Args:
        groups: of images, each `(n, side, side, C) uint8`, of one channel or three.
        among: to look in; read once, a part at a time.

    Returns:
        `(all n, side, side, C) uint8`, with the channels of the data set, mirrored where that is nearer.
    """
    from studio.core.metrics import scores

    count = sum(map(len, groups))
    mirrors = [images[:, :, ::-1] for images in groups]
    wanted = np.concatenate([small_gray(images) for images in (*groups, *mirrors)])
    least, rows = np.full(2 * count, np.inf), np.zeros(2 * count, int)
    for start in range(0, len(among), AT_ONCE):
        squares = scores.squared_distances(wanted, small_gray(among[start : start + AT_ONCE]))
        found = squares.min(axis=1)
        rows = np.where(found < least, start + squares.argmin(axis=1), rows)
        least = np.minimum(found, least)
        progress.report(min(start + AT_ONCE, len(among)), len(among), text="Looking for copies")
    mirrored = least[count:] < least[:count]
    twins = np.array(among[np.where(mirrored, rows[count:], rows[:count])])
    twins[mirrored] = twins[mirrored, :, ::-1]
    return twins


def histogram(distances: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    """Several sets of distances by the same bins.

    Args:
        distances: by whose they are, `(n,)` each.

    Returns:
        "edges", one more than there are bins, and by whose they are the share of them in each bin.
    """
    together = np.concatenate(list(distances.values()))
    edges = np.histogram_bin_edges(together, BINS)
    shares = {name: np.histogram(values, edges)[0] / len(values) for name, values in distances.items()}
    return {
        name: [round(float(n), 4) for n in numbers] for name, numbers in {"edges": edges, **shares}.items()
    }


def _told(name: str, found: Statistic) -> dict[str, float]:
    name = name.replace(" ", "_")
    return {name: float(found.value), f"{name}_error": float(found.error)}


def note(name: str, share: float, how: str = LABELED) -> str:
    """What a user should know of the direction of an attribute.

    Args:
        share: of what differs in it that the direction explains.
        how: it is known of the images, LABELED or GUESSED.
    """
    return f"{printable(name, MOST_NAME)}, {how}; it explains {share:.0%} of what differs in it"


def rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures of `compare` as rows of a card, each with its number of images."""
    if "fid" not in figures:
        return [("FID", "not measured")]
    against = f"{figures['n']:,} made against {figures['real_n']:,} learned from"
    return [
        (f"FID, {against}", f"{figures['fid']:.2f} ± {figures['fid_error']:.2f}"),
        *_kid_rows(figures, against),
        (
            f"precision, recall, by InceptionV3, {against}: comparable with no paper's",
            f"{figures['precision']:.3f}, {figures['recall']:.3f}",
        ),
        (
            f"median distance of {figures['nearest_n']:,} made images to the nearest found among all "
            f"{figures['learned_n']:,} learned from, against that of {figures['held_out_n']:,} held-out ones",
            f"{figures['nearest']:.3f} against {figures['nearest_held_out']:.3f}",
        ),
    ]


def _kid_rows(figures: Mapping[str, Any], against: str) -> list[tuple[str, str]]:
    """The KID, or of few images the one to held-out images before that to training images."""
    titles = {"kid": f"KID x 1000, {against}"}
    if "training_kid" in figures:
        held_out = f"{figures['n']:,} made against {figures['held_out_n']:,} held out"
        titles = {"kid": f"KID x 1000, {held_out}", "training_kid": titles["kid"]}
    return [
        (title, f"{1000 * figures[name]:.2f} ± {1000 * figures[f'{name}_error']:.2f}")
        for name, title in titles.items()
    ]
