"""Writes a Keras network of common layers as a TFLite file, for one picture at a time.

TensorFlow's own converter takes some seconds and needs TensorFlow; this one takes a fraction of one, covers
what picture classifiers are made of, and says so where it meets anything else. Whoever uses what it writes
compares it with the network first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.classify.litert.keras_layers import WRITERS, NotCovered
from studio.core.litert.graph import Graph, Tensor

if TYPE_CHECKING:
    import keras

MOST_PARAMETERS = 30_000_000  # 120 MB; a larger file takes much room beside its network for little
_LEFT_AS_IT_IS = (  # by what does something in training alone
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "SpatialDropout2D",
)


def write(network: keras.Model, shape: tuple[int, ...]) -> bytes:
    """The file of a network.

    Args:
        network: of one input and one output; it is asked as one that no longer learns.
        shape: of one picture that it takes.

    Returns:
        From `(1, *shape) float32` to its answer, `(1, ...) float32`.

    Raises:
        NotCovered: if it has anything that is not written here, or is too large.
    """
    if len(network.inputs) != 1 or network.count_params() > MOST_PARAMETERS:
        raise NotCovered("its inputs or its size")
    graph = Graph()
    left = _through(graph, network, graph.input(1, *shape))
    if not isinstance(left, Tensor):
        raise NotCovered("more than one answer")
    return graph.model(left)


def _through(graph: Graph, network: Any, entered: Tensor) -> Any:
    """What leaves a network, or one inside of it. Keras offers no public way along its steps."""
    found = getattr(network, "_functional", network)  # of a Sequential
    return found._run_through_graph([entered], operation_fn=lambda step: _writer(graph, step))


def _writer(graph: Graph, step: Any) -> Callable[..., Any]:
    """What writes a layer or an operation, called as the step itself is called."""
    name = type(step).__name__
    if name in _LEFT_AS_IT_IS:
        return lambda x, *others, **options: x
    if name in ("Functional", "Sequential"):
        return lambda x, *others, **options: _through(graph, step, x)
    found = WRITERS.get(name)
    if found is None:
        raise NotCovered(name)
    return lambda *inputs, **options: found(graph, step, *inputs)
