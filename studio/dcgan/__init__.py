"""DCGAN: a generator learns to fool a discriminator, which tells real from generated images."""

from studio.core.tasks import Goal, Slot, Task
from studio.dcgan.settings import ENCODER_WEIGHTS, TrainDcganSettings

TRAIN = Task(
    name="dcgan.train",
    settings=TrainDcganSettings,
    inputs=(
        Slot("data", "dataset"),
        Slot("start", "model", min_files=0, flag="--start-from", model_tasks=("dcgan.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.dcgan.task:train",
    estimate_seconds="studio.dcgan.estimate:estimate_seconds",
    loads_keras=True,
    estimate_bytes="studio.dcgan.estimate:estimate_bytes",
    memory_setting="batch",
    check="studio.dcgan.generator:check",
    title="DCGAN training",
    command="train dcgan",
    help="train a DCGAN on a folder of images; its results are sharper than a VAE's",
    load_generator="studio.dcgan.generator:load_generator",
    encodes=True,
    encoder_weights=ENCODER_WEIGHTS,
    share="studio.dcgan.generator:share",
    goal=Goal(
        "kid",
        "kid",
        title="KID",
        unit_settings=("size", "colors"),
        search_settings=("learning_rate", "discriminator_width"),
    ),
    evaluate="studio.faces.score:measure_scores",
)
