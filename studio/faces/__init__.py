"""Faces: grids of images from a trained generator, each of which can be edited and morphed."""

from studio.core.tasks import Slot, Task
from studio.faces.settings import GENERATOR_TASKS, FacesSettings

DRAW = Task(
    name="faces.draw",
    settings=FacesSettings,
    inputs=(
        Slot("photo", "image", min_files=0, flag="--photo", help="a photo to encode and edit (VAE or DCGAN)"),
        Slot("model", "model", min_files=0, flag="--preset", model_tasks=GENERATOR_TASKS),
    ),
    produces="image",
    lane="live",
    interactive=True,
    work="studio.faces.task:run",
    title="Faces",
    command="faces",
    help="generate faces, digits or other images with a trained generator",
    check="studio.faces.models:check",
    prepare="studio.faces.models:prepare",
    find_kind="studio.faces.settings:kind",
)
