"""Style transfer: renders a photo in the style of a painting, instantly or by optimization."""

from studio.core.masks import settings as mask_settings
from studio.core.tasks import Slot, Task
from studio.style.house.settings import TrainStyleSettings
from studio.style.settings import MAX_STYLES, TransferSettings

TRANSFER = Task(
    name="style.transfer",
    settings=TransferSettings,
    inputs=(
        Slot("content", "image"),
        Slot("style", "image", 0, MAX_STYLES, name_setting="house"),
        mask_settings.slot("a mask for each style, white where it applies", MAX_STYLES),
        Slot("network", "model", min_files=0, flag="--network", model_tasks=("style.train",)),
    ),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.style.task:run",
    estimate_seconds="studio.style.estimate:estimate_seconds",
    estimate_bytes="studio.style.estimate:estimate_bytes",
    memory_setting="size",
    title="Style",
    curve_note="The distance jumps each time optimization moves to a larger size; this is expected.",
    name_words=("", "in"),
    command="style",
    help="apply neural style transfer: a photo in the style of one to four paintings",
    check="studio.style.checks:check",
    prepare="studio.style.task:prepare",
    prepare_keras="studio.style.task:prepare_keras",
)

TRAIN = Task(
    name="style.train",
    settings=TrainStyleSettings,
    inputs=(
        Slot("data", "dataset"),
        Slot("style", "image", 1, 16, flag="--style", help="1 to 16 style images: files, or sample:NAME"),
        Slot("start", "model", min_files=0, flag="--start-from", model_tasks=("style.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.style.house.task:train",
    estimate_seconds="studio.style.estimate:estimate_training_seconds",
    loads_keras=True,
    estimate_bytes="studio.style.estimate:estimate_training_bytes",
    memory_setting="size",
    load_networks="studio.style.house.inference:load_exported_networks",
    share="studio.style.house.shared_page:build_content",
    title="Style training",
    command="train style",
    help="train a network on styles of your own, which it then applies in an instant",
    check="studio.style.house.task:check",
)
