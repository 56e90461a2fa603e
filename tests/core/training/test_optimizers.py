"""Optimizers: no graph outlives training, steps agree with Keras, and learning rate schedules."""

from __future__ import annotations

import ast
import functools
import gc
import importlib
import inspect
import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest

from studio.core.training import optimizers

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="graphs are TensorFlow's")


def count_graphs() -> int:
    """Returns the number of live TensorFlow function graphs."""
    from tensorflow.python.framework.func_graph import FuncGraph

    gc.collect()
    return sum(isinstance(value, FuncGraph) for value in gc.get_objects())


def fit(optimizer) -> None:
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    network.compile(optimizer, "mse")
    network.fit(np.ones((8, 4)), np.ones((8, 3)), batch_size=4, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize("make", [optimizers.adam, optimizers.adamw])
def test_training_leaves_no_tensorflow_graph(make):
    fit(make(1e-3))
    keras.backend.clear_session()
    before = count_graphs()
    fit(make(1e-3))
    keras.backend.clear_session()
    assert count_graphs() <= before


def test_steps_equal_those_of_keras():
    weights = []
    for optimizer in (optimizers.adam(0.1), keras.optimizers.Adam(0.1)):
        variable = keras.Variable([1.0, 2.0])
        for _ in range(3):
            optimizer.apply([keras.ops.convert_to_tensor([0.5, -1.0])], [variable])
        weights.append(np.asarray(variable))
    assert np.array_equal(*weights)


def test_only_this_module_creates_adam_optimizers():
    modules = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "studio").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("keras.optimizers.Adam", "keras.optimizers.AdamW")
    }
    assert modules == {"studio/core/training/optimizers.py"}


def find_keras_subclasses() -> list[type]:
    """Returns all classes of the studio that are Keras models, layers, metrics or callbacks."""
    classes: set[type] = set()
    for path in (ROOT / "studio").rglob("*.py"):
        if "keras." in path.read_text() and "(keras." in path.read_text():
            name = (
                path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
            )
            classes |= {
                value
                for value in vars(importlib.import_module(name)).values()
                if isinstance(value, type)
                and value.__module__ == name
                and issubclass(value, keras.Operation | keras.metrics.Metric | keras.callbacks.Callback)
            }
    return sorted(classes, key=lambda one: one.__qualname__)


# Names that Keras asks subclasses to define.
KERAS_NAMES = {
    *(
        "__init__",
        "build",
        "built",
        "call",
        "get_config",
        "from_config",
        "compute_output_shape",
        "compute_output_spec",
    ),
    *("compute_loss", "compute_mask", "metrics", "train_step", "test_step", "predict_step", "compile", "fit"),
    *("update_state", "result", "reset_state", "states", "get_initial_state", "inner_loop"),
}


@functools.cache
def find_own_names(cls: type) -> set[str]:
    """Returns the names that a class defines or that its methods assign to `self`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    assigned = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.value) == "self"
    }
    return {name for name in vars(cls) if not name.startswith("__")} | assigned


def find_shadows(cls: type) -> set[str]:
    """Returns the names of a Keras subclass that Keras uses for something else."""
    bases = [base for base in cls.__mro__[1:] if base.__module__.startswith("keras.")]
    return (find_own_names(cls) - KERAS_NAMES) & set().union(*map(find_own_names, bases))


@pytest.mark.parametrize("steps, warmup, rise", [(1000, 100, 100), (300, 100, 30), (5, 100, 1)])
def test_the_learning_rate_warms_up_and_decays_to_0(steps, warmup, rise):
    rate = optimizers.make_schedule(0.5, steps, warmup)
    assert float(rate(0)) == 0 and float(rate(rise)) == pytest.approx(0.5)
    assert float(rate(rise / 2)) == pytest.approx(0.25)
    assert float(rate(steps)) == pytest.approx(0, abs=1e-6)


def test_without_warmup_the_learning_rate_decays_to_its_end_share():
    rate = optimizers.make_schedule(0.5, 100, end=0.2)
    assert float(rate(0)) == pytest.approx(0.5) and float(rate(100)) == pytest.approx(0.1)
    assert optimizers.make_schedule(0.5, 100, end=1) == 0.5


@pytest.mark.slow
def test_no_keras_subclass_shadows_a_keras_attribute():
    classes = find_keras_subclasses()
    assert len(classes) > 10
    assert not {
        f"{cls.__module__}.{cls.__name__}": attributes for cls in classes if (attributes := find_shadows(cls))
    }


def test_shadowing_methods_and_instance_attributes_are_found():
    class Method(keras.Model):
        def _losses(self):
            """Has the name of an attribute that Keras sets."""

    class Attribute(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.losses = []

    assert find_shadows(Method) == {"_losses"} and find_shadows(Attribute) == {"losses"}
