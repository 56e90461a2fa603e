"""Search: many short trainings with different settings, the poor ones stopped early, the best kept."""

from studio.core.tasks import Slot, Task
from studio.search.settings import SearchSettings

RUN = Task(
    name="search.run",
    settings=SearchSettings,
    inputs=(Slot("data", "dataset", least=0), Slot("text", "text", least=0)),
    produces="model",
    lane="drive",
    work="studio.search.task:run",
    title="Search",
    command="",  # which `studio.cli.search` adds: its data are of the kind that the training takes
    help="look for better settings of a training",
    check="studio.search.task:check",
    tries="studio.search.task:tries",
)
