"""Lab: tiny networks that train on digits in seconds, and their output for a drawing."""

from studio.core.tasks import Slot, Task
from studio.lab.settings import AutoencoderSettings, BoltzmannSettings, ImagineSettings, RepairSettings

DRAWING = Slot("content", "image", least=0)
DOODLES = Slot("doodles", "image", least=0, most=40, flag="--doodles")

TEACH = Task(
    name="lab.train",
    settings=AutoencoderSettings,
    inputs=(DOODLES,),
    produces="network",
    lane="live",
    interactive=True,
    work="studio.lab.task:train",
    title="Autoencoder",
    command="lab train",
    help="train an autoencoder on digits or your own doodles",
    usual="studio.lab.estimate:of_autoencoder",
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
    usual="studio.lab.estimate:of_autoencoder",
)

BOLTZMANN = Task(
    name="lab.boltzmann",
    settings=BoltzmannSettings,
    inputs=(DOODLES,),
    produces="network",
    lane="live",
    interactive=True,
    work="studio.lab.task:boltzmann",
    title="Boltzmann",
    command="lab boltzmann",
    help="train a restricted Boltzmann machine on digits or your own doodles",
    usual="studio.lab.estimate:of_boltzmann",
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
    kind="studio.lab.settings:kind",
    usual="studio.lab.estimate:of_boltzmann",
)
