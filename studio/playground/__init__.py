"""Paint: a tiny network learns one photo while one watches."""

from studio.core.tasks import Slot, Task
from studio.paint.settings import PaintSettings

LEARN = Task(
    name="paint.learn",
    settings=PaintSettings,
    inputs=(Slot("content", "picture"),),
    produces="picture",
    lane="job",
    interactive=True,
    work="studio.paint.task:run",
    title="Painter",
    done=("learnt", ""),
    command="paint",
    help="let a tiny network learn a photo, and paint it at any size or film its learning",
    kind="studio.paint.settings:kind",
    usual="studio.paint.estimate:usual",
    needs="studio.paint.estimate:needs",
    grows="detail",
)
