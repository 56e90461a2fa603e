"""Settings of training on a text, of sampling and of comparison; importing this loads no Keras."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from studio.core.settings import Settings, setting, split_setting
from studio.core.training import settings as shared

_ENCODING = "Character encoding of the text, such as utf-8, cp1251 or gb18030; auto detects it."


class TrainTextSettings(shared.TrainSettings):
    """Trains a character-level language model on a text."""

    learning_rate: float = shared.learning_rate(0.003)
    epochs: int | None = setting(
        None,
        "Number of passes over the training text; raise it while the validation loss still falls. Leave "
        "empty for 12 epochs, or more if the text is short. Early stopping may end training sooner.",
        tier="main",
        ge=1,
        le=1000,
    )
    units: int = setting(
        512,
        "Number of units in each recurrent layer; raise it for a better model but slower training.",
        tier="main",
        ge=8,
        le=2048,
        scale="log",
        label="Units per layer",
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
        "lstm",
        "Type of the recurrent cell: a GRU has fewer parameters than an LSTM; neither is better in general.",
        label="Recurrent cell",
    )
    layers: int = setting(
        2,
        "Number of stacked recurrent layers; raise it for a more powerful model but slower training.",
        ge=1,
        le=4,
    )
    embedding: int = setting(
        64,
        "Length of the learned vector that represents each character; raise it for texts with many "
        "different characters.",
        ge=4,
        le=1024,
        scale="log",
        label="Embedding size",
    )
    embedding_dropout: float = setting(
        0.1, "Dropout rate on the embedding; raise it when the model overfits.", ge=0, le=0.9, step=0.05
    )
    weight_dropout: float = setting(
        0.0,
        "Dropout rate on the recurrent weights (LSTM only); raise it when the model overfits.",
        ge=0,
        le=0.9,
        step=0.05,
    )
    tied: bool = setting(
        False,
        "Uses the same weights for the input embedding and the output layer, which reduces the number of "
        "parameters.",
        label="Tied embeddings",
    )
    streams: int = setting(
        64,
        "Number of sequences per training step; raise it for less noisy gradients, lower it when memory "
        "runs out. Short texts use fewer sequences.",
        ge=1,
        le=1024,
        scale="log",
        label="Batch size",
    )
    sequence: int = setting(
        96,
        "Number of characters in each training sequence (truncated backpropagation through time); raise it "
        "to learn longer dependencies, lower it to save memory.",
        unit="characters",
        ge=8,
        le=1024,
        scale="log",
        label="Sequence length",
    )
    weight_decay: float = setting(
        0.01,
        "Strength of AdamW's weight decay, which shrinks all weights slightly at every step; raise it when "
        "the model overfits, 0 turns it off.",
        ge=0,
        le=1,
        scale="log",
    )
    ema_share: float = setting(
        0.05,
        "Share of the training steps covered by the exponential moving average (EMA) of the weights; raise "
        "it to average out fluctuations, 0 turns it off.",
        ge=0,
        le=0.5,
        step=0.01,
        label="EMA share",
    )
    held_out: float = split_setting(
        0.1,
        help="Share of the text, taken from its end, held out for testing; raise it for more reliable "
        "metrics. Half as much is held out for validation.",
    )
    encoding: str = setting("auto", _ENCODING, max_length=40)
    patience: int = setting(
        5,
        "Number of evaluations without a lower validation loss before training stops early; raise it to "
        "train longer, 0 turns early stopping off.",
        unit="evaluations",
        ge=0,
        le=1000,
    )


class WriteSettings(Settings):
    """Continues a prompt with a language model."""

    preset: str = setting(
        "shakespeare",
        "Name or folder of a trained language model.",
        tier="main",
        max_length=1000,
        label="Model",
    )
    temperature: float = setting(
        0.8,
        "Sampling temperature; raise it for more varied text, lower it for more predictable text. 0 always "
        "picks the likeliest character, 1 uses the model's probabilities unchanged.",
        tier="main",
        ge=0,
        le=2,
        step=0.05,
    )
    chars: int = setting(
        500,
        "Number of characters to generate.",
        tier="main",
        unit="characters",
        ge=1,
        le=100_000,
        scale="log",
        label="Length",
    )
    prompt: str = setting(
        "",
        "Start of the text, which the model continues. Leave empty to let the model start the text.",
        positional=True,
        max_length=10_000,
    )
    top_k: int = setting(
        0,
        "Samples only from the k likeliest characters; lower it for more predictable text, 0 turns it off.",
        ge=0,
        le=10_000,
        label="Top-k",
    )
    top_p: float = setting(
        1.0,
        "Samples only from the likeliest characters whose probabilities add up to p; lower it for more "
        "predictable text, 1 turns it off.",
        gt=0,
        le=1,
        step=0.05,
        label="Top-p",
    )
    stop: str = setting(
        "",
        "Ends the text right before the first occurrence of this string. Leave empty to generate the full "
        "length.",
        max_length=200,
        label="Stop sequence",
    )
    count: int = setting(1, "Number of texts to generate.", ge=1, le=64, label="Samples")
    seed: int = setting(
        0, "Random seed of the sampler; the same seed generates the same text.", ge=0, le=2**31 - 1
    )
    precision: Literal["int8", "float32"] = setting(
        "int8",
        "Data type of the weights: int8 rounds them but is several times faster; float32 keeps them exactly "
        "as trained.",
    )

    @property
    def subject(self) -> str:
        return f"text by {PurePath(self.preset).name}"


class CompareSettings(Settings):
    """Compares the likelihood of a text under two language models."""

    first: str = setting(
        "shakespeare",
        "Name or folder of the first language model.",
        tier="main",
        max_length=1000,
        label="First model",
    )
    second: str = setting(
        "alice",
        "Name or folder of the second language model.",
        tier="main",
        max_length=1000,
        label="Second model",
    )
    encoding: str = setting("auto", _ENCODING, max_length=40)
    per_character: bool = setting(
        False, "Adds the negative log-likelihood of each character, in nats, to the JSON output."
    )
