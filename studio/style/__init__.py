"""Style transfer: any photo in the look of any painting, instantly or by optimisation."""

from studio.core.tasks import Slot, Task
from studio.style.settings import TransferSettings

TRANSFER = Task(
    name="style.transfer",
    settings=TransferSettings,
    inputs=(
        Slot("content", "picture"),
        Slot("style", "picture", 1, 4),
        Slot("mask", "picture", 0, 4, flag="--masks"),
    ),
    produces="picture",
    lane="job",
    work="studio.style.task:run",
    title="Style",
    command="style",
    help="paint a photo in the look of one to four paintings",
    check="studio.style.settings:check",
    prepare="studio.style.task:prepare",
)
