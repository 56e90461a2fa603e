"""Compiled functions and gradients on the TensorFlow and JAX backends."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from studio.core.errors import StudioError


def compile_function(function: Callable) -> Callable:
    """Compiles `function(*arrays)`; arrays of rank 4 (images, activations) may vary in height and width."""
    import keras

    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.jit(function)
    if backend == "tensorflow":
        return _compile_tensorflow(function)
    raise StudioError(f"The studio runs on tensorflow or jax, not {backend}. Set KERAS_BACKEND to one.")


def _compile_tensorflow(function: Callable) -> Callable:
    import tensorflow as tf

    graph = None

    def make_spec(array):
        shape = tuple(array.shape)
        return tf.TensorSpec((shape[0], None, None, shape[3]) if len(shape) == 4 else shape, array.dtype)

    def call(*arrays):
        nonlocal graph
        arrays = tf.nest.map_structure(tf.convert_to_tensor, arrays)
        if graph is None:
            signature = tf.nest.map_structure(make_spec, arrays)
            graph = tf.function(function, input_signature=signature, autograph=False)
        return graph(*arrays)

    return call


def fuse_loops(function: Callable) -> Callable:
    """Fuses many elementwise operators on large arrays into a few loops; compiles again for each array size.

    On TensorFlow it compiles the function by XLA, because single operators are limited by memory bandwidth.
    On JAX it does nothing, because JAX compiles the whole model. Leave convolutions out: XLA's are slow on a
    CPU.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    return tf.function(function, jit_compile=True, autograph=False)


def custom_gradient(function: Callable) -> Callable:
    """`keras.ops.custom_gradient`, except that TensorFlow forgets the gradient with the graph that uses it.

    Args:
        function: `function(*tensors) -> (values, gradient)`; `gradient` takes the upstream gradients.

    Returns:
        `(*tensors) -> values`.
    """
    import keras

    differentiable = keras.ops.custom_gradient(function)
    if keras.backend.backend() != "tensorflow":
        return differentiable

    @functools.wraps(function)
    def call(*tensors: Any) -> Any:
        values = differentiable(*tensors)
        _unregister_gradient(values)
        return values

    return call


def _unregister_gradient(values: Any) -> None:
    """Moves the gradient of traced values from TensorFlow's registry to the operation that uses it.

    The registry lasts as long as the process. It would keep the gradient, the graph of the whole step and
    every array that the graph refers to. Each trace has its own entry, so other threads are not affected.
    """
    import tensorflow as tf
    from tensorflow.python.framework import ops

    if tf.executing_eagerly():  # nothing is registered
        return
    operation = tf.nest.flatten(values)[0].op
    name = operation.get_attr("_gradient_op_type").decode()
    operation._gradient_function = ops.get_gradient_function(operation)
    ops.gradient_registry._registry.pop(name, None)


def with_gradient(function: Callable) -> Callable:
    """Turns `function(x) -> (value, gradient)` into `x -> value` with the gradient `gradient(upstream)`.

    Args:
        function: function of one tensor; `gradient` takes the upstream gradient.
    """

    def with_custom_gradient(x):
        number, gradient = function(x)

        def backward(*upstreams, upstream=None):  # backends pass it by position or by keyword
            return gradient(upstreams[0] if upstream is None else upstream)

        return number, backward

    return custom_gradient(with_custom_gradient)


def value_and_grad(function: Callable) -> Callable:
    """Turns `function(x, *arrays) -> (scalar, aux)` into `(x, *arrays) -> (scalar, aux, gradient by x)`."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        def compute(x, *arrays):
            (number, aux), gradient = jax.value_and_grad(function, has_aux=True)(x, *arrays)
            return number, aux, gradient

        return compute

    import tensorflow as tf

    def differentiate(x, *arrays):
        with tf.GradientTape() as tape:
            tape.watch(x)
            number, aux = function(x, *arrays)
        return number, aux, tape.gradient(number, x)

    return differentiate
