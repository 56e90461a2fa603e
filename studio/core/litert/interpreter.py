"""Runs a network that `studio.core.litert.graph` has written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Network:
    """A written network, ready to run; by one thread at a time.

    Args:
        model: the file.
        cores: how many it may use.

    Attributes:
        takes: the shape of each input.
    """

    def __init__(self, model: bytes, cores: int = 1):
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_content=model, num_threads=cores)
        self._interpreter.allocate_tensors()
        taken = self._interpreter.get_input_details()
        self._inputs = [one["index"] for one in taken]
        self.takes: list[tuple[int, ...]] = [tuple(map(int, one["shape"])) for one in taken]
        self._outputs = [one["index"] for one in self._interpreter.get_output_details()]

    def __call__(self, *inputs: np.ndarray) -> Sequence[np.ndarray]:
        """`float32` arrays of the very shapes, in the graph's order -> what it gives, each a copy."""
        for index, array in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]
