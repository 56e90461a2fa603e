"""Optimizes an image, from coarse to fine, until its features match the nearest ones of the painting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from studio.core.errors import Cancelled
from studio.core.objectives.backbones import Backbone
from studio.core.progress import Progress
from studio.core.training.precision import resolve_precision
from studio.style.nnst import losses, matching
from studio.style.nnst.features import STRIDE, crop, extract, pad
from studio.style.nnst.pyramid import Pyramid, resize
from studio.style.nnst.schedule import PLANS, Stage, stages
from studio.style.scene import Scene

MAX_PREVIEW_SIDE = 512  # px: previews of all sizes are shown as large as the result, up to this
_NOISE_DEVIATION = 0.02  # standard deviation


@dataclass(frozen=True)
class OptimizeResult:
    """A result of `optimize`.

    Attributes:
        images_01: `(1, h, w, 3) float32 in [0, 1]`, of the size of the last stage that began.
        steps: Adam steps over all sizes.
        losses: by name, after the last step: `distance` is the mean cosine distance to the matches.
        matches: one `(h, w, 2) float32 in [0, 1]` per style: y and x in the style of each position's match.
        cancelled: whether the user stopped it.
    """

    images_01: np.ndarray
    steps: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    matches: list[np.ndarray] = field(default_factory=list)
    cancelled: bool = False


def photo_share(strength: float) -> float:
    """Returns the photo's share in the blend that is matched at each larger size: 1 at strength 0, 0 at 1.

    It is .74 at the default strength of 0.8; a share of .25 dissolved faces into brush strokes.
    """
    return 1.0 - strength**6


def structure_weight(strength: float) -> float:
    """Returns the weight of the photo's features against the matched ones: 1 at strength 0, 0 at 1.

    It is .12 at the default strength of 0.8: at .04, structure was further from the photo's than in some
    results of 2015. Below a strength of 0.44 it rises faster, to keep faces recognizable.
    """
    return max(0.6 * (1.0 - strength), 1.0 - 1.5 * strength)


def optimize(scene: Scene, backbone: Backbone, progress: Progress) -> OptimizeResult:
    """Optimizes a scene through all stages that its settings name.

    Args:
        backbone: VGG16.
        progress: receives every step; reported steps take about equal time, though large sizes cost more.

    Reference:
        Kolkin et al. 2022, "Neural Neighbor Style Transfer", arXiv:2203.13215.
    """
    run = _Run(scene, backbone.with_precision(resolve_precision(scene.settings.precision)), progress)
    try:
        for stage in run.plan:
            run.begin(stage)
            for _ in range(stage.steps):
                run.step()
                if run.steps == scene.settings.stop_after:
                    return run.result()
    except Cancelled:
        return run.result(cancelled=True)
    return run.result()


class _Run:
    """The state of one optimization."""

    def __init__(self, scene: Scene, backbone: Backbone, progress: Progress):
        self.scene, self.backbone, self.progress = scene, backbone, progress
        self.plan = stages(scene.settings)
        self.total = sum(stage.steps for stage in self.plan)
        self.work, self.spent = sum(stage.steps * stage.cost for stage in self.plan), 0.0
        self.steps, self.losses = 0, dict[str, float]()
        self.matches: list[np.ndarray] = []
        self.loss: losses.MatchLoss | losses.LayerwiseLoss
        self.size = 0  # px, at which the features below were extracted
        self.photo, self.banks = np.empty(0, "float16"), list[matching.Bank]()
        self.rng = np.random.default_rng(scene.settings.seed)
        start_01 = scene.start_01(self.plan[0].size)
        # Grain of about five gray levels: another seed moves the strokes.
        grain = _NOISE_DEVIATION * scene.share * self.rng.standard_normal(start_01.shape)
        self.image = np.clip(start_01 + grain, 0.0, 1.0).astype("float32")

    def begin(self, stage: Stage) -> None:
        """Matches the features at a size, from a blend of the photo and the current result.

        Raises:
            Cancelled: if the user stopped the job.
        """
        scene, settings = self.scene, self.scene.settings
        content_01 = scene.content_01(stage.size)
        image = resize(self.image, content_01.shape)
        share = photo_share(settings.strength) if self.steps else 1.0
        if stage.size != self.size:  # the last stage has the size of the one before
            self._read(stage.size, content_01)
        photo, banks = self.photo, self.banks
        shares = [_average_positions(share) for share in scene.shares_at(*content_01.shape[1:3])]
        weight = structure_weight(settings.strength)
        if stage.layerwise:
            self.loss = losses.LayerwiseLoss(
                self.backbone, photo, banks, shares, weight, self.rng, self.progress
            )
        else:
            blend = image + share * (content_01 - image)
            features = photo if share == 1 else extract(self.backbone, pad(blend), self.progress)
            indices = [matching.find_nearest(features, bank, self.progress) for bank in banks]
            self.matches = [bank.positions[index] for bank, index in zip(banks, indices, strict=True)]
            self.loss = losses.MatchLoss(self.backbone, photo, banks, indices, shares, weight, self.progress)
        self.stage = stage
        self.image, self.pyramid = image, Pyramid(pad(image))  # last, so that canceling keeps the image

    def _read(self, size: int, content_01: np.ndarray) -> None:
        """Extracts the features of photo and paintings at a size."""
        turns = PLANS[self.scene.settings.mode].turns
        photo = extract(self.backbone, pad(content_01), self.progress)
        self.banks = [
            matching.build_bank(list(self._style_maps(style_01, turns)), turns, self.rng)
            for style_01 in self.scene.styles_01(size)
        ]
        self.photo, self.size = photo, size

    def step(self) -> None:
        """Takes one step of Adam. Raises `Cancelled` if the user stopped the job."""
        value, gradient = self.loss(self.pyramid.images_01)
        self.pyramid.descend(gradient)
        height, width = self.image.shape[1:3]
        self.image = np.clip(self.pyramid.images_01[:, :height, :width], 0.0, 1.0)
        self.steps, self.spent = self.steps + 1, self.spent + self.stage.cost
        self.losses = {"distance": value}
        preview_shape = self.scene.shape(min(MAX_PREVIEW_SIDE, self.scene.settings.size))
        step, image = round(self.spent / self.work * self.total), self.image
        self.progress.report(
            step, self.total, self.losses, lambda: self.scene.finish(resize(image, preview_shape))
        )

    def result(self, cancelled: bool = False) -> OptimizeResult:
        return OptimizeResult(self.image, self.steps, self.losses, self.matches, cancelled)

    def _style_maps(self, style_01: np.ndarray, turns: tuple[int, ...]) -> Iterator[np.ndarray]:
        for turn in turns:
            turned = np.ascontiguousarray(np.rot90(style_01, turn, axes=(1, 2)))
            yield extract(self.backbone, crop(turned), self.progress)


def _average_positions(share: np.ndarray) -> np.ndarray:
    """Averages a map over pixels, `(H, W)`, to one over the positions of the features."""
    padded_share = pad(share[None, ..., None])[0, ..., 0]
    height, width = (side // STRIDE for side in padded_share.shape)
    return padded_share.reshape(height, STRIDE, width, STRIDE).mean(axis=(1, 3))
