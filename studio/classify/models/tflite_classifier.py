"""An imported TFLite classifier, which runs in the sandbox only, without gradients."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from scipy.special import expit, softmax

from studio.classify.models.classifier import Classifier
from studio.core import paths
from studio.core.errors import StudioError
from studio.core.imaging import crops
from studio.core.progress import Progress
from studio.imported import preprocessing, sandboxed_process, tflite_sandbox
from studio.imported.safe_copies import SafeCopy

_MAX_BATCH = 64  # images of one process, which takes a second to start
_MAX_BATCH_VALUES = 1 << 24  # of its input: 64 MiB; the disk and the memory of the sandbox are limited


class NoLayers:
    """Stands in for the layers of a TFLite file: the first use of them is an error that says so."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str) -> NoReturn:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise StudioError(
            f"{self._name} is a TFLite file, which classifies images, but has no gradients or features. "
            "For Grad-CAM, training, the search for wrong labels and exports, import its Keras model."
        )


@dataclass(frozen=True, eq=False)
class TFLiteClassifier(Classifier):
    """A classifier whose `network` has no layers.

    Attributes:
        copy: the checked file.
    """

    copy: SafeCopy | None = None

    @property
    def body(self) -> Any:
        """Raises `StudioError`, as every use of the network."""
        return self.network.layers

    @property
    def features(self) -> Any:
        """Raises `StudioError`, as every use of the network."""
        return self.network.layers

    def predict(self, images: Sequence[np.ndarray], progress: Progress | None = None) -> np.ndarray:
        """Classifies images, see `Classifier.predict`.

        Raises:
            InvalidInput: if the file takes too much time or memory.
            Cancelled: if a user asked to stop.
        """
        outputs = [np.empty((0, len(self.classes)), "float32")]
        height, width = self.size
        batch = max(1, min(_MAX_BATCH, _MAX_BATCH_VALUES // (3 * height * width)))
        for start in range(0, len(images), batch):
            if progress:
                progress.report(start, len(images), text="Classifying")
            outputs.append(self._run(images[start : start + batch]))
        return np.concatenate(outputs)

    def _run(self, images: Sequence[np.ndarray]) -> np.ndarray:
        assert self.copy is not None and self.copy.facts.image_input is not None
        channels = self.copy.facts.inputs[0][-1] or 3
        kernel, bias = preprocessing.to_linear_map(self.preprocessing, channels)
        pixels = np.stack([crops.crop_and_resize(image, *self.size) for image in images])
        with tempfile.TemporaryDirectory(dir=paths.ensure_folder("cache")) as parent:
            folder = Path(parent) / "run"
            folder.mkdir()
            np.save(folder / tflite_sandbox.INPUTS, (pixels @ kernel + bias).astype("float32"))
            sandboxed_process.run(tflite_sandbox.__name__, self.copy.path, folder, self.name)
            outputs = self._read_outputs(folder / tflite_sandbox.OUTPUTS, len(images))
            shutil.rmtree(folder)
        return to_probabilities(outputs, self.copy.facts.image_input.output_kind)

    def _read_outputs(self, path: Path, count: int) -> np.ndarray:
        """Returns the outputs, `(count, k)`, which an untrusted process wrote."""
        expected = (count, self.copy.facts.outputs[0][-1] if self.copy else 0)
        try:
            if path.is_symlink() or not path.is_file():  # a pipe would block
                raise ValueError
            outputs = np.lib.format.open_memmap(path, mode="r")
            if outputs.shape != expected or outputs.dtype != np.float32 or not np.isfinite(outputs).all():
                raise ValueError
            return np.array(outputs)
        except (OSError, OverflowError, ValueError):
            raise sandboxed_process.INCOMPLETE_ERROR from None


def to_probabilities(outputs: np.ndarray, kind: str) -> np.ndarray:
    """Returns probabilities `(n, k)` for outputs of one `facts.ImageInput.output_kind`."""
    if kind == "logits":
        return softmax(outputs, axis=1)
    if kind in ("share", "logit"):
        second = expit(outputs) if kind == "logit" else outputs
        return np.concatenate([1 - second, second], axis=1)
    return outputs
