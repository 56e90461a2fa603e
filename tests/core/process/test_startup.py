"""Keras starts without its optional imports; each test uses a new process."""

import subprocess
import sys

import pytest

from studio.core.process import startup

SKIPPED_IMPORTS = sorted(set().union(*startup.SKIPPED_IMPORTS.values()))


def run_python(code: str) -> str:
    """Returns the output of a new process."""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return process.stdout.splitlines()[-1]


@pytest.mark.slow  # a new process with Keras
def test_keras_skips_optional_packages_and_others_import_them():
    """Keras starts without these packages; they can still be imported later."""
    code = f"""
import sys
from studio.core.process import startup
startup.skip_optional_imports()
startup.skip_optional_imports()
import keras
print(float(keras.ops.sum(keras.layers.Dense(1, kernel_initializer="ones")(keras.ops.ones((1, 3))))), end=" ")
print([name for name in {SKIPPED_IMPORTS} if name in sys.modules], end=" ")
import pandas, sklearn.cluster
print(sum(type(finder).__module__ == startup.__name__ for finder in sys.meta_path))
"""
    assert run_python(code) == "3.0 [] 1"


@pytest.mark.slow  # a new process with Keras
def test_keras_starts_on_jax():
    pytest.importorskip("jax")
    code = "import os; os.environ['KERAS_BACKEND'] = 'jax';"
    code += "from studio.core.process import startup; startup.skip_optional_imports()"
    assert run_python(f"{code}; import keras; print(keras.backend.backend())") == "jax"
