"""Classes of your own: a network that has seen a million photos learns to tell your pictures apart."""

from studio.classify.settings import AuditSettings, TrainClassifierSettings
from studio.core.tasks import Slot, Task

TRAIN = Task(
    name="classify.train",
    settings=TrainClassifierSettings,
    inputs=(Slot("data", "dataset"),),
    produces="model",
    lane="job",
    work="studio.classify.task:train",
    title="Teaching",
    command="classify train",
    help="teach a network to tell the pictures of some folders apart",
)

AUDIT = Task(
    name="classify.audit",
    settings=AuditSettings,
    inputs=(Slot("data", "dataset"),),
    produces="text",
    lane="job",
    work="studio.classify.task:audit",
    title="Audit",
    command="classify audit",
    help="look a data set over: counts, broken files, duplicates, sizes, suspicious labels",
)
