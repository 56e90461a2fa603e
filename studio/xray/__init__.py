"""X-ray: the feature maps of a network for one photo, and the output of a single filter."""

from studio.core.masks import settings as mask_settings
from studio.core.tasks import Slot, Task
from studio.xray.settings import FilterSettings, XraySettings

LOOK = Task(
    name="xray.look",
    settings=XraySettings,
    inputs=(
        Slot("content", "image"),
        mask_settings.slot("a mask: ranks channels by how much more they respond where it is white"),
    ),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.xray.task:show_maps",
    title="X-ray",
    name_words=("x-rayed", ""),
    command="xray",
    help="show the feature maps of one layer of a network for a photo",
    check="studio.xray.settings:check",
    estimate_seconds="studio.xray.estimate:estimate_seconds",
    estimate_bytes="studio.xray.estimate:estimate_bytes",
    memory_setting="size",
)

FILTER = Task(
    name="xray.filter",
    settings=FilterSettings,
    inputs=(Slot("content", "image"),),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.xray.task:apply_filter",
    title="Filter",
    command="filter",
    help="apply one 3 by 3 filter of VGG16 to a photo, with your stride, padding and pooling",
    check="studio.xray.settings:check_filter",
    estimate_seconds="studio.xray.estimate:estimate_seconds",
    estimate_bytes="studio.xray.estimate:estimate_bytes",
    memory_setting="size",
)
