"""Names, states and free text as pages display them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pages.widgets.owners import LOCAL, get_owner
from studio.core import redaction, tasks
from studio.core.errors import shorten_name
from studio.core.objectives import backbones
from studio.core.tasks import Inputs
from studio.core.weights import index

MAX_FILE_NAME = 100  # characters
FID_NOTE = "lower is better. Compare it only with a FID for as many images."  # follows an FID and its n
STATES = {
    "queued": "Waiting",
    "running": "Working",
    "stopping": "Stopping, keeping the best so far",
    "canceling": "Canceling, keeping nothing",
    "done": "Done",
    "stopped": "Stopped, kept the best so far",
    "cancelled": "Canceled",
    "failed": "Failed",
    "interrupted": "Interrupted",
}

# Four spaces would start a code block, which shows escapes.
_INDENT = re.compile("^[ \\t]+", re.MULTILINE)
# A numbered list, the only use of a parenthesis that needs an escape.
_LIST_NUMBER = re.compile(r"^(\d+)\)", re.MULTILINE)
# Streamlit replaces these after Markdown is parsed, so a backslash does not escape them.
_ICON = re.compile(r"(\\:)(material|streamlit)")
_JOINER = "\N{WORD JOINER}"  # invisible

_LABELS = {name: spec.title for name, spec in backbones.BACKBONES.items()}
_LABELS |= {
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "sgd": "SGD",
    "rmsprop": "RMSProp",
    "mse": "MSE",
    "mae": "MAE",
}
_LABELS |= {
    "gif": "GIF",
    "mp4": "MP4",
    "webp": "WebP",
    "mlp": "MLP",
    "tpe": "TPE",
    "lstm": "LSTM",
    "gru": "GRU",
}


def choice_label(name: object) -> str:
    """Returns the label of a choice: "stained_glass" -> "Stained glass", "vgg16" -> "VGG16"."""
    return _LABELS.get(str(name)) or str(name).replace("_", " ").replace("-", " ").capitalize()


def model_label(name: str) -> str:
    """Returns the label of a trained model: like any choice if it ships, the user's own as typed."""
    return choice_label(name) if name in index.load().presets else name


def join(names: Sequence[str]) -> str:
    """Joins names to a phrase: `["a", "b", "c"]` -> "a, b and c"."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


class Run(Protocol):
    """Task, settings and inputs of a job, a gallery item or a search by preference."""

    @property
    def task(self) -> str: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...
    @property
    def inputs(self) -> Inputs: ...


def describe_inputs(run: Run) -> str:
    """Returns the inputs of a run: "chelsea + stained glass"; "" if it has none."""
    return tasks.describe_sources(run.task, run.settings, run.inputs)


def make_file_name(text: str, ending: str = "") -> str:
    """Returns a file name for a download that every operating system accepts.

    Args:
        text: describes the content; characters that a system may reject become "_".
        ending: suffix with its dot.
    """
    stem = re.sub(r"[^\w.()+, -]", "_", text).strip(" ._") or "result"
    return shorten_name(f"{stem}{ending}", MAX_FILE_NAME)


def data_set_name(text: str) -> str:
    """Returns the name of a training set without file names: "MNIST (mnist.npz)" -> "MNIST"."""
    return re.sub(r" \(\w+\.\w+\)", "", text)


def escape(text: str) -> str:
    """Escapes text so Markdown shows it literally. Use it for all text from users, files and errors.

    For visitors of a server it also removes paths of the server.
    """
    visible = text if get_owner() == LOCAL else redaction.redact_paths(text)
    visible = _INDENT.sub("", visible)
    markdown = "".join("\\" + c if c in r"\`*_{}[]#+-.!|<>~:$&=" else c for c in visible)
    markdown = _LIST_NUMBER.sub(r"\1\\)", markdown)
    return _ICON.sub(rf"\1{_JOINER}\2", markdown)


def unescape(markdown: str) -> str:
    """Returns the text that `escape` escaped. The address of a page has labels as they are shown."""
    return re.sub(r"\\(.)", r"\1", markdown.replace(_JOINER, ""))
