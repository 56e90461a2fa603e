"""Settings of training on a text, of sampling and of comparison; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Literal, Self

from pydantic import model_validator

from studio.core.errors import invalid
from studio.core.settings import Settings, setting, split_setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision

Architecture = Literal["lstm", "gru", "transformer"]
# Values of settings that are left empty.
_RECURRENT_DEFAULTS = {"units": 512, "layers": 2, "dropout": 0.4}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "lstm": _RECURRENT_DEFAULTS,
    "gru": _RECURRENT_DEFAULTS,
    "transformer": {"units": 192, "layers": 6, "dropout": 0.2},
}
MAX_CACHE_SIZE = 2**22  # layers x units x characters, 32 MiB of keys and values for each text
_TRANSFORMER_ONLY = ("heads", "precision")
_RECURRENT_ONLY = ("embedding", "embedding_dropout", "weight_dropout", "tied")
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
    architecture: Architecture = setting(
        "lstm",
        "Type of the network: an LSTM; a GRU, which has fewer parameters; or a Transformer, which reads "
        "earlier characters by attention and takes longer to train.",
        tier="main",
    )
    units: int = setting(
        None,
        "Number of units in each layer, the width of a Transformer; raise it for a better model but slower "
        "training. Leave empty for 512, or 192 with a Transformer.",
        tier="main",
        ge=8,
        le=2048,
        scale="log",
        label="Units per layer",
    )
    dropout: float = setting(
        None,
        "Share of activations dropped during training; raise it when the model overfits. Leave empty for "
        "0.4, or 0.2 with a Transformer.",
        ge=0,
        le=0.9,
        step=0.05,
    )
    layers: int = setting(
        None,
        "Number of stacked layers; raise it for a more powerful model but slower training. Leave empty for "
        "2, or 6 with a Transformer.",
        ge=1,
        le=12,
    )
    heads: int = setting(
        4,
        "Number of attention heads in each layer (Transformer only); more heads attend to more places at "
        "once, each with fewer units. Units per layer are rounded down to a multiple of twice this number.",
        ge=1,
        le=32,
        scale="log",
        label="Attention heads",
    )
    embedding: int = setting(
        64,
        "Length of the learned vector that represents each character (LSTM and GRU only); raise it for texts "
        "with many different characters.",
        ge=4,
        le=1024,
        scale="log",
        label="Embedding size",
    )
    embedding_dropout: float = setting(
        0.1,
        "Dropout rate on the embedding (LSTM and GRU only); raise it when the model overfits.",
        ge=0,
        le=0.9,
        step=0.05,
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
        "parameters; a Transformer always does.",
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
        "Number of characters in each training sequence (truncated backpropagation through time), and "
        "the context window of a Transformer; raise it to learn longer dependencies, lower it to save "
        "memory.",
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
    precision: Precision = setting("float32", f"{HELP} Transformer only.")

    @model_validator(mode="before")
    @classmethod
    def _fill_defaults(cls, values: Any) -> Any:
        """Fills in the settings that are left empty, which depend on the architecture."""
        if not isinstance(values, Mapping):
            return values
        defaults = DEFAULTS.get(str(values.get("architecture", "lstm")), _RECURRENT_DEFAULTS)
        return {**values, **{name: value for name, value in defaults.items() if values.get(name) is None}}

    @model_validator(mode="after")
    def _check_cache_size(self) -> Self:
        """Limits the cache of a Transformer, whose size a third-party model could choose."""
        if self.architecture == "transformer" and self.layers * self.width * self.sequence > MAX_CACHE_SIZE:
            raise invalid(
                "size of the Transformer",
                expected=f"a product of at most {MAX_CACHE_SIZE:,}",
                received=f"{self.layers} layers x {self.width:,} units x {self.sequence:,} characters",
            )
        return self

    @property
    def width(self) -> int:
        """Returns the units of a layer; those of a Transformer are rounded down so that heads can share them.

        Rotary positions need an even number of units for each head.
        """
        if self.architecture != "transformer":
            return self.units
        return max(1, self.units // (2 * self.heads)) * 2 * self.heads

    def is_default(self, name: str) -> bool:
        """Returns whether a setting has its default for this architecture. See `Settings.is_default`."""
        defaults = DEFAULTS[self.architecture]
        return bool(getattr(self, name) == defaults[name]) if name in defaults else super().is_default(name)

    @property
    def effective_precision(self) -> Precision:
        """Returns the data type of the computations during training, float32 for recurrent networks."""
        return self.precision if self.architecture == "transformer" else "float32"

    @property
    def ineffective_settings(self) -> frozenset[str]:
        """See `Settings.ineffective_settings`."""
        if self.architecture == "transformer":
            return frozenset(_RECURRENT_ONLY)
        lstm_only = ("weight_dropout",) if self.architecture == "gru" else ()
        return frozenset((*_TRANSFORMER_ONLY, *lstm_only))


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
