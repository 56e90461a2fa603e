"""Finds the run of a training job, collects its figures, and saves the model with its card as one file."""

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

    from studio.core.training.photo_trainer import PhotoTrainer
    from studio.core.training.trainer import Trainer


@dataclass(frozen=True)
class TrainingJob:
    """A training job.

    Attributes:
        task: the task's name.
        script: the script that trains such models, e.g. `train_vae`.
        settings, inputs: of the task.
    """

    task: str
    script: str
    settings: Any
    inputs: Inputs

    @property
    def run(self) -> checkpoints.Run:
        """The run with its checkpoints."""
        return checkpoints.find_run(self.task, self.settings, self.inputs)

    @property
    def source(self) -> File | None:
        """The training data; None if the task generates its own."""
        return next((file for slot in ("data", "text") for file in self.inputs.get(slot, ())), None)

    def collect_figures(
        self, trainer: Trainer, notes: Sequence[str] = (), split: bool = True
    ) -> dict[str, Any]:
        """Collects the figures that every training run reports.

        Args:
            trainer: after `fit`.
            notes: sentences for the user.
            split: whether a share of the images was held out.
        """
        figures: dict[str, Any] = {
            "steps": trainer.step,
            "seconds": trainer.curves.seconds,
            "parameters": trainer.result.count_params(),
            "ended": trainer.stop_reason,
            **start_from.describe_origin(self.inputs),
            "notes": list(notes),
            "curve": {"steps": trainer.curves.steps, **trainer.curves.by_name},
        }
        if split:
            figures["least_held_out"] = start_from.find_least_held_out(self.inputs, self.settings.held_out)
            figures["notes"] += start_from.list_leakage_notes(self.inputs, self.settings.held_out)
        return figures

    def publish(
        self,
        network: keras.Model,
        figures: dict[str, Any],
        write_card: Callable[[str, Any, dict[str, Any], str], str],
        *,
        metadata: Mapping[str, Any] | None = None,
        extra_arguments: Sequence[str] = (),
        weights: Mapping[str, str] | None = None,
        image: bytes | None = None,
        stages: bytes | None = None,
        suffix: str = "",
    ) -> Result:
        """Saves a model with its card, and removes the checkpoints unless the user stopped the training.

        Args:
            network: the model with the weights to keep.
            figures: of the run; "ended" says whether it was stopped.
            write_card: returns the card's text from the name of the data, the settings, the figures and the
                command that trains such a model.
            metadata: further facts about the data to store with the model.
            extra_arguments: arguments that follow the data in that command.
            weights: SHA-256, by name, of the pretrained networks that it was trained with.
            image: the image of the card, WebP.
            stages: the sheet of stages, WebP.
            suffix: suffix of the file's name.

        Returns:
            The result with the model's file.
        """
        source = self.source
        name, stem = (data.command_name(source), Path(source.name).stem) if source else ("", "")
        recipe = recipes.make(self.task, self.settings, self.inputs, weights or {})
        start = figures.get("started_from", "")
        command = cards.format_command(self.script, name, self.settings, start, extra_arguments)
        text = write_card(name, self.settings, figures, command)
        stored_data = {"trained_on": name, "command": command, "figures": figures, **(metadata or {})}
        packed = presets.pack(network, self.task, self.settings, text, recipe, stored_data, image, stages)
        file = File.store(packed, "model", f"{stem}{suffix}.zip")
        is_stopped = figures["ended"] == "cancelled"
        if not is_stopped:
            self.run.delete()
        return Result((file,), figures, recipe, is_stopped)


def publish_photo_network(
    job: TrainingJob,
    trainer: PhotoTrainer,
    write_card: Callable[[str, Any, dict[str, Any], str], str],
    counts: Mapping[str, int],
    notes: Sequence[str],
    suffix: str,
    extra_arguments: Sequence[str] = (),
    weights: Mapping[str, str] | None = None,
) -> Result:
    """Saves a network that was trained on photos, with its scores; see `TrainingJob.publish`.

    Args:
        job: of the task.
        trainer: after `fit`.
        write_card: returns the card's text.
        counts: numbers of "photos" and of those "held_out", and others of the data.
        notes: sentences for the user.
        suffix: suffix of the file's name.
        extra_arguments: arguments that follow the data in the training command.
        weights: SHA-256, by name, of the pretrained networks that it was trained with.
    """
    figures = {
        **job.collect_figures(trainer, notes),
        **counts,
        "tested_photos": len(trainer.final_test_rows),
        **trainer.scores,
    }
    image = draw_card_image(trainer.draw_sheet(), figures["curve"])
    return job.publish(
        trainer.result,
        figures,
        write_card,
        extra_arguments=extra_arguments,
        weights=weights,
        image=image,
        suffix=suffix,
    )


def draw_card_image(
    sheet: np.ndarray,
    curve: Mapping[str, Sequence[float]],
    distances: Mapping[str, Sequence[float]] | None = None,
) -> bytes:
    """Draws the image of a card, WebP: samples of the model next to its curves.

    Args:
        sheet: samples, `(H, W, 3) uint8`.
        curve: losses and metrics by name, and the "steps" of the tests.
        distances: FID and KID by name; None without any.
    """
    measured = {name: values for name, values in curve.items() if name != "steps"}
    return cards.draw_image(sheet, curve["steps"], measured, distances)
