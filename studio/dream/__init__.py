"""DeepDream: amplifies what a network responds to in an image."""

from studio.core.masks import settings as mask_settings
from studio.core.tasks import Slot, Task
from studio.dream.settings import ChannelSettings, DreamSettings

ASCEND = Task(
    name="dream.ascend",
    settings=DreamSettings,
    inputs=(
        Slot("content", "image"),
        Slot("guide", "image", 0, 1, flag="--guide", help="an image whose features the dream moves toward"),
        mask_settings.slot("a mask, white where the dream appears"),
    ),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.dream.task:run",
    title="Dream",
    curve_note="The activation drops when the next octave, at a larger size, starts.",
    name_words=("dreaming", "of"),
    command="dream",
    help="run DeepDream on a photo, or zoom into the dream endlessly",
    check="studio.dream.checks:check",
    find_kind="studio.dream.settings:kind",
    estimate_seconds="studio.dream.estimate:estimate_seconds",
    loads_keras=True,
    estimate_bytes="studio.dream.estimate:estimate_bytes",
    memory_setting="size",
)

CHANNEL = Task(
    name="dream.channel",
    settings=ChannelSettings,
    inputs=(),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.dream.channels.task:run",
    title="Channel",
    command="channel",
    help="visualize what maximizes one channel of a network (feature visualization)",
    check="studio.dream.settings:check_channel",
)
