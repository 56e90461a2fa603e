"""X-ray: the feature maps of a network for one photo, and the output of a single filter."""

from studio.core.tasks import Slot, Task
from studio.xray.settings import FilterSettings, LookSettings

LOOK = Task(
    name="xray.look",
    settings=LookSettings,
    inputs=(Slot("content", "image"),),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.xray.task:look",
    title="X-ray",
    name_words=("x-rayed", ""),
    command="xray",
    help="show the feature maps of one layer of a network for a photo",
    check="studio.xray.settings:check",
    usual="studio.xray.estimate:estimate_seconds",
    needs="studio.xray.estimate:estimate_bytes",
    grows="size",
)

FILTER = Task(
    name="xray.filter",
    settings=FilterSettings,
    inputs=(Slot("content", "image"),),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.xray.task:slide",
    title="Filter",
    command="filter",
    help="apply one 3 by 3 filter of VGG16 to a photo, with your stride, padding and pooling",
    check="studio.xray.settings:check_filter",
    usual="studio.xray.estimate:estimate_seconds",
    needs="studio.xray.estimate:estimate_bytes",
    grows="size",
)
