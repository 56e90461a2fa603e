"""How a training run ends: its figures, its card and its weights become one model file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core import recipes
from studio.core.models import cards, presets
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, start_from

if TYPE_CHECKING:
    import keras

    from studio.core.training.start_from import History
    from studio.core.training.trainer import Trainer


def figures(
    trainer: Trainer, inputs: Inputs, held_out: float | None = None, notes: Sequence[str] = ()
) -> dict[str, Any]:
    """What every training run tells of itself.

    Args:
        trainer: after `fit`.
        inputs: of the task.
        held_out: share of the images in the test split, where images were split.
        notes: sentences for the user.
    """
    found: dict[str, Any] = {
        "steps": trainer.step,
        "seconds": trainer.curves.seconds,
        "parameters": trainer.result.count_params(),
        "ended": trainer.ended,
        **start_from.origin(inputs),
        "notes": list(notes),
        "curve": {"steps": trainer.curves.steps, **trainer.curves.measured},
    }
    if held_out is not None:
        found["least_held_out"] = start_from.least_held_out(inputs, held_out)
        found["notes"] += start_from.tested_before(inputs, held_out)
    return found


@dataclass(frozen=True)
class Model:
    """A trained model, on its way into a file.

    Attributes:
        task: that made it.
        script: that trains it, such as `train_vae`.
        settings, inputs: of the task.
        network: with the weights to keep.
        figures: of the run.
        write_card: the card's text, from the name of the data and the command that trains such a model.
        name: of the data.
        more: words that follow the data in that command.
        known: what the model knows of its data besides.
        weights: SHA-256, by name, of the networks that it learned from.
        sheet: what it makes, `(H, W, 3) uint8`, for the picture of the card.
        picture: that picture, PNG, where it is of another kind.
        history: of its losses and metrics; None takes the curve of `figures`.
        distances: for the picture, see `cards.picture`.
        suffix: of the file's name.
    """

    task: str
    script: str
    settings: Settings
    inputs: Inputs
    network: keras.Model
    figures: dict[str, Any]
    write_card: Callable[[str, str], str]
    name: str
    more: Sequence[str] = ()
    known: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    sheet: np.ndarray | None = None
    picture: bytes | None = None
    history: History | None = None
    distances: Mapping[str, Sequence[float]] | None = None
    suffix: str = ""

    def publish(self, stopped: bool | None = None) -> Result:
        """Saves it with its card, and removes the checkpoints unless training was stopped.

        Args:
            stopped: whether the user stopped it, also after training; None asks the figures.
        """
        if stopped is None:
            stopped = self.figures["ended"] == "cancelled"
        recipe = recipes.make(self.task, self.settings, self.inputs, self.weights)
        started = self.figures.get("started_from", "")
        command = cards.command(self.script, self.name, self.settings, started, self.more)
        known = {"trained_on": self.name, "command": command, "figures": self.figures, **self.known}
        packed = presets.pack(
            self.network,
            self.task,
            self.settings,
            self.write_card(self.name, command),
            recipe,
            known,
            self._picture(),
            self.history.sheet if self.history else None,
        )
        kept = File.keep(packed, "model", f"{self._stem()}{self.suffix}.zip")
        if not stopped:
            checkpoints.find(self.task, self.settings, self.inputs).forget()
        return Result((kept,), self.figures, recipe, stopped)

    def _picture(self) -> bytes | None:
        if self.sheet is None:
            return self.picture
        curve = self.history.curve if self.history else self.figures["curve"]
        measured = {name: values for name, values in curve.items() if name != "steps"}
        return cards.picture(self.sheet, curve["steps"], measured, self.distances)

    def _stem(self) -> str:
        return next(
            (Path(file.name).stem for slot in ("data", "text") for file in self.inputs.get(slot, ())), ""
        )
