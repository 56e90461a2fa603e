"""Processor time and memory of the next character as a text grows, measured for several language models."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core import amounts
from studio.core.process import blas_threads
from studio.text.networks import AnyNetwork, quantize_network
from studio.text.numpy_transformer import Transformer

CHARS = 512  # length to which the texts grow
_CHARS_PER_POINT = 32
_LENGTHS_WITHOUT_CACHE = (1, 32, 64, 96, 128, 192, 256, 384, 512)
_WARM_UP_STEPS = 8


@dataclass(frozen=True)
class StepCosts:
    """What the next character costs.

    Attributes:
        rows: points of a chart: "chars" read so far, "milliseconds" of processor time for the next character,
            and "which", the name of the model.
        memory: a sentence per model about the memory of its state or its cache.
    """

    rows: list[dict[str, Any]]
    memory: list[str]


def measure_step_costs(networks: Mapping[str, AnyNetwork]) -> StepCosts:
    """Measures each network, by name, with int8 weights as the sampler runs it. Takes a few seconds."""
    rows, memory = [], []
    with blas_threads.limit_threads(1):
        for name, network in networks.items():
            rows += _measure_steps(name, network)
            if isinstance(network, Transformer):
                rows += _measure_without_cache(f"{name}, without a cache", network)
            memory.append(f"{name}: {describe_memory(network)}")
    return StepCosts(rows, memory)


def _measure_steps(name: str, network: AnyNetwork) -> list[dict[str, Any]]:
    fast, indices = quantize_network(network, 1), np.zeros(1, "int64")
    states = network.states(1)
    for _ in range(_WARM_UP_STEPS):
        _, states = fast.step(indices, states)
    states, rows = network.states(1), []
    for start in range(0, CHARS, _CHARS_PER_POINT):
        durations = []
        for _ in range(_CHARS_PER_POINT):
            start_time = time.thread_time()
            _, states = fast.step(indices, states)
            durations.append(time.thread_time() - start_time)
        rows.append(_make_row(name, start + _CHARS_PER_POINT // 2, durations))
    return rows


def _measure_without_cache(name: str, network: Transformer) -> list[dict[str, Any]]:
    """Measures reading the whole context window again for each character."""
    fast, rows = quantize_network(network, 1), []
    for length in _LENGTHS_WITHOUT_CACHE:
        indices, durations = np.zeros((1, min(length, network.window)), "int64"), []
        fast.run(indices, network.states(1))
        for _ in range(3):
            start_time = time.thread_time()
            fast.run(indices, network.states(1))
            durations.append(time.thread_time() - start_time)
        rows.append(_make_row(name, length, durations))
    return rows


def _make_row(name: str, chars: int, durations: Sequence[float]) -> dict[str, Any]:
    return {"which": name, "chars": chars, "milliseconds": round(1000 * float(np.median(durations)), 4)}


def describe_memory(network: AnyNetwork) -> str:
    """Returns the memory of a network's state in words."""
    if isinstance(network, Transformer):
        per_character = 2 * len(network.blocks) * network.units * 4
        whole = amounts.format_bytes(per_character * network.window)
        return (
            f"the cache grows by {amounts.format_bytes(per_character)} per character, up to {whole} for the "
            f"context window of {network.window} characters"
        )
    size = sum(state.nbytes for state in network.states(1))
    return f"the state has {amounts.format_bytes(size)}, however long the text is"
