"""The lab: reconstruction, denoising and generation of digits after some seconds of training.

    python -m benchmarks.lab [--json] [--seconds 5] [--peer-seconds 8]

One thread, in seconds of processor time, so that other work on the machine does not count. Training uses
4,000 digits of digits-vae, the figures 200 others. The peers get the same digits in the same run: principal
components against autoencoders, a median filter against noise, scikit-learn's BernoulliRBM against the
Boltzmann machine.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.report import arguments, note, show

BOTTLENECKS = (2, 8, 32)
KINDS = ("dense", "convolutional", "sparse", "contractive", "variational")
NOISE = 0.5
RATES = ((0.1, 10), (0.05, 10), (0.05, 50), (0.1, 100))  # learning rates and batch sizes of the peer
STROKES = 200


def steps_within(step: Callable[[], None], seconds: float, tries: int = 20) -> int:
    """Returns the number of steps that fit into some processor time, from the time of the first ones."""
    step()
    began = time.process_time()
    for _ in range(tries):
        step()
    return max(10, int(seconds * tries / (time.process_time() - began)))


def train_autoencoder(controls: dict[str, object], seconds: float):
    """Trains an autoencoder for some seconds; returns it with the steps and seconds taken."""
    from studio.lab.digits import digits
    from studio.lab.settings import AutoencoderSettings
    from studio.lab.trainer import AutoencoderTrainer

    learned = digits().train
    steps = steps_within(AutoencoderTrainer(learned, AutoencoderSettings.parse(controls)).step, seconds)
    teacher = AutoencoderTrainer(learned, AutoencoderSettings.parse({**controls, "steps": steps}))
    began = time.process_time()
    for _ in range(steps):
        teacher.step()
    return teacher.network, steps, time.process_time() - began


def measure_reconstruction(seconds: float) -> dict[str, object]:
    """Measures the reconstruction error in levels, and that of principal components."""
    from sklearn.decomposition import PCA

    from studio.lab.corrupt import levels
    from studio.lab.digits import digits

    digit_set, figures = digits(), {}
    for bottleneck in BOTTLENECKS:
        note(f"bottleneck {bottleneck}")
        network, steps, took = train_autoencoder({"kind": "deep", "bottleneck": bottleneck}, seconds)
        figures[f"bottleneck {bottleneck}, off by levels"] = levels(
            network.reconstruct(digit_set.test), digit_set.test
        )
        figures[f"bottleneck {bottleneck}, steps and s"] = f"{steps}, {took:.1f}"
        peer = PCA(bottleneck, random_state=0).fit(digit_set.train)
        reconstructed = peer.inverse_transform(peer.transform(digit_set.test)).clip(0, 1)
        figures[f"bottleneck {bottleneck}, principal components"] = levels(reconstructed, digit_set.test)
    for kind in KINDS:
        note(kind)
        network, _, _ = train_autoencoder({"kind": kind, "bottleneck": 32}, seconds)
        figures[f"{kind}, bottleneck 32, off by levels"] = levels(
            network.reconstruct(digit_set.test), digit_set.test
        )
    return figures


def measure_denoising(seconds: float) -> dict[str, object]:
    """Measures the error of denoised digits in levels."""
    from scipy.ndimage import median_filter

    from studio.lab.corrupt import corrupt, levels
    from studio.lab.digits import digits
    from studio.lab.settings import SIDE

    others = digits().test
    noisy = corrupt(others, NOISE, 0, np.random.default_rng(1))
    figures: dict[str, object] = {"noise of .5, off by levels": levels(noisy, others)}
    for kind in ("denoising", "deep"):
        note(f"{kind} against noise")
        network, _, _ = train_autoencoder({"kind": kind, "bottleneck": 32}, seconds)
        figures[f"noise of .5, {kind}"] = levels(network.reconstruct(noisy), others)
    median = median_filter(noisy.reshape(-1, SIDE, SIDE), size=(1, 3, 3)).reshape(noisy.shape)
    return figures | {"noise of .5, median filter": levels(median, others)}


def measure_boltzmann(seconds: float) -> dict[str, object]:
    """Measures the pseudo-likelihood of test digits, of the studio and the peer, and the speed of a chain."""
    from sklearn.neural_network import BernoulliRBM

    from studio.lab.boltzmann import Boltzmann, BoltzmannTrainer
    from studio.lab.chain import Chain, half_mask
    from studio.lab.digits import digits
    from studio.lab.settings import BoltzmannSettings

    digit_set = digits()
    others = (digit_set.test >= 0.5).astype("float32")
    note("Boltzmann machine")
    steps = steps_within(BoltzmannTrainer(digit_set.train, BoltzmannSettings()).step, seconds)
    settings = BoltzmannSettings(steps=steps)
    teacher = BoltzmannTrainer(digit_set.train, settings)
    began = time.process_time()
    for _ in range(steps):
        teacher.step()
    took = time.process_time() - began
    figures: dict[str, object] = {
        "Boltzmann machine, steps and s": f"{steps}, {took:.1f}",
        "pseudo-likelihood of other digits, nats": teacher.network.pseudo_likelihood(others),
    }
    rng = np.random.default_rng(0)
    for rate, batch in RATES:
        note(f"BernoulliRBM, rate {rate:g}, batch {batch}")
        peer = BernoulliRBM(settings.units, learning_rate=rate, batch_size=batch, random_state=0)
        began = time.process_time()
        while time.process_time() - began < took:
            peer.partial_fit(digit_set.train[rng.integers(0, len(digit_set.train), batch)])
        same = Boltzmann(settings)
        same.kernel[:], same.hidden[:] = peer.components_.T, peer.intercept_hidden_
        same.visible[:] = peer.intercept_visible_
        figures[f"BernoulliRBM, rate {rate:g}, batch {batch}, nats"] = same.pseudo_likelihood(others)
    chain = Chain(teacher.network, digit_set.test[0], half_mask("top"), 9, 1.0, 0)
    began = time.process_time()
    for _ in range(STROKES):
        chain.step()
    return figures | {"rounds of nine chains a second": STROKES / (time.process_time() - began)}


def measure_answer() -> dict[str, object]:
    """Measures the processor time of the response to one drawing, without the page."""
    from PIL import Image

    from studio.core.imaging import image_io
    from studio.lab import drawings, images
    from studio.lab.autoencoder import Autoencoder
    from studio.lab.digits import digits
    from studio.lab.settings import SIDE, AutoencoderSettings

    levels = (digits().test[0].reshape(SIDE, SIDE) * 255).astype("uint8")
    canvas = image_io.encode_png(np.asarray(Image.fromarray(levels).resize((384, 384)).convert("RGB")))
    figures: dict[str, object] = {}
    for kind in ("deep", "convolutional"):
        network, times = Autoencoder(AutoencoderSettings(kind=kind, bottleneck=32)), []
        for _ in range(STROKES // 4):
            began = time.process_time()
            drawing = drawings.read(image_io.read(canvas), fit=True)[None]
            images.digit_grid(np.concatenate([drawing, network.reconstruct(drawing)]), 2, 8)
            times.append(1000 * (time.process_time() - began))
        figures[f"{kind}, an answer to a drawing, ms"] = statistics.median(times)
    return figures


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    from studio.core.process import blas_threads

    parser = arguments(__doc__.splitlines()[0], quick="--seconds 0.1 --peer-seconds 0.1")
    parser.add_argument("--seconds", type=float, default=5.0, help="of processor time that each is trained")
    parser.add_argument("--peer-seconds", type=float, default=8.0, help="the same of the Boltzmann machines")
    args = parser.parse_args(argv)
    with blas_threads.limit_threads(1):
        figures = measure_reconstruction(args.seconds) | measure_denoising(args.seconds)
        figures |= measure_boltzmann(args.peer_seconds) | measure_answer()
    show(figures, args.json)


if __name__ == "__main__":
    main()
