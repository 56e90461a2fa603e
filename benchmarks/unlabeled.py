"""Fréchet distance by a network without ImageNet, trained on half of the data.

    python -m benchmarks.unlabeled DATA [PRESET ...] [--steps 600] [--seeds 2] [--n 4500] [--size 64]

FID measures with InceptionV3, which learned ImageNet's classes. A model that was trained against a
discriminator on VGG16's features, which learned the same classes, is favored by it (arXiv:2203.06026,
arXiv:2306.04675). The network here is a small CNN, trained from scratch by contrastive learning (SimCLR,
arXiv:2002.05709) on one half of DATA. The distance compares n images with n of the other half. Real images
against other real images of that half give the floor. Values compare only within a run, because each run
trains its own network. A PRESET is a name or a model's folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import ops

from benchmarks.report import make_parser, note, print_figures
from studio.core import data, tasks
from studio.core.data import sample_sets
from studio.core.generators import latent
from studio.core.metrics import scores
from studio.core.models import presets

WIDTHS = (16, 32, 64, 128)  # channels of the stride-2 convolutions
PROJECTION = 64
TEMPERATURE = 0.2
BATCH = 128


def build_encoder(size: int) -> keras.Model:
    """Builds the encoder: `(B, size, size, 3)` in [0, 1] to `(B, 128)` features."""
    image = x = keras.Input((size, size, 3))
    for width in WIDTHS:
        x = keras.layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    return keras.Model(image, keras.layers.GlobalAveragePooling2D()(x))


class Contrast(keras.Model):
    """Contrastive training: finds the second view of an image among all images of a batch."""

    def __init__(self, features: keras.Model):
        super().__init__()
        self.features = features
        dense = keras.layers.Dense
        self.projection = keras.Sequential([dense(WIDTHS[-1], "relu"), dense(PROJECTION)])
        self.views = keras.Sequential(
            [
                keras.layers.RandomFlip("horizontal", seed=1),
                keras.layers.RandomTranslation(0.15, 0.15, seed=2),
                keras.layers.RandomZoom((-0.4, 0.0), seed=3),
                keras.layers.RandomBrightness(0.2, value_range=(0, 1), seed=4),
                keras.layers.RandomContrast(0.4, value_range=(0, 1), seed=5),
            ]
        )

    def call(self, images, training=False):
        """Returns the NT-Xent loss of two views of each image, `(B, size, size, 3)` in [0, 1]."""
        both = ops.concatenate([self.views(images, training=True), self.views(images, training=True)])
        z = ops.normalize(self.projection(self.features(both, training=training)), axis=-1)
        count = ops.shape(images)[0]
        diagonal = 1e9 * ops.eye(2 * count)
        logits = ops.matmul(z, ops.transpose(z)) / TEMPERATURE - diagonal
        partner = ops.concatenate([ops.arange(count, 2 * count), ops.arange(count)])
        return ops.mean(keras.losses.sparse_categorical_crossentropy(partner, logits, from_logits=True))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Returns the output, which is the loss."""
        return y_pred


def train(images: np.ndarray, steps: int, seed: int) -> keras.Model:
    """Trains an encoder on `(n, H, W, 3) uint8` and returns it."""
    keras.utils.set_random_seed(seed)
    features = build_encoder(images.shape[1])
    learner = Contrast(features)
    learner.compile(keras.optimizers.Adam(1e-3))
    rng = np.random.default_rng(seed)
    for step in range(1, steps + 1):
        rows = np.sort(rng.choice(len(images), min(BATCH, len(images)), replace=False))
        loss = learner.train_on_batch(images[rows].astype("float32") / 255)
        if step % 50 == 0:
            note(f"step {step}: loss {float(loss):.3f}")
    return features


def sample_images(name: str, n: int) -> np.ndarray:
    """Generates n images of a preset, `(n, size, size, 3) uint8`."""
    preset = presets.find(Path(name) if Path(name).is_dir() else name)
    generator = tasks.import_object(tasks.get(preset.task).load_generator)(preset)
    return generator.decode(latent.sample(generator, n, seed=0))


def measure_distances(
    path: str, names: Sequence[str], steps: int, seeds: int, n: int, size: int
) -> dict[str, object]:
    """Measures the distance of each model from the encoder's held-out half, and the floor."""
    images = data.load_dataset(sample_sets.resolve(path), size).images
    order = np.random.default_rng(0).permutation(len(images))
    train_rows, test_rows = np.array_split(order, 2)
    n = min(n, len(test_rows) // 2)
    real = images[test_rows[:n]]
    compared = {
        "other real images": images[test_rows[n : 2 * n]],
        **{name: sample_images(name, n) for name in names},
    }
    figures: dict[str, object] = {}
    for seed in range(seeds):
        network = train(images[np.sort(train_rows)], steps, seed)
        features = network.predict(real.astype("float32") / 255, batch_size=BATCH, verbose=0)
        scale = features.std(axis=0) + 1e-6
        for name, image_set in compared.items():
            set_features = network.predict(image_set.astype("float32") / 255, batch_size=BATCH, verbose=0)
            figures[f"{name}, seed {seed}"] = str(scores.fid(features / scale, set_features / scale))
            note(f"{name}, seed {seed}: {figures[f'{name}, seed {seed}']}")
    return figures


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    small = "sample:digits digits-vae --size 28 --steps 2 --seeds 1 --n 40"
    parser = make_parser(__doc__.splitlines()[0], quick=small)
    parser.add_argument("data", help="the images: a folder, an archive or an npz file")
    parser.add_argument("presets", nargs="*", help="generators such images")
    parser.add_argument("--steps", type=int, default=600, help="of training the network that measures")
    parser.add_argument("--seeds", type=int, default=2, help="networks that measure, one after the other")
    parser.add_argument("--n", type=int, default=4500, help="images of each kind")
    parser.add_argument("--size", type=int, default=64, help="px")
    args = parser.parse_args(argv)
    print_figures(
        measure_distances(args.data, args.presets, args.steps, args.seeds, args.n, args.size), args.json
    )


if __name__ == "__main__":
    main()
