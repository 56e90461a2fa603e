"""Trains an autoencoder on digits, one step at a time.

References:
    Vincent et al. 2008, Extracting and composing robust features with denoising autoencoders.
    Rifai et al. 2011, Contractive auto-encoders.
    Ng 2011, Sparse autoencoder (lecture notes), with a penalty on the mean activation of each unit.
    Kingma and Welling 2013, Auto-encoding variational Bayes, arXiv:1312.6114.
"""

from __future__ import annotations

import numpy as np

from studio.core.layers.activations import sigmoid
from studio.core.layers.optimizers import Optimizer
from studio.lab.autoencoder import Autoencoder
from studio.lab.corrupt import compute_mean_absolute_error, corrupt
from studio.lab.schedule import compute_rate_factor
from studio.lab.settings import AutoencoderSettings

_WEIGHTS, _BATCHES, _CORRUPTION, _CODES = 2, 3, 4, 5  # independent random number streams
SPARSE_ACTIVITY = 0.1  # target mean activation of a sparse autoencoder's units
_SPARSE_WEIGHT, _CONTRACTIVE_WEIGHT = 10.0, 1.0  # at `penalty` 1, in nats


class AutoencoderTrainer:
    """Trains an autoencoder with Adam.

    Args:
        digits: `(n, PIXELS) float32` in [0, 1], training digits.
        settings: of the network and its training.

    Attributes:
        network: the autoencoder.
        steps: steps so far.
        error: mean absolute reconstruction error of the last batch, 0 to 255.
    """

    def __init__(self, digits: np.ndarray, settings: AutoencoderSettings):
        self._digits, self._settings = digits, settings
        self.network = Autoencoder(settings)
        self.network.initialize(digits, self._make_rng(_WEIGHTS))
        halves = (self.network.encoder, self.network.decoder)
        self._flat_gradients = [np.zeros_like(half.weights) for half in halves]
        self._gradients = [
            half.split_layers(flat) for half, flat in zip(halves, self._flat_gradients, strict=True)
        ]
        self._optimizers = [
            Optimizer("adam", flat.size, settings.learning_rate) for flat in self._flat_gradients
        ]
        self._batch_rng, self._corruption_rng = self._make_rng(_BATCHES), self._make_rng(_CORRUPTION)
        self._code_rng = self._make_rng(_CODES)
        self.steps = 0
        self.error = 0.0

    def _make_rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self._settings.seed, stream])

    def step(self) -> None:
        """Trains on one batch and updates `error`."""
        settings = self._settings
        targets = self._digits[self._batch_rng.integers(0, len(self._digits), settings.batch)]
        inputs = targets
        if settings.kind == "denoising":
            inputs = corrupt(targets, settings.training_noise, settings.training_holes, self._corruption_rng)
        self._compute_gradients(inputs, targets)
        rate = settings.learning_rate * compute_rate_factor(self.steps, settings.planned_steps)
        halves = (self.network.encoder, self.network.decoder)
        for half, gradient, optimizer in zip(halves, self._flat_gradients, self._optimizers, strict=True):
            optimizer.rate = rate
            optimizer.step(half.weights, gradient)
        self.steps += 1

    def _compute_gradients(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        """Computes the gradients of cross-entropy, summed over pixels, and of the penalty on the code."""
        encoder, decoder = self.network.encoder, self.network.decoder
        encoder_pass = encoder.forward(inputs)
        sums = _last_sums(encoder_pass)
        code, noise = self._compute_code(sums)
        decoder_pass = decoder.forward(code)
        outputs = sigmoid(_last_sums(decoder_pass))
        self.error = compute_mean_absolute_error(outputs, targets)
        gradient = (outputs - targets) / np.float32(len(targets))
        code_gradient = decoder.backward(decoder_pass, gradient, self._gradients[1], to_inputs=True)
        sum_gradient = self._compute_sum_gradient(code_gradient, code, sums, noise)
        encoder.backward(encoder_pass, sum_gradient, self._gradients[0])
        if self._settings.kind == "contractive":
            self._add_contractive_gradient(code)

    def _compute_code(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns the code for the decoder, and the noise in a variational code, else None."""
        if self._settings.kind != "variational":
            return self.network.activate_code(sums), None
        means, log_variances = np.split(sums, 2, axis=1)
        noise = self._code_rng.standard_normal(means.shape, "float32")
        return means + np.exp(0.5 * log_variances) * noise, noise

    def _compute_sum_gradient(
        self, code_gradient: np.ndarray, code: np.ndarray, sums: np.ndarray, noise: np.ndarray | None
    ) -> np.ndarray:
        """Returns the gradient of the encoder's sums, from that of the code, with the penalty's."""
        count, weight = np.float32(len(code)), np.float32(self._settings.penalty)
        if noise is not None:  # Kullback-Leibler divergence from the normal distribution
            means, log_variances = np.split(sums, 2, axis=1)
            mean_gradient = code_gradient + weight * means / count
            variance_gradient = code_gradient * noise * 0.5 * np.exp(0.5 * log_variances)
            variance_gradient += weight * 0.5 * (np.exp(log_variances) - 1) / count
            return np.concatenate([mean_gradient, variance_gradient], axis=1)
        if not self.network.has_sigmoid_code:
            return code_gradient
        slope = code * (1 - code)
        if self._settings.kind == "sparse":  # Kullback-Leibler divergence from the target mean activation
            activity = np.clip(code.mean(axis=0), 1e-3, 1 - 1e-3)
            divergence_slope = (1 - SPARSE_ACTIVITY) / (1 - activity) - SPARSE_ACTIVITY / activity
            return slope * (code_gradient + np.float32(_SPARSE_WEIGHT) * weight * divergence_slope / count)
        # The squared Jacobian of the code; `_add_contractive_gradient` adds the kernel's part.
        kernel = self.network.encoder.layers[0].kernel
        kernel_norms = np.square(kernel).sum(axis=0)
        penalty = (
            np.float32(2 * _CONTRACTIVE_WEIGHT)
            * weight
            * kernel_norms
            * np.square(slope)
            * (1 - 2 * code)
            / count
        )
        return slope * code_gradient + penalty

    def _add_contractive_gradient(self, code: np.ndarray) -> None:
        slope = np.square(code * (1 - code)).mean(axis=0)
        kernel = self.network.encoder.layers[0].kernel
        weight = np.float32(2 * _CONTRACTIVE_WEIGHT * self._settings.penalty)
        self._gradients[0][0].kernel[:] += weight * kernel * slope


def _last_sums(forward_pass: object) -> np.ndarray:
    """Returns the last layer's sums of a forward pass of either kind of network."""
    return forward_pass[0] if isinstance(forward_pass, tuple) else forward_pass.sums[-1]  # type: ignore[attr-defined]
