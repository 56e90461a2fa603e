"""Variational autoencoder: an encoder and a decoder trained together."""

from studio.core.tasks import Goal, Slot, Task
from studio.vae.settings import TrainVaeSettings

TRAIN = Task(
    name="vae.train",
    settings=TrainVaeSettings,
    inputs=(
        Slot("data", "dataset"),
        Slot("start", "model", min_files=0, flag="--start-from", model_tasks=("vae.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.vae.task:train",
    estimate_seconds="studio.vae.estimate:estimate_seconds",
    loads_keras=True,
    estimate_bytes="studio.vae.estimate:estimate_bytes",
    memory_setting="batch",
    check="studio.vae.generator:check",
    title="VAE training",
    command="train vae",
    help="train a VAE on a folder of images; it can also encode and edit your photos",
    load_generator="studio.vae.generator:load_generator",
    share="studio.vae.generator:share",
    evaluate="studio.faces.score:measure_scores",
    encodes=True,
    goal=Goal(
        "validation",
        "fid",
        title="FID",
        unit_settings=(
            "conditional",
            "beta",
            "likelihood",
            "perceptual",
            "adversarial",
            "free_bits",
            "size",
            "colors",
        ),
        search_settings=("learning_rate", "latent_dim"),
    ),
)
