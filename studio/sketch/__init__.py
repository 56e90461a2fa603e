"""Sketch: turns drawings of faces into avatars, and images into others with networks trained on pairs."""

from studio.core.tasks import Slot, Task
from studio.sketch.settings import (
    SketchSettings,
    TrainSketchSettings,
    TrainTranslateSettings,
    TranslateSettings,
)

START = Slot(
    "start", "model", min_files=0, flag="--start-from", model_tasks=("sketch.train", "sketch.train_pairs")
)
NETWORK = Slot(
    "network", "model", min_files=0, flag="--network", model_tasks=("sketch.train", "sketch.train_pairs")
)

PAINT = Task(
    name="sketch.paint",
    settings=SketchSettings,
    inputs=(Slot("content", "image"), NETWORK),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.sketch.task:run",
    title="Sketch",
    name_words=("as an avatar", ""),
    command="sketch",
    help="turn a drawing of a face into an avatar",
    check="studio.sketch.models:find_network",
    prepare="studio.sketch.task:prepare",
    comparison_label="Drawing",
)

TRAIN = Task(
    name="sketch.train",
    settings=TrainSketchSettings,
    inputs=(Slot("data", "dataset"), START),
    produces="model",
    lane="job",
    work="studio.sketch.learn.task:train",
    estimate_seconds="studio.sketch.estimate:estimate_training_seconds",
    loads_keras=True,
    estimate_bytes="studio.sketch.estimate:estimate_training_bytes",
    memory_setting="batch",
    load_networks="studio.sketch.learn.learner:load_exported_networks",
    share="studio.sketch.shared_page:build_content",
    title="Sketch training",
    command="train sketch",
    help="train a network to paint avatars from sketches, such as sample:sketches",
    check="studio.sketch.models:check_training",
)

TRANSLATE = Task(
    name="sketch.translate",
    settings=TranslateSettings,
    inputs=(Slot("content", "image"), NETWORK),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.sketch.translate:run",
    title="Translate",
    command="translate",
    help="translate an image with a network that was trained on pairs (pix2pix)",
    check="studio.sketch.models:find_pairs_network",
)

TRAIN_PAIRS = Task(
    name="sketch.train_pairs",
    settings=TrainTranslateSettings,
    inputs=(Slot("data", "dataset"), START),
    produces="model",
    lane="job",
    work="studio.sketch.learn.pairs_task:train",
    estimate_seconds="studio.sketch.estimate:estimate_training_seconds",
    loads_keras=True,
    estimate_bytes="studio.sketch.estimate:estimate_training_bytes",
    memory_setting="batch",
    load_networks="studio.sketch.learn.learner:load_exported_networks",
    title="Translate training",
    command="train translate",
    help="train a network to turn one image into another, from pairs or from photos and their edges",
    check="studio.sketch.models:check_pairs_training",
)
