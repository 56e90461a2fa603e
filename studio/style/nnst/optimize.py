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
        self.matches: list[np.ndarray] = []
        self.loss: losses.MatchLoss | losses.LayerwiseLoss
        self.size = 0  # px, at which the features below were extracted
        self.photo, self.banks = np.empty(0, "float16"), list[matching.Bank]()
        self.rng = np.random.default_rng(scene.settings.seed)
        start_01 = scene.recolor_content(self.stages[0].size)
        # Grain of about five gray levels: another seed moves the strokes.
        grain = _NOISE_DEVIATION * scene.color_share * self.rng.standard_normal(start_01.shape)
        self.image = np.clip(start_01 + grain, 0.0, 1.0).astype("float32")

    def take_steps(self) -> None:
        """Takes the steps of all stages, or as many as `stop_after` says.

        Raises:
            Cancelled: if the user stopped the job.
        """
        for stage in self.stages:
            self._begin_stage(stage)
            for _ in range(stage.steps):
                self._step()
                if self.steps == self.scene.settings.stop_after:
                    return

    def _begin_stage(self, stage: Stage) -> None:
        """Matches the features at a size, from a blend of the photo and the current result."""
        scene, settings = self.scene, self.scene.settings
        content_01 = scene.resize_content(stage.size)
        image = resize(self.image, content_01.shape)
        content_share = photo_share(settings.strength) if self.steps else 1.0
        if stage.size != self.size:  # the last stage has the size of the one before
            self._extract_features(stage.size, content_01)
        photo, banks = self.photo, self.banks
        shares = [_average_positions(share) for share in scene.compute_shares(*content_01.shape[1:3])]
        weight = structure_weight(settings.strength)
        if stage.layerwise:
            self.loss = losses.LayerwiseLoss(
                self.backbone, photo, banks, shares, weight, self.rng, self.progress
            )
        else:
            blend = image + content_share * (content_01 - image)
            features = photo if content_share == 1 else extract(self.backbone, pad(blend), self.progress)
            indices = [matching.find_nearest(features, bank, self.progress) for bank in banks]
            self.matches = [bank.positions[index] for bank, index in zip(banks, indices, strict=True)]
            self.loss = losses.MatchLoss(self.backbone, photo, banks, indices, shares, weight, self.progress)
        self.stage = stage
        self.image, self.pyramid = image, Pyramid(pad(image))  # last, so that canceling keeps the image

    def _extract_features(self, size: int, content_01: np.ndarray) -> None:
        """Extracts the features of photo and paintings at a size."""
        turns = PLANS[self.scene.settings.mode].turns
        photo = extract(self.backbone, pad(content_01), self.progress)
        banks = []
        for style_01 in self.scene.resize_styles(size):
            rotated = (np.ascontiguousarray(np.rot90(style_01, turn, axes=(1, 2))) for turn in turns)
            feature_maps = [extract(self.backbone, crop(image), self.progress) for image in rotated]
            banks.append(matching.build_bank(feature_maps, turns, self.rng))
        self.photo, self.banks, self.size = photo, banks, size

    def _step(self) -> None:
        """Takes one step of Adam."""
        value, gradient = self.loss(self.pyramid.images_01)
        self.pyramid.descend(gradient)
        height, width = self.image.shape[1:3]
        self.image = np.clip(self.pyramid.images_01[:, :height, :width], 0.0, 1.0)
        self.steps, self.cost = self.steps + 1, self.cost + self.stage.cost
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
