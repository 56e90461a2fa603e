"""How a training run begins and ends: its checkpoints, its figures, and one file of model and card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core import data, recipes
from studio.core.models import cards, presets
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, start_from

if TYPE_CHECKING:
    import keras

    from studio.core.training.trainer import Trainer


@dataclass(frozen=True)
class Job:
    """A training task at work.

    Attributes:
        task: its name.
        script: that trains such models, such as `train_vae`.
        settings, inputs: of the task.
    """

    task: str
    script: str
    settings: Any
    inputs: Inputs

    @property
    def run(self) -> checkpoints.Run:
        """Where its checkpoints are."""
        return checkpoints.find(self.task, self.settings, self.inputs)

    @property
    def source(self) -> File | None:
        """What it learns from; None if it draws that itself."""
        return next((file for slot in ("data", "text") for file in self.inputs.get(slot, ())), None)

    def figures(self, trainer: Trainer, notes: Sequence[str] = (), split: bool = True) -> dict[str, Any]:
        """What every training run tells of itself.

        Args:
            trainer: after `fit`.
            notes: sentences for the user.
            split: whether a share of images was held out.
        """
        found: dict[str, Any] = {
            "steps": trainer.step,
            "seconds": trainer.curves.seconds,
            "parameters": trainer.result.count_params(),
            "ended": trainer.ended,
            **start_from.origin(self.inputs),
            "notes": list(notes),
            "curve": {"steps": trainer.curves.steps, **trainer.curves.measured},
        }
        if split:
            found["least_held_out"] = start_from.least_held_out(self.inputs, self.settings.held_out)
            found["notes"] += start_from.tested_before(self.inputs, self.settings.held_out)
        return found

    def publish(
        self,
        network: keras.Model,
        figures: dict[str, Any],
        write_card: Callable[[str, Any, dict[str, Any], str], str],
        *,
        known: Mapping[str, Any] | None = None,
        more: Sequence[str] = (),
        weights: Mapping[str, str] | None = None,
        image: bytes | None = None,
        stages: bytes | None = None,
        suffix: str = "",
    ) -> Result:
        """Saves a model with its card, and removes the checkpoints unless the user stopped the training.

        Args:
            network: with the weights to keep.
            figures: of the run; "ended" among them tells whether it was stopped.
            write_card: gives the card's text from the name of the data, the settings, the figures and the
                command that trains such a model.
            known: what the model knows of its data besides.
            more: words that follow the data in that command.
            weights: SHA-256, by name, of the networks that it learned from.
            image: of the card, PNG.
            stages: sheet of them, WebP.
            suffix: of the file's name.
        """
        source = self.source
        name, stem = (data.command_name(source), Path(source.name).stem) if source else ("", "")
        recipe = recipes.make(self.task, self.settings, self.inputs, weights or {})
        command = cards.command(self.script, name, self.settings, figures.get("started_from", ""), more)
        text = write_card(name, self.settings, figures, command)
        told = {"trained_on": name, "command": command, "figures": figures, **(known or {})}
        packed = presets.pack(network, self.task, self.settings, text, recipe, told, image, stages)
        kept = File.keep(packed, "model", f"{stem}{suffix}.zip")
        stopped = figures["ended"] == "cancelled"
        if not stopped:
            self.run.forget()
        return Result((kept,), figures, recipe, stopped)


def image(
    sheet: np.ndarray,
    curve: Mapping[str, Sequence[float]],
    distances: Mapping[str, Sequence[float]] | None = None,
) -> bytes:
    """The image of a card, PNG: what a model makes, `(H, W, 3) uint8`, next to its curve."""
    measured = {name: values for name, values in curve.items() if name != "steps"}
    return cards.image(sheet, curve["steps"], measured, distances)
