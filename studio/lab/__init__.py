"""Lab: tiny networks that train on digits in seconds, and their output for a drawing."""

from studio.core.tasks import Slot, Task
from studio.lab.settings import AutoencoderSettings, BoltzmannSettings, ImagineSettings, RepairSettings

DRAWING = Slot("content", "image", min_files=0)
DOODLES = Slot(
    "doodles",
    "image",
    min_files=0,
    max_files=40,
    flag="--doodles",
    help="up to 40 doodles to train on instead of digits",
)

TRAIN = Task(
    name="lab.train",
    settings=AutoencoderSettings,
    inputs=(DOODLES,),
    produces="network",
    lane="live",
    interactive=True,
    work="studio.lab.task:train_autoencoder_network",
    title="Autoencoder",
    command="lab train",
    help="train an autoencoder on digits or your own doodles",
    estimate_seconds="studio.lab.estimate:estimate_autoencoder_seconds",
)

REPAIR = Task(
    name="lab.repair",
    settings=RepairSettings,
    inputs=(DRAWING, DOODLES),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.lab.task:repair",
    title="Repair",
    command="lab repair",
    help="train an autoencoder and reconstruct a drawing, clean or corrupted",
    estimate_seconds="studio.lab.estimate:estimate_autoencoder_seconds",
)

BOLTZMANN = Task(
    name="lab.boltzmann",
    settings=BoltzmannSettings,
    inputs=(DOODLES,),
    produces="network",
    lane="live",
    interactive=True,
    work="studio.lab.task:train_boltzmann_machine",
    title="Boltzmann",
    command="lab boltzmann",
    help="train a restricted Boltzmann machine on digits or your own doodles",
    estimate_seconds="studio.lab.estimate:estimate_boltzmann_seconds",
)

IMAGINE = Task(
    name="lab.imagine",
    settings=ImagineSettings,
    inputs=(DRAWING, DOODLES),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.lab.task:imagine",
    title="Imagine",
    command="lab imagine",
    help="train a Boltzmann machine and sample the rest of a drawing",
    find_kind="studio.lab.settings:result_kind",
    estimate_seconds="studio.lab.estimate:estimate_boltzmann_seconds",
)
