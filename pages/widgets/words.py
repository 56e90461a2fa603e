"""Numbers and states in a user's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pages.widgets.owners import LOCAL, owner
from studio.core import places, tasks
from studio.core.errors import short_name
from studio.core.objectives import backbones
from studio.core.tasks import Inputs
from studio.core.weights import index

MOST_FILE_NAME = 100  # characters
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

_INDENTED = re.compile("^[ \\t]+", re.MULTILINE)  # four blanks make a block of code, with its escapes shown
_NUMBERED = re.compile(r"^(\d+)\)", re.MULTILINE)  # the only parenthesis that means something by itself
# Streamlit looks for these after Markdown has been read, so that no escape keeps them from it.
_ICON = re.compile(r"(\\:)(material|streamlit)")
_JOINER = "\N{WORD JOINER}"  # shows nothing

_NAMES = {name: spec.title for name, spec in backbones.BACKBONES.items()}
_NAMES |= {
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "sgd": "SGD",
    "rmsprop": "RMSProp",
    "mse": "MSE",
    "mae": "MAE",
}
_NAMES |= {"gif": "GIF", "mp4": "MP4", "webp": "WebP", "mlp": "MLP", "tpe": "TPE"}


def choice(name: object) -> str:
    """What may be chosen as a page writes it: "stained_glass" -> "Stained glass", "vgg16" -> "VGG16"."""
    return _NAMES.get(str(name)) or str(name).replace("_", " ").replace("-", " ").capitalize()


def model(name: str) -> str:
    """What a trained model is called: one that ships as any choice, a user's own as it was typed."""
    return choice(name) if name in index.shipped().presets else name


def listed(names: Sequence[str]) -> str:
    """`["a", "b", "c"]` -> "a, b and c"."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


class Run(Protocol):
    """What was asked of a task: a job, an item of the gallery, a search by preference."""

    @property
    def task(self) -> str: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...
    @property
    def inputs(self) -> Inputs: ...


def made_of(run: Run) -> str:
    """What a run is made of: "chelsea + stained glass"; "" if of nothing."""
    return tasks.made_of(run.task, run.settings, run.inputs)


def file_name(text: str, ending: str = "") -> str:
    """The name under which a download is saved, which every system takes.

    Args:
        text: what is in the file, in words; letters that a system may refuse become "_".
        ending: of the name, with its dot.
    """
    stem = re.sub(r"[^\w.()+, -]", "_", text).strip(" ._") or "result"
    return short_name(f"{stem}{ending}", MOST_FILE_NAME)


def data_set_name(text: str) -> str:
    """What a model learned from, without the names of files: "MNIST (mnist.npz)" -> "MNIST"."""
    return re.sub(r" \(\w+\.\w+\)", "", text)


def plain(text: str) -> str:
    """`text` so that Markdown shows it as it is: whatever a user, a file or an error brings passes here.

    To a visitor of a studio for many it does not tell where things are on the server.
    """
    shown = text if owner() == LOCAL else places.without_paths(text)
    shown = _INDENTED.sub("", shown)
    escaped = "".join("\\" + c if c in r"\`*_{}[]#+-.!|<>~:$&=" else c for c in shown)
    escaped = _NUMBERED.sub(r"\1\\)", escaped)
    return _ICON.sub(rf"\1{_JOINER}\2", escaped)
