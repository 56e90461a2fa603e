"""Chains: repeat all steps that made a result with another photo."""

from studio.chain.settings import ChainSettings
from studio.core.tasks import Slot, Task

APPLY = Task(
    name="chain.apply",
    settings=ChainSettings,
    inputs=(
        Slot("content", "image"),
        Slot("like", "image", flag="--like", help="a PNG that the studio made, whose steps are repeated"),
    ),
    produces="image",
    lane="job",
    work="studio.chain.task:run",
    estimate_seconds="studio.chain.task:estimate_seconds",
    title="Chain",
    name_words=("", "like"),
    command="chain",
    help="repeat all steps that made a result with another photo",
    check="studio.chain.task:check",
    comparison_label="Before",
)
