"""Writes the losses and metrics of a training run as TensorBoard event files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.core.errors import invalid
from studio.core.progress import Report
from studio.core.training import parallel


class EventWriter:
    """A listener of progress reports that writes their metrics as scalars, one per name and step.

    It writes with `tf.summary.write`, because `tf.summary.scalar` needs the tensorboard package, which only
    whoever looks at the curves has to install.

    Args:
        folder: log directory of the run; a resumed run adds a file to it.

    Raises:
        InvalidInput: if the folder cannot be created.
    """

    def __init__(self, folder: Path):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise invalid(
                "--tensorboard", expected="a folder that can be written", received=str(error.strerror)
            ) from error
        self._folder = folder
        self._writer: Any = None

    def __call__(self, report: Report) -> None:
        """Writes the metrics of a report, if it has any. Only the first of several processes writes."""
        if not report.metrics or not parallel.is_first():
            return
        import tensorflow as tf

        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self._folder))
        plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
        metadata = tf.compat.v1.SummaryMetadata(plugin_data=plugin)
        with self._writer.as_default():
            for name, value in report.metrics.items():
                tf.summary.write(name, tf.constant(value, tf.float32), report.step, metadata)

    def close(self) -> None:
        """Writes what is still in memory."""
        if self._writer is not None:
            self._writer.close()
