"""Variational autoencoder: an encoder and a decoder trained together."""

from studio.core.tasks import Goal, Slot, Task
from studio.vae.settings import TrainVaeSettings

TRAIN = Task(
    name="vae.train",
    settings=TrainVaeSettings,
    inputs=(
        Slot("data", "dataset"),
        Slot("start", "model", least=0, flag="--start-from", model_tasks=("vae.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.vae.task:train",
    usual="studio.vae.estimate:estimate_seconds",
    loads_keras=True,
    needs="studio.vae.estimate:estimate_bytes",
    grows="batch",
    check="studio.vae.generator:check",
    title="VAE training",
    command="train vae",
    help="train a VAE on a folder of images; it can also encode and edit your photos",
    opens="studio.vae.generator:open",
    scores="studio.faces.score:figures",
    encodes=True,
    goal=Goal(
        "validation",
        "fid",
        title="FID",
        units=("beta", "likelihood", "perceptual", "adversarial", "free_bits", "size", "colors"),
        varies=("learning_rate", "latent_dim"),
    ),
)
