"""An LSTM layer with a hand-written gradient: equal results to those of Keras, in less time on a CPU.

Automatic differentiation would add up the gradient of the recurrent kernel at every character. Here the loops
contain only what depends on the previous character; all the rest is a few large matrix products.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from studio.core.objectives.gradients import custom_gradient


def _compute_gates(z: Any) -> tuple[Any, Any, Any, Any]:
    """Returns the input, forget, candidate and output gates from `(..., 4 * units)` preactivations."""
    i, f, g, o = ops.split(z, 4, axis=-1)
    return ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)


@custom_gradient
def run_lstm(projected: Any, kernel: Any, hidden: Any, cell: Any) -> Any:
    """Runs an LSTM over a sequence from a given state.

    Args:
        projected: `(T, B, 4 * units) float32`, the inputs times their kernel, plus the bias.
        kernel: `(units, 4 * units) float32`, the recurrent kernel, in Keras' order of gates.
        hidden, cell: `(B, units) float32`, the state before the first character.

    Returns:
        The hidden states and the cell states after each character, both `(T, B, units)`. No gradient flows
        through the cell states.
    """
    units = hidden.shape[-1]

    def forward(carry: Any, x: Any) -> Any:
        h, c = carry
        i, f, g, o = _compute_gates(x + ops.matmul(h, kernel))
        c = f * c + i * g
        state = (o * ops.tanh(c), c)
        return state, state

    _, (hiddens, cells) = ops.scan(forward, (hidden, cell), projected)

    def gradient(*upstream: Any) -> Any:
        previous_hidden = ops.concatenate([hidden[None], hiddens[:-1]])
        previous_cell = ops.concatenate([cell[None], cells[:-1]])
        i, f, g, o = _compute_gates(projected + ops.matmul(previous_hidden, kernel))
        t = ops.tanh(cells)
        by_cell = ops.concatenate([g * i * (1 - i), previous_cell * f * (1 - f), i * (1 - g * g)], axis=-1)
        by_hidden = t * o * (1 - o)
        transposed_kernel = ops.transpose(kernel)

        def backward(carry: Any, x: Any) -> Any:
            from_next, dc = carry
            dh, by_cell, by_hidden, cell_by_hidden, f = x
            dh = dh + from_next
            dc = dc + dh * cell_by_hidden
            dz = ops.concatenate([ops.tile(dc, (1, 3)) * by_cell, dh * by_hidden], axis=-1)
            return (ops.matmul(dz, transposed_kernel), dc * f), (dh, dc)

        start = (ops.zeros_like(hidden), ops.zeros_like(cell))
        sequences = (keras.tree.flatten(upstream)[0], by_cell, by_hidden, o * (1 - t * t), f)
        (d_hidden, d_cell), (dh, dc) = ops.scan(backward, start, sequences, reverse=True)
        dz = ops.concatenate([ops.tile(dc, (1, 1, 3)) * by_cell, dh * by_hidden], axis=-1)
        d_kernel = ops.matmul(
            ops.transpose(ops.reshape(previous_hidden, (-1, units))), ops.reshape(dz, (-1, 4 * units))
        )
        return dz, d_kernel, d_hidden, d_cell

    return (hiddens, cells), gradient


class LSTM(keras.layers.LSTM):
    """An LSTM with states that is faster than Keras' on a CPU; on a GPU it calls Keras', which has a kernel.

    Args:
        units: size of the state.
        weight_dropout: share of the recurrent weights dropped in training, with a new mask for each batch.
        seed: seed of the weight dropout.

    Reference:
        Hochreiter and Schmidhuber 1997; weight dropout: Merity et al. 2017, arXiv:1708.02182.
    """

    def __init__(self, units: int, weight_dropout: float = 0.0, seed: int | None = None, **kwargs: Any):
        super().__init__(units, return_sequences=True, return_state=True, **kwargs)
        self.weight_dropout = weight_dropout
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        """Runs the layer on `(B, T, D)` from two states `(B, units)`.

        Returns:
            `(B, T, units)`, and the hidden and cell state after the last character.
        """
        weight_dropout = self.weight_dropout if training else 0.0
        if not weight_dropout and any(
            device.startswith("gpu") for device in keras.distribution.list_devices()
        ):
            return super().call(sequences, initial_state, mask, training)
        kernel = ops.copy(self.cell.recurrent_kernel)  # `custom_gradient` takes tensors, not variables
        if weight_dropout:
            kernel = keras.random.dropout(kernel, weight_dropout, seed=self.seed_generator)
        inputs = ops.transpose(sequences, (1, 0, 2))
        projected = ops.matmul(inputs, self.cell.kernel) + self.cell.bias
        hiddens, cells = run_lstm(projected, kernel, *initial_state)
        return ops.transpose(hiddens, (1, 0, 2)), hiddens[-1], cells[-1]
