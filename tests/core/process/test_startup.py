"""Keras without what it only tries: in a fresh process, for that is where it is imported."""

import subprocess
import sys

import pytest

from studio.core.process import startup

SPARED = sorted(set().union(*startup.SPARED.values()))


def ran(code: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.slow  # a fresh process with Keras
def test_keras_leaves_them_out_and_everyone_else_finds_them():
    """It works without; what is installed can be imported after."""
    code = f"""
import sys
from studio.core.process import startup
startup.spare()
startup.spare()
import keras
print(float(keras.ops.sum(keras.layers.Dense(1, kernel_initializer="ones")(keras.ops.ones((1, 3))))), end=" ")
print([name for name in {SPARED} if name in sys.modules], end=" ")
import pandas, sklearn.cluster
print(sum(type(finder).__module__ == startup.__name__ for finder in sys.meta_path))
"""
    assert ran(code) == "3.0 [] 1"


@pytest.mark.slow  # two fresh processes with Keras
def test_without_it_keras_loads_them():
    """Else there would be nothing to spare, and this module could go."""
    assert "pandas" in ran(f"import sys, keras; print([name for name in {SPARED} if name in sys.modules])")
    pytest.importorskip("jax")
    code = "import os; os.environ['KERAS_BACKEND'] = 'jax';"
    code += "from studio.core.process import startup; startup.spare()"
    assert ran(f"{code}; import keras; print(keras.backend.backend())") == "jax"
