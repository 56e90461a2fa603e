"""The automatic choice of numeric precision on this machine."""

import pytest

from studio.core.training import precision

AMX, PLAIN = {"avx2", "avx512_bf16", "amx_bf16"}, {"avx2", "avx512_bf16"}


@pytest.fixture
def set_cpu(monkeypatch):
    """Sets the processor features and the environment variables."""

    def apply(flags, **environment):
        monkeypatch.setattr(precision, "_read_cpu_flags", lambda: flags)
        for name in ("KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        precision.detect_fastest.cache_clear()

    yield apply
    monkeypatch.undo()
    precision.detect_fastest.cache_clear()


def test_auto_chooses_bfloat16_only_with_amx_and_tensorflow(set_cpu):
    set_cpu(AMX)
    assert precision.resolve_precision("auto") == "bfloat16"
    set_cpu(PLAIN)
    assert precision.resolve_precision("auto") == "float32"
    set_cpu(AMX, KERAS_BACKEND="jax")
    assert precision.resolve_precision("auto") == "float32"
    set_cpu(AMX, TF_ENABLE_ONEDNN_OPTS="0")
    assert precision.resolve_precision("auto") == "float32"


def test_an_explicit_precision_is_used_on_any_machine(set_cpu):
    set_cpu(PLAIN)
    assert precision.resolve_precision("bfloat16") == "bfloat16"
    set_cpu(AMX)
    assert precision.resolve_precision("float32") == "float32"
