"""Classes of your own: a network that has seen a million photos learns to tell your pictures apart."""

from studio.classify.settings import (
    IMAGENET,
    AuditSettings,
    ExplainSettings,
    ExportSettings,
    PredictSettings,
    StudySettings,
    TrainClassifierSettings,
)
from studio.core.tasks import Goal, Slot, Task

_BASE = Slot(
    "model",
    "model",
    least=0,
    flag="--base",
    help="a classifier whose features are used, trained here or imported",
    third_party=True,
)

TRAIN = Task(
    name="classify.train",
    settings=TrainClassifierSettings,
    inputs=(Slot("data", "dataset"), _BASE),
    produces="model",
    lane="job",
    work="studio.classify.teach.task:train",
    usual="studio.classify.teach.estimate:usual",
    loads_keras=True,
    needs="studio.classify.teach.estimate:needs",
    grows="size",
    title="Teaching",
    command="classify train",
    also="train classifier",
    help="teach a network to tell the pictures of some folders apart",
    check="studio.classify.models.available:check_base",
    goal=Goal(
        figure="validation_accuracy",
        most=True,
        title="validation accuracy",
        test="accuracy",
        shared=("validation=true",),
        yardstick=("seed", "validation"),
        varies=("backbone", "head"),
    ),
    scores="studio.classify.ask.score:figures",
    scores_imported="studio.classify.ask.score:of_imported",
)

AUDIT = Task(
    name="classify.audit",
    settings=AuditSettings,
    inputs=(Slot("data", "dataset"), _BASE),
    produces="text",
    lane="job",
    work="studio.classify.teach.task:audit",
    title="Audit",
    command="classify audit",
    help="look a data set over: counts, broken files, duplicates, sizes, suspicious labels",
    check="studio.classify.models.available:check_given",
)

STUDY = Task(
    name="classify.study",
    settings=StudySettings,
    inputs=(Slot("data", "dataset"),),
    produces="text",
    lane="job",
    work="studio.classify.teach.study_task:run",
    usual="studio.classify.teach.study_task:usual",
    needs="studio.classify.teach.study_task:needs",
    grows="size",
    title="What learning needs",
    command="classify study",
    help="measure what learning needs: good features, held weights, pictures, votes, true labels",
    readable="studio.classify.teach.study_words:readable",
)

_MODEL = Slot("model", "model", least=0, flag="--preset", third_party=True)

PREDICT = Task(
    name="classify.predict",
    settings=PredictSettings,
    inputs=(Slot("pictures", "picture", most=64), _MODEL),
    produces="text",
    lane="live",
    interactive=True,
    work="studio.classify.ask.predict:run",
    title="Labels",
    command="classify predict",
    help="say what pictures show",
    check="studio.classify.models.available:check",
    prepare_keras="studio.classify.models.available:prepare",
    builtin=(IMAGENET,),
    readable="studio.classify.ask.predict:readable",
)

EXPLAIN = Task(
    name="classify.explain",
    settings=ExplainSettings,
    inputs=(Slot("picture", "picture"), _MODEL),
    produces="picture",
    lane="live",
    interactive=True,
    work="studio.classify.ask.grad_cam:run",
    title="Explanation",
    command="classify explain",
    help="show where in a picture a classifier sees what it says",
    check="studio.classify.models.available:check",
    prepare_keras="studio.classify.ask.grad_cam:prepare",
    builtin=(IMAGENET,),
)

EXPORT = Task(
    name="classify.export",
    settings=ExportSettings,
    inputs=(_MODEL,),
    produces="network",
    lane="job",
    work="studio.classify.export.export:run",
    title="Export",
    command="classify export",
    help="make a file of a classifier that other programs take",
    check="studio.classify.export.export:check",
    builtin=(IMAGENET,),
)
