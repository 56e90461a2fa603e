"""The lab: how well digits are drawn again, cleaned and imagined after some seconds of training.

    python -m benchmarks.lab [--json] [--seconds 5] [--peer-seconds 8]

One thread, in seconds of processor time, so that other work on the machine does not count. What is learned
are 4,000 digits that digits-vae draws; what is told is of 200 others. The peers are trained the same digits
in the
same run: principal components for the code, a median filter for noise, scikit-learn's BernoulliRBM for the
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
RATES = ((0.1, 10), (0.05, 10), (0.05, 50), (0.1, 100))  # of the peer: learning rates and batches
STROKES = 200


def steps_within(step: Callable[[], None], seconds: float, tries: int = 20) -> int:
    """How many steps some seconds of processor time have room for, by the time of the first ones."""
    step()
    began = time.process_time()
    for _ in range(tries):
        step()
    return max(10, int(seconds * tries / (time.process_time() - began)))


def taught(controls: dict[str, object], seconds: float):
    """An autoencoder after some seconds of training, the steps and the seconds that they took."""
    from studio.lab.digits import digits
    from studio.lab.settings import TeachSettings
    from studio.lab.teacher import Teacher

    learned = digits().learned
    steps = steps_within(Teacher(learned, TeachSettings.parse(controls)).step, seconds)
    teacher = Teacher(learned, TeachSettings.parse({**controls, "steps": steps}))
    began = time.process_time()
    for _ in range(steps):
        teacher.step()
    return teacher.network, steps, time.process_time() - began


def redrawn(seconds: float) -> dict[str, object]:
    """By how many levels digits are off that were squeezed and drawn again, and those of the peer."""
    from sklearn.decomposition import PCA

    from studio.lab.corrupt import levels
    from studio.lab.digits import digits

    known, told = digits(), {}
    for bottleneck in BOTTLENECKS:
        note(f"bottleneck {bottleneck}")
        network, steps, took = taught({"kind": "deep", "bottleneck": bottleneck}, seconds)
        told[f"bottleneck {bottleneck}, off by levels"] = levels(network.redraw(known.others), known.others)
        told[f"bottleneck {bottleneck}, steps and s"] = f"{steps}, {took:.1f}"
        peer = PCA(bottleneck, random_state=0).fit(known.learned)
        again = peer.inverse_transform(peer.transform(known.others)).clip(0, 1)
        told[f"bottleneck {bottleneck}, principal components"] = levels(again, known.others)
    for kind in KINDS:
        note(kind)
        network, _, _ = taught({"kind": kind, "bottleneck": 32}, seconds)
        told[f"{kind}, bottleneck 32, off by levels"] = levels(network.redraw(known.others), known.others)
    return told


def cleaned(seconds: float) -> dict[str, object]:
    """By how many levels digits are off that noise was taken from."""
    from scipy.ndimage import median_filter

    from studio.lab.corrupt import levels, spoilt
    from studio.lab.digits import digits
    from studio.lab.settings import SIDE

    others = digits().others
    noisy = spoilt(others, NOISE, 0, np.random.default_rng(1))
    told: dict[str, object] = {"noise of .5, off by levels": levels(noisy, others)}
    for kind in ("denoising", "deep"):
        note(f"{kind} against noise")
        network, _, _ = taught({"kind": kind, "bottleneck": 32}, seconds)
        told[f"noise of .5, {kind}"] = levels(network.redraw(noisy), others)
    median = median_filter(noisy.reshape(-1, SIDE, SIDE), size=(1, 3, 3)).reshape(noisy.shape)
    return told | {"noise of .5, median filter": levels(median, others)}


def imagined(seconds: float) -> dict[str, object]:
    """The pseudo-likelihood of other digits, by our machine and by the peer, and the rate of a chain."""
    from sklearn.neural_network import BernoulliRBM

    from studio.lab.boltzmann import Boltzmann, BoltzmannTeacher
    from studio.lab.chain import Chain, half
    from studio.lab.digits import digits
    from studio.lab.settings import BoltzmannSettings

    known = digits()
    others = (known.others >= 0.5).astype("float32")
    note("Boltzmann machine")
    steps = steps_within(BoltzmannTeacher(known.learned, BoltzmannSettings()).step, seconds)
    settings = BoltzmannSettings(steps=steps)
    teacher = BoltzmannTeacher(known.learned, settings)
    began = time.process_time()
    for _ in range(steps):
        teacher.step()
    took = time.process_time() - began
    told: dict[str, object] = {
        "Boltzmann machine, steps and s": f"{steps}, {took:.1f}",
        "pseudo-likelihood of other digits, nats": teacher.network.pseudo_likelihood(others),
    }
    rng = np.random.default_rng(0)
    for rate, batch in RATES:
        note(f"BernoulliRBM, rate {rate:g}, batch {batch}")
        peer = BernoulliRBM(settings.units, learning_rate=rate, batch_size=batch, random_state=0)
        began = time.process_time()
        while time.process_time() - began < took:
            peer.partial_fit(known.learned[rng.integers(0, len(known.learned), batch)])
        same = Boltzmann(settings)
        same.kernel[:], same.hidden[:] = peer.components_.T, peer.intercept_hidden_
        same.visible[:] = peer.intercept_visible_
        told[f"BernoulliRBM, rate {rate:g}, batch {batch}, nats"] = same.pseudo_likelihood(others)
    chain = Chain(teacher.network, known.others[0], half("top"), 9, 1.0, 0)
    began = time.process_time()
    for _ in range(STROKES):
        chain.step()
    return told | {"rounds of nine chains a second": STROKES / (time.process_time() - began)}


def answered() -> dict[str, object]:
    """Processor time of the answer to one drawing, from the canvas' image on, without the page."""
    from PIL import Image

    from studio.core.imaging import image_io
    from studio.lab import drawings, images
    from studio.lab.autoencoder import Autoencoder
    from studio.lab.digits import digits
    from studio.lab.settings import SIDE, TeachSettings

    levels = (digits().others[0].reshape(SIDE, SIDE) * 255).astype("uint8")
    canvas = image_io.encode_png(np.asarray(Image.fromarray(levels).resize((384, 384)).convert("RGB")))
    told: dict[str, object] = {}
    for kind in ("deep", "convolutional"):
        network, times = Autoencoder(TeachSettings(kind=kind, bottleneck=32)), []
        for _ in range(STROKES // 4):
            began = time.process_time()
            drawing = drawings.read(image_io.read(canvas), fit=True)[None]
            images.shown(np.concatenate([drawing, network.redraw(drawing)]), 2, 8)
            times.append(1000 * (time.process_time() - began))
        told[f"{kind}, an answer to a drawing, ms"] = statistics.median(times)
    return told


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    from studio.core.process import blas_threads

    parser = arguments(__doc__.splitlines()[0], quick="--seconds 0.1 --peer-seconds 0.1")
    parser.add_argument("--seconds", type=float, default=5.0, help="of processor time that each is trained")
    parser.add_argument("--peer-seconds", type=float, default=8.0, help="the same of the Boltzmann machines")
    chosen = parser.parse_args(argv)
    with blas_threads.limited(1):
        figures = redrawn(chosen.seconds) | cleaned(chosen.seconds)
        figures |= imagined(chosen.peer_seconds) | answered()
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
