"""Faces: generated faces per second, the lowest FID to expect, and how many classes are recognized.

    python -m benchmarks.faces [--json] [--preset faces-dcgan] [--floor DATA] [--n 1000] [--size 64]
        [--channels 3]
    python -m benchmarks.faces --preset digits-diffusion --recognize mnist.npz [--n 1000] [--guidance 2]
        [--epochs 4]
    python -m benchmarks.faces --preset faces-dcgan --encode utkface64_20000.tar [--n 100]

`--recognize` trains a small CNN on the data set, tests it on a held-out tenth, and lets it classify images
that a model with classes generates of each one. `--encode` encodes held-out images, by the encoder
of a VAE or by GAN inversion, and computes LPIPS between them and their reconstructions. `--floor` is the FID
of real images against others of the same data: no model can be expected below. FID and KID of a preset:
`studio score PRESET DATA`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import keras
import numpy as np

from benchmarks.report import make_parser, measure_seconds, note, print_figures
from studio.core import data, tasks
from studio.core.data import split
from studio.core.generators import latent
from studio.core.imaging import image_io
from studio.core.metrics import inception, lpips, scores
from studio.core.models import presets
from studio.core.progress import Progress
from studio.faces import draw
from studio.faces.settings import FacesSettings


def measure_drawing(name: str) -> dict[str, object]:
    """Measures faces per second in batches, and the milliseconds of one face, in this process."""
    note("drawing")
    preset = presets.find(name)
    generator = tasks.import_object(tasks.get(preset.task).load_generator)(preset)
    batch, single = (latent.sample(generator, n, seed=0) for n in (640, 1))
    return {
        f"{name}, faces a second": len(batch) / measure_seconds(lambda: generator.decode(batch), times=3),
        f"{name}, one face, ms": 1000 * measure_seconds(lambda: generator.decode(single), times=20, warm=3),
    }


def measure_floor(path: str, n: int, size: int, channels: int) -> dict[str, object]:
    """Computes FID and KID of n real images against n others, the lowest values to expect of a model."""
    note("floor")
    images = data.load_dataset(data.store_reference(path), size, channels).images
    rows = np.random.default_rng(0).permutation(len(images))[: 2 * n]
    first, second = np.array_split(inception.compute_features(images[rows]), 2)
    label = f"{len(first):,} real images against {len(second):,} others, {size} px"
    return {
        f"FID of {label}": str(scores.fid(first, second)),
        f"KID of {label}": str(scores.kid(first, second)),
    }


def measure_recognition(name: str, path: str, n: int, guidance: float, epochs: int) -> dict[str, object]:
    """Computes the share of a model's images that a CNN assigns to the class they were generated for."""
    preset = presets.find(name)
    generator = tasks.import_object(tasks.get(preset.task).load_generator)(preset)
    dataset = data.load_dataset(data.store_reference(path), generator.size, 1)
    note("training the CNN")
    rows = np.random.default_rng(0).permutation(len(dataset.images))
    held_out, train = np.split(rows, [len(rows) // 10])
    cnn = _build_cnn(generator.size, len(dataset.classes))
    cnn.fit(dataset.images[train], dataset.known_labels[train], batch_size=128, epochs=epochs, verbose=0)
    _, accuracy = cnn.evaluate(dataset.images[held_out], dataset.known_labels[held_out], verbose=0)
    note("generating")
    hits = 0
    for index, label in enumerate(dataset.classes):
        z = latent.sample(generator, n // len(dataset.classes), seed=index)
        settings = FacesSettings(class_name=label, guidance=guidance)
        chosen = latent.set_class(generator, z, label)
        images = np.concatenate(list(draw.decode_batches(generator, chosen, settings, Progress())))
        hits += int((cnn.predict(images[..., :1], verbose=0).argmax(-1) == index).sum())
    count = n // len(dataset.classes) * len(dataset.classes)
    return {
        "CNN, accuracy on the held-out tenth": accuracy,
        f"{name}{f', guidance {guidance:g}' if generator.denoise else ''}: recognized, of {count:,}": hits
        / count,
    }


def measure_reconstruction(name: str, path: str, n: int) -> dict[str, object]:
    """Computes the mean LPIPS of `n` held-out images to their reconstructions, and the seconds of one."""
    preset = presets.find(name)
    generator = tasks.import_object(tasks.get(preset.task).load_generator)(preset)
    dataset = data.load_dataset(data.store_reference(path), generator.size)
    held_out = split.split(split.compute_positions(dataset), preset.read_settings().held_out)[1][:n]
    images = dataset.images[held_out]
    generator.encode(images[:1, ::-1], Progress())  # loads the networks
    start = time.perf_counter()
    z = np.concatenate([_encode_one(generator, image, index, n) for index, image in enumerate(images)])
    seconds = (time.perf_counter() - start) / len(images)
    pairs = zip(images, generator.decode(z), strict=True)
    distances = [lpips.compute_distance(*(image_io.to_01(image) for image in pair)) for pair in pairs]
    return {
        f"{name}: LPIPS of {len(images)} held-out images and their reconstructions": float(
            np.mean(distances)
        ),
        f"{name}: seconds to encode one": seconds,
    }


def _encode_one(generator: latent.Generator, image: np.ndarray, index: int, count: int) -> np.ndarray:
    note(f"image {index + 1} of {count}")
    return generator.encode(image[None], Progress())


def _build_cnn(size: int, class_count: int) -> keras.Model:
    keras.utils.set_random_seed(0)
    layers = [keras.Input((size, size, 1)), keras.layers.Rescaling(1 / 255)]
    for width in (32, 64):
        layers += [
            keras.layers.Conv2D(width, 3, padding="same", activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.MaxPooling2D(),
        ]
    layers += [keras.layers.Flatten(), keras.layers.Dropout(0.3), keras.layers.Dense(class_count)]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--preset digits-vae")
    parser.add_argument("--preset", default="", help="measure the drawing of a preset")
    parser.add_argument(
        "--recognize", metavar="DATA", help="classify what the preset generates of each class"
    )
    parser.add_argument("--encode", metavar="DATA", help="encode held-out images with the preset")
    parser.add_argument("--guidance", type=float, default=2.0, help="of the diffusion model to recognize")
    parser.add_argument("--epochs", type=int, default=4, help="of the CNN that recognizes")
    parser.add_argument("--floor", metavar="DATA", help="FID of real images against others")
    parser.add_argument("--n", type=int, default=1000, help="of each, for the floor; else in all")
    parser.add_argument("--size", type=int, default=64, help="px, for the floor")
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3, help="for the floor")
    args = parser.parse_args(argv)
    figures: dict[str, object] = {}
    if args.preset and args.recognize:
        figures |= measure_recognition(args.preset, args.recognize, args.n, args.guidance, args.epochs)
    elif args.preset and args.encode:
        figures |= measure_reconstruction(args.preset, args.encode, args.n)
    elif args.preset:
        figures |= measure_drawing(args.preset)
    if args.floor:
        figures |= measure_floor(args.floor, args.n, args.size, args.channels)
    print_figures(figures or {"nothing": "asked; see --help"}, args.json)


if __name__ == "__main__":
    main()
