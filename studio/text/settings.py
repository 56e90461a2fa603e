"""The settings of training on a text and of writing; importing this loads no Keras."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from studio.core.settings import Settings, setting, split_setting
from studio.core.training import settings as shared

_ENCODING = "How the text is encoded, such as utf-8, cp1251 or gb18030; auto detects it."


class TrainTextSettings(shared.TrainSettings):
    """Trains a network that writes like a text, one character at a time."""

    learning_rate: float = shared.learning_rate(0.003)
    epochs: int | None = setting(
        None,
        "How often it reads the text; empty: 12 times, a short text more often.",
        tier="main",
        ge=1,
        le=1000,
    )
    units: int = setting(
        512,
        "Size of its memory: more learns more, and takes longer.",
        tier="main",
        ge=8,
        le=2048,
        scale="log",
    )
    dropout: float = setting(
        0.4,
        "Share of activations dropped during training; raise it when the model overfits.",
        tier="main",
        ge=0,
        le=0.9,
        step=0.05,
    )
    cell: Literal["lstm", "gru"] = setting(
        "lstm", "Recurrent cell: a GRU has fewer parameters than an LSTM; neither is better in general."
    )
    layers: int = setting(2, "How many of them stand on each other.", ge=1, le=4)
    embedding: int = setting(
        64, "Length of the learned vector that stands for each character.", ge=4, le=1024, scale="log"
    )
    embedding_dropout: float = setting(0.1, "As dropout, of those numbers.", ge=0, le=0.9, step=0.05)
    weight_dropout: float = setting(
        0.0, "Share of the memory's connections cut at random (LSTM only).", ge=0, le=0.9, step=0.05
    )
    tied: bool = setting(False, "Read and write characters with the same numbers.")
    streams: int = setting(
        64,
        "Places of the text read at once; fewer on a short text.",
        ge=1,
        le=1024,
        scale="log",
        label="Batch size",
    )
    sequence: int = setting(
        96,
        "How far back a lesson reaches; what came before is remembered but no longer corrected.",
        unit="characters",
        ge=8,
        le=1024,
        scale="log",
        label="Sequence length",
    )
    weight_decay: float = setting(0.01, "How strongly weights are held small.", ge=0, le=1, scale="log")
    ema_share: float = setting(
        0.05,
        "The share of the steps over which the weights are averaged; 0: not at all.",
        ge=0,
        le=0.5,
        step=0.01,
    )
    held_out: float = split_setting(
        0.1, help="The share at the end that is kept to test on; half as much before it chooses the weights."
    )
    encoding: str = setting("auto", _ENCODING, max_length=40)
    patience: int = setting(
        5, "Tests without a gain before it ends early; 0: never.", unit="tests", ge=0, le=1000
    )


class WriteSettings(Settings):
    """Writes on from a beginning."""

    preset: str = setting(
        "shakespeare", "The voice: the name of a trained model, or its folder.", tier="main", max_length=1000
    )
    temperature: float = setting(
        0.8,
        "How daring: near 0 the likeliest character, 1 as in the text.",
        tier="main",
        ge=0,
        le=2,
        step=0.05,
    )
    chars: int = setting(
        500,
        "How much to write.",
        tier="main",
        unit="characters",
        ge=1,
        le=100_000,
        scale="log",
        label="Length",
    )
    prompt: str = setting("", "The beginning.", positional=True, max_length=10_000)
    top_k: int = setting(0, "Choose among so many likeliest characters; 0: all.", ge=0, le=10_000)
    top_p: float = setting(
        1.0, "Choose among the likeliest that together have this chance; 1: all.", gt=0, le=1, step=0.05
    )
    stop: str = setting("", "End before this text; empty: never.", max_length=200)
    count: int = setting(1, "How many texts at once.", ge=1, le=64)
    seed: int = setting(0, "Seed of every random draw.", ge=0, le=2**31 - 1)
    precision: Literal["int8", "float32"] = setting(
        "int8",
        "Of the weights that it writes with: int8 is several times as fast, float32 is as it learnt.",
    )

    @property
    def subject(self) -> str:
        return f"text by {PurePath(self.preset).name}"


class CompareSettings(Settings):
    """Says which of two voices expected a text more."""

    first: str = setting(
        "shakespeare",
        "One voice: the name of a trained model, or its folder.",
        tier="main",
        max_length=1000,
    )
    second: str = setting("alice", "The other voice.", tier="main", max_length=1000)
    encoding: str = setting("auto", _ENCODING, max_length=40)
    per_character: bool = setting(
        False, "Whether the JSON also holds the negative log-likelihood of each character, in nats."
    )
