"""A creative AI studio on Keras 3: style transfer, DeepDream, generators, language models, classifiers.

`studio.make` runs every task from Python; `studio --help` lists the commands. Each folder next to this file
is one capability or a shared part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.core.version import VERSION

if TYPE_CHECKING:
    from studio.notebook import RemoteStudio
    from studio.run.program_result import Output

__version__ = VERSION


def make(task: str, /, *, quiet: bool = False, **arguments: Any) -> Output:
    """Runs a task in this process and adds its result to the gallery, except texts and predictions.

    `studio.make("style.transfer", content="photo.jpg", house="mosaic").save("out.png")`

    Args:
        task: its name, e.g. "style.transfer", "dream.ascend", "faces.draw", "text.write",
            "classify.predict", "vae.train", or its command: "style", "train vae".
            `studio.core.tasks.TASKS` lists all.
        quiet: whether to hide progress.
        arguments: inputs and settings, named like the flags of the command with `_` for `-`. An image is a
            path, "sample:NAME", a Pillow image, an array `(H, W, 3) uint8` (or gray, or with alpha) or a
            result of `make`; a text, model or data set is a path, a name or a result of `make`.
            `resume=False` restarts a training run that was stopped.

    Returns:
        The result, with `image`, `text`, `figures`, `recipe` and `save(path)`. A notebook displays it.

    Raises:
        studio.core.errors.StudioError: if the user can fix it; the message is one sentence.
        KeyboardInterrupt: after Ctrl-C, if there is no best result so far to return.
    """
    from studio.notebook import make  # imported here so `import studio` stays fast

    return make(task, quiet=quiet, **arguments)


def connect(url: str, token: str = "") -> RemoteStudio:
    """Connects to a studio on another machine, whose `make` takes the same arguments and returns the same.

    `studio.connect("http://box:8501").make("style.transfer", content="photo.jpg", house="mosaic")`

    Inputs are uploaded unless the other studio has them; results are stored here, too. Ctrl-C stops the job
    there. After a lost connection the job continues, and the connection is restored. A data set must be one
    file, such as a zip.

    Args:
        url: address of its pages.
        token: as printed by `studio token` on that machine; by default STUDIO_SERVER_TOKEN.

    Raises:
        studio.core.errors.StudioError: if no studio of this version answers there, or the token is wrong.
    """
    from studio.notebook import connect

    return connect(url, token)
