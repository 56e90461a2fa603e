"""Faces: walls of pictures that a trained model draws, each of which can be changed and morphed."""

from studio.core.tasks import Slot, Task
from studio.faces.settings import FacesSettings

DRAW = Task(
    name="faces.draw",
    settings=FacesSettings,
    inputs=(
        Slot("photo", "picture", least=0, flag="--photo"),
        Slot("model", "model", least=0, flag="--preset"),
    ),
    produces="picture",
    lane="live",
    interactive=True,
    work="studio.faces.task:run",
    title="Faces",
    command="faces",
    help="draw new faces, digits or whatever a model has learnt to draw",
    check="studio.faces.models:check",
    prepare="studio.faces.models:prepare",
    kind="studio.faces.settings:kind",
)
