"""Image classification: trains a classifier head on a pretrained backbone, on your own classes."""

from studio.classify.settings import (
    IMAGENET,
    AuditSettings,
    AugmentSettings,
    ExplainSettings,
    ExportSettings,
    PredictSettings,
    StudySettings,
    SummarizeSettings,
    TrainClassifierSettings,
)
from studio.core.tasks import Goal, Slot, Task

_BASE = Slot(
    "model",
    "model",
    min_files=0,
    flag="--base",
    help="classifier that provides the features, trained by the studio or imported",
    third_party=True,
    model_tasks=("classify.train",),
)

TRAIN = Task(
    name="classify.train",
    settings=TrainClassifierSettings,
    inputs=(Slot("data", "dataset"), _BASE),
    produces="model",
    lane="job",
    work="studio.classify.training.task:train",
    estimate_seconds="studio.classify.training.estimate:estimate_seconds",
    loads_keras=True,
    estimate_bytes="studio.classify.training.estimate:estimate_bytes",
    memory_setting="size",
    title="Classifier training",
    command="classify train",
    alias="train classifier",
    help="train an image classifier on folders of images, one per class, or on images with a labels.csv",
    check="studio.classify.models.available:check_base",
    goal=Goal(
        figure="validation_accuracy",
        higher_is_better=True,
        title="validation accuracy",
        test_figure="accuracy",
        shared_values=("validation=true",),
        test_data_settings=("seed", "validation"),
        search_settings=("backbone", "head"),
    ),
    share="studio.classify.export.shared_page:build_content",
    check_share="studio.classify.export.shared_page:check",
    load_networks="studio.classify.export.fixed_size:load_exported_networks",
    evaluate="studio.classify.inference.score:score_preset",
    evaluate_imported="studio.classify.inference.score:score_imported",
)

AUDIT = Task(
    name="classify.audit",
    settings=AuditSettings,
    inputs=(Slot("data", "dataset"), _BASE),
    produces="text",
    lane="job",
    work="studio.classify.training.task:audit",
    title="Audit",
    command="classify audit",
    help="audit a dataset: counts, broken files, duplicates, sizes, suspicious labels",
    check="studio.classify.models.available:check_model",
)

AUGMENT = Task(
    name="classify.augment",
    settings=AugmentSettings,
    inputs=(Slot("data", "dataset"),),
    produces="image",
    lane="live",
    interactive=True,
    work="studio.classify.training.augment_task:run",
    title="Augmentation",
    command="classify augment",
    help="show random augmentations of training images, as fine-tuning uses them",
)

FIND_RATE = Task(
    name="classify.find_rate",
    settings=TrainClassifierSettings,
    inputs=(Slot("data", "dataset"),),
    produces="text",
    lane="job",
    work="studio.classify.training.rate_finder:run",
    estimate_seconds="studio.classify.training.estimate:estimate_rate_finder_seconds",
    loads_keras=True,
    estimate_bytes="studio.classify.training.estimate:estimate_bytes",
    memory_setting="size",
    title="Learning-rate finder",
    command="classify find-rate",
    help="suggest a learning rate for fine-tuning (learning-rate finder), with the settings of train",
)

STUDY = Task(
    name="classify.study",
    settings=StudySettings,
    inputs=(Slot("data", "dataset"),),
    produces="text",
    lane="job",
    work="studio.classify.training.study_task:run",
    estimate_seconds="studio.classify.training.study_task:estimate_seconds",
    estimate_bytes="studio.classify.training.study_task:estimate_bytes",
    memory_setting="size",
    title="Study",
    command="classify study",
    help="measure what affects accuracy: features, regularization, dataset size, ensembles, wrong labels",
    format_json="studio.classify.training.study_text:format_results",
)

_MODEL = Slot(
    "model", "model", min_files=0, flag="--preset", third_party=True, model_tasks=("classify.train",)
)

PREDICT = Task(
    name="classify.predict",
    settings=PredictSettings,
    inputs=(Slot("images", "image", max_files=64), _MODEL),
    produces="text",
    lane="live",
    interactive=True,
    work="studio.classify.inference.predict:run",
    title="Prediction",
    command="classify predict",
    help="classify images",
    check="studio.classify.models.available:check",
    prepare_keras="studio.classify.models.available:prepare",
    builtin=(IMAGENET,),
    format_json="studio.classify.inference.predict:format_predictions",
)

EXPLAIN = Task(
    name="classify.explain",
    settings=ExplainSettings,
    inputs=(Slot("image", "image"), _MODEL),
    produces="image",
    lane="live",
    interactive=True,
    work="studio.classify.inference.grad_cam:run",
    title="Grad-CAM",
    command="classify explain",
    help="show which image regions a prediction is based on (Grad-CAM)",
    check="studio.classify.models.available:check",
    prepare_keras="studio.classify.inference.grad_cam:prepare",
    builtin=(IMAGENET,),
)

SUMMARIZE = Task(
    name="classify.summarize",
    settings=SummarizeSettings,
    inputs=(_MODEL,),
    produces="text",
    lane="live",
    interactive=True,
    work="studio.classify.inference.summary:run",
    title="Layers",
    command="classify summary",
    help="list the layers of a classifier, as Keras' model.summary()",
    check="studio.classify.models.available:check",
    builtin=(IMAGENET,),
)

EXPORT = Task(
    name="classify.export",
    settings=ExportSettings,
    inputs=(
        _MODEL,
        Slot(
            "data",
            "dataset",
            min_files=0,
            flag="--data",
            help="the dataset that the classifier was trained on, to calibrate and test int8",
        ),
    ),
    produces="network",
    lane="job",
    work="studio.classify.export.export:run",
    title="Export",
    command="classify export",
    help="export a classifier to Keras, TFLite, ONNX, Teachable Machine or TensorFlow.js",
    check="studio.classify.export.export:check",
    builtin=(IMAGENET,),
)
