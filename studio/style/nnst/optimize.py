"""Optimizes an image, from coarse to fine, until its features match the nearest ones of the painting."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from studio.core.errors import Cancelled
from studio.core.objectives.backbones import Backbone
from studio.core.progress import Progress
from studio.core.training.precision import resolve_precision
from studio.style.nnst import losses, matching
from studio.style.nnst.features import STRIDE, crop, extract, pad
from studio.style.nnst.pyramid import Pyramid, resize
from studio.style.nnst.schedule import PLANS, Stage, plan_stages
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
        progress: receives every step, with the share of the work done, because large sizes cost more.
    """
    run = _Run(scene, backbone.with_precision(resolve_precision(scene.settings.precision)), progress)
    cancelled = False
    try:
        run.take_steps()
    except Cancelled:
        cancelled = True
    return OptimizeResult(run.image, run.steps, run.losses, run.matches, cancelled)


class _Run:
    """The state of one optimization."""

    def __init__(self, scene: Scene, backbone: Backbone, progress: Progress):
        self.scene, self.backbone, self.progress = scene, backbone, progress
        self.stages = plan_stages(scene.settings)
        self.total_steps = sum(stage.steps for stage in self.stages)
        self.total_cost, self.cost = sum(stage.steps * stage.cost for stage in self.stages), 0.0
        self.steps, self.losses = 0, dict[str, float]()
        self.banks, self.matches = list[matching.Bank](), list[np.ndarray]()
        self.rng = np.random.default_rng(scene.settings.seed)
        start_01 = scene.recolor_content(self.stages[0].size)
        # Grain of about five gray levels: another seed moves the strokes.
        grain = _NOISE_DEVIATION * scene.color_share * self.rng.standard_normal(start_01.shape)
        self.image = np.clip(start_01 + grain, 0.0, 1.0).astype("float32")

    def take_steps(self) -> None:
        """Takes the steps of all stages.

        Raises:
            Cancelled: if the user stopped the job.
        """
        for stage in self.stages:
            self._take_stage(stage)

    def _take_stage(self, stage: Stage) -> None:
        """Matches the features at a size and takes the steps there."""
        content_01 = self.scene.resize_content(stage.size)
        image = resize(self.image, content_01.shape)
        shares = [_average_positions(share) for share in self.scene.compute_shares(*content_01.shape[1:3])]
        weight = structure_weight(self.scene.settings.strength)
        loss: losses.MatchLoss | losses.LayerwiseLoss
        if stage.layerwise:  # with the banks of the stage before, which has this size
            photo = extract(self.backbone, pad(content_01), self.progress)
            loss = losses.LayerwiseLoss(
                self.backbone, photo, self.banks, shares, weight, self.rng, self.progress
            )
        else:
            # One map of features at a time: at 2,048 px each takes 1.4 GB.
            self.banks = self._build_banks(stage.size)
            indices = self._match(content_01, image)
            photo = extract(self.backbone, pad(content_01), self.progress)
            loss = losses.MatchLoss(self.backbone, photo, self.banks, indices, shares, weight, self.progress)
        pyramid = Pyramid(pad(image))
        for _ in range(stage.steps):
            self._step(stage, loss, pyramid)

    def _build_banks(self, size: int) -> list[matching.Bank]:
        """Extracts the features of the paintings at a size."""
        turns, banks = PLANS[self.scene.settings.mode].turns, []
        for style_01 in self.scene.resize_styles(size):
            rotated = (np.ascontiguousarray(np.rot90(style_01, turn, axes=(1, 2))) for turn in turns)
            feature_maps = [extract(self.backbone, crop(image), self.progress) for image in rotated]
            banks.append(matching.build_bank(feature_maps, turns, self.rng))
        return banks

    def _match(self, content_01: np.ndarray, image: np.ndarray) -> list[np.ndarray]:
        """Matches a blend of the photo and the current result; returns indices into each bank."""
        content_share = photo_share(self.scene.settings.strength) if self.steps else 1.0
        blend = image + content_share * (content_01 - image)
        features = extract(self.backbone, pad(blend), self.progress)
        indices = [matching.find_nearest(features, bank, self.progress) for bank in self.banks]
        self.matches = [bank.positions[index] for bank, index in zip(self.banks, indices, strict=True)]
        return indices

    def _step(self, stage: Stage, loss: losses.MatchLoss | losses.LayerwiseLoss, pyramid: Pyramid) -> None:
        """Takes one step of Adam."""
        value, gradient = loss(pyramid.images_01)
        pyramid.descend(gradient)
        height, width = self.scene.shape_at(stage.size)[1:3]
        self.image = np.clip(pyramid.images_01[:, :height, :width], 0.0, 1.0)
        self.steps, self.cost = self.steps + 1, self.cost + stage.cost
        self.losses = {"distance": value}
        preview_shape = self.scene.shape_at(min(MAX_PREVIEW_SIDE, self.scene.settings.size))
        image, work = self.image, self.cost / self.total_cost
        self.progress.report(
            self.steps,
            self.total_steps,
            self.losses,
            lambda: self.scene.finish(resize(image, preview_shape)),
            work=work,
        )


def _average_positions(share: np.ndarray) -> np.ndarray:
    """Averages a map over pixels, `(H, W)`, to one over the positions of the features."""
    padded_share = pad(share[None, ..., None])[0, ..., 0]
    height, width = (side // STRIDE for side in padded_share.shape)
    return padded_share.reshape(height, STRIDE, width, STRIDE).mean(axis=(1, 3))
