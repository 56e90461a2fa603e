"""The automatic choice of numeric precision on this machine."""

import pytest

from studio.core.training import precision

AMX, PLAIN = {"avx2", "avx512_bf16", "amx_bf16"}, {"avx2", "avx512_bf16"}


@pytest.fixture
def machine(monkeypatch):
    """Sets the processor features and the environment variables."""

    def of(abilities, **environment):
        monkeypatch.setattr(precision, "_read_cpu_flags", lambda: abilities)
        for name in ("KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        precision.detect_fastest.cache_clear()

    yield of
    monkeypatch.undo()
    precision.detect_fastest.cache_clear()


def test_bfloat16_is_for_amx_under_tensorflow_alone(machine):
    machine(AMX)
    assert precision.resolve_precision("auto") == "bfloat16"
    machine(PLAIN)
    assert precision.resolve_precision("auto") == "float32"
    machine(AMX, KERAS_BACKEND="jax")
    assert precision.resolve_precision("auto") == "float32"
    machine(AMX, TF_ENABLE_ONEDNN_OPTS="0")
    assert precision.resolve_precision("auto") == "float32"


def test_what_a_person_asks_for_is_taken_on_any_machine(machine):
    machine(PLAIN)
    assert precision.resolve_precision("bfloat16") == "bfloat16"
    machine(AMX)
    assert precision.resolve_precision("float32") == "float32"
