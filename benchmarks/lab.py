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
from PIL import Image

from benchmarks.report import make_parser, note, print_figures
from studio.core.imaging import image_io
from studio.core.process import blas_threads
from studio.lab import drawings, images
from studio.lab.autoencoder import Autoencoder
from studio.lab.boltzmann import Boltzmann, BoltzmannTrainer
from studio.lab.chain import GibbsChains, make_mask
from studio.lab.corrupt import compute_mean_absolute_error, corrupt
from studio.lab.digits import load_digits
from studio.lab.settings import SIDE, AutoencoderSettings, BoltzmannSettings
from studio.lab.trainer import AutoencoderTrainer

BOTTLENECKS = (2, 8, 32)
KINDS = ("dense", "convolutional", "sparse", "contractive", "variational")
NOISE = 0.5
RATES = ((0.1, 10), (0.05, 10), (0.05, 50), (0.1, 100))  # learning rates and batch sizes of the peer
ROUNDS = 200


def time_steps(step: Callable[[], None], count: int) -> float:
    """Returns the seconds of processor time of some steps."""
    began = time.process_time()
    for _ in range(count):
        step()
    return time.process_time() - began


def count_steps_within(step: Callable[[], None], seconds: float, tries: int = 20) -> int:
    """Returns the number of steps that fit into some processor time, from the time of the first ones."""
    step()
    return max(10, int(seconds * tries / time_steps(step, tries)))


def train_autoencoder(controls: dict[str, object], seconds: float):
    """Trains an autoencoder for some seconds; returns it with the steps and seconds taken."""
    train_digits = load_digits().train
    steps = count_steps_within(
        AutoencoderTrainer(train_digits, AutoencoderSettings.parse(controls)).step, seconds
    )
    trainer = AutoencoderTrainer(train_digits, AutoencoderSettings.parse({**controls, "steps": steps}))
    return trainer.network, steps, time_steps(trainer.step, steps)


def measure_reconstruction(seconds: float) -> dict[str, object]:
    """Measures the reconstruction error in levels, and that of principal components."""
    from sklearn.decomposition import PCA

    digit_set, figures = load_digits(), {}
    for bottleneck in BOTTLENECKS:
        note(f"bottleneck {bottleneck}")
        network, steps, duration = train_autoencoder({"kind": "deep", "bottleneck": bottleneck}, seconds)
        figures[f"bottleneck {bottleneck}, off by levels"] = compute_mean_absolute_error(
            network.reconstruct(digit_set.test), digit_set.test
        )
        figures[f"bottleneck {bottleneck}, steps and s"] = f"{steps}, {duration:.1f}"
        peer = PCA(bottleneck, random_state=0).fit(digit_set.train)
        reconstructed = peer.inverse_transform(peer.transform(digit_set.test)).clip(0, 1)
        figures[f"bottleneck {bottleneck}, principal components"] = compute_mean_absolute_error(
            reconstructed, digit_set.test
        )
    for kind in KINDS:
        note(kind)
        network, _, _ = train_autoencoder({"kind": kind, "bottleneck": 32}, seconds)
        figures[f"{kind}, bottleneck 32, off by levels"] = compute_mean_absolute_error(
            network.reconstruct(digit_set.test), digit_set.test
        )
    return figures


def measure_denoising(seconds: float) -> dict[str, object]:
    """Measures the error of denoised digits in levels."""
    from scipy.ndimage import median_filter

    test_digits = load_digits().test
    noisy = corrupt(test_digits, NOISE, 0, np.random.default_rng(1))
    figures: dict[str, object] = {
        "noise of .5, off by levels": compute_mean_absolute_error(noisy, test_digits)
    }
    for kind in ("denoising", "deep"):
        note(f"{kind} against noise")
        network, _, _ = train_autoencoder({"kind": kind, "bottleneck": 32}, seconds)
        figures[f"noise of .5, {kind}"] = compute_mean_absolute_error(network.reconstruct(noisy), test_digits)
    median = median_filter(noisy.reshape(-1, SIDE, SIDE), size=(1, 3, 3)).reshape(noisy.shape)
    return figures | {"noise of .5, median filter": compute_mean_absolute_error(median, test_digits)}


def measure_boltzmann(seconds: float) -> dict[str, object]:
    """Measures the pseudo-likelihood of test digits, of the studio and the peer, and the speed of a chain."""
    from sklearn.neural_network import BernoulliRBM

    digit_set = load_digits()
    test_digits = (digit_set.test >= 0.5).astype("float32")
    note("Boltzmann machine")
    steps = count_steps_within(BoltzmannTrainer(digit_set.train, BoltzmannSettings()).step, seconds)
    settings = BoltzmannSettings(steps=steps)
    trainer = BoltzmannTrainer(digit_set.train, settings)
    duration = time_steps(trainer.step, steps)
    figures: dict[str, object] = {
        "Boltzmann machine, steps and s": f"{steps}, {duration:.1f}",
        "pseudo-likelihood of other digits, nats": trainer.network.compute_pseudo_likelihood(test_digits),
    }
    rng = np.random.default_rng(0)
    for rate, batch in RATES:
        note(f"BernoulliRBM, rate {rate:g}, batch {batch}")
        peer = BernoulliRBM(settings.units, learning_rate=rate, batch_size=batch, random_state=0)
        began = time.process_time()
        while time.process_time() - began < duration:
            peer.partial_fit(digit_set.train[rng.integers(0, len(digit_set.train), batch)])
        machine = Boltzmann(settings)
        machine.kernel[:], machine.hidden_bias[:] = peer.components_.T, peer.intercept_hidden_
        machine.visible_bias[:] = peer.intercept_visible_
        figures[f"BernoulliRBM, rate {rate:g}, batch {batch}, nats"] = machine.compute_pseudo_likelihood(
            test_digits
        )
    chain = GibbsChains(trainer.network, digit_set.test[0], make_mask("top"), 9, 1.0, 0)
    return figures | {"rounds of nine chains a second": ROUNDS / time_steps(chain.step, ROUNDS)}


def measure_response() -> dict[str, object]:
    """Measures the processor time of the response to one drawing, without the page."""
    levels = (load_digits().test[0].reshape(SIDE, SIDE) * 255).astype("uint8")
    canvas = image_io.encode_png(np.asarray(Image.fromarray(levels).resize((384, 384)).convert("RGB")))
    figures: dict[str, object] = {}
    for kind in ("deep", "convolutional"):
        network, times = Autoencoder(AutoencoderSettings(kind=kind, bottleneck=32)), []
        for _ in range(ROUNDS // 4):
            began = time.process_time()
            drawing = drawings.convert_drawing(image_io.read(canvas), fit=True)[None]
            images.draw_grid(np.concatenate([drawing, network.reconstruct(drawing)]), 2, 8)
            times.append(1000 * (time.process_time() - began))
        figures[f"{kind}, an answer to a drawing, ms"] = statistics.median(times)
    return figures


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--seconds 0.1 --peer-seconds 0.1")
    parser.add_argument("--seconds", type=float, default=5.0, help="of processor time that each is trained")
    parser.add_argument("--peer-seconds", type=float, default=8.0, help="the same of the Boltzmann machines")
    args = parser.parse_args(argv)
    with blas_threads.limit_threads(1):
        figures = measure_reconstruction(args.seconds) | measure_denoising(args.seconds)
        figures |= measure_boltzmann(args.peer_seconds) | measure_response()
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
