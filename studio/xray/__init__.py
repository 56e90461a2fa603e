"""X-ray: what the layers of a network see in one photo, and how a single filter sees it."""

from studio.core.tasks import Slot, Task
from studio.xray.settings import FilterSettings, LookSettings

LOOK = Task(
    name="xray.look",
    settings=LookSettings,
    inputs=(Slot("content", "picture"),),
    produces="picture",
    lane="job",
    interactive=True,
    work="studio.xray.task:look",
    title="X-ray",
    done=("x-rayed", ""),
    command="xray",
    help="show the maps that a layer of a network makes of a photo",
    check="studio.xray.settings:check",
    usual="studio.xray.estimate:usual",
    needs="studio.xray.estimate:needs",
    grows="size",
)

FILTER = Task(
    name="xray.filter",
    settings=FilterSettings,
    inputs=(Slot("content", "picture"),),
    produces="picture",
    lane="job",
    interactive=True,
    work="studio.xray.task:slide",
    title="Filter",
    command="filter",
    help="slide one 3 by 3 filter of VGG16 over a photo, with stride, padding and pooling of your choice",
    check="studio.xray.settings:check_filter",
    usual="studio.xray.estimate:usual",
    needs="studio.xray.estimate:needs",
    grows="size",
)
