"""Text: a character-level language model."""

from studio.core.tasks import Goal, Slot, Task
from studio.text.settings import CompareSettings, TrainTextSettings, WriteSettings

TRAIN = Task(
    name="text.train",
    settings=TrainTextSettings,
    inputs=(
        Slot("text", "text"),
        Slot("start", "model", min_files=0, flag="--start-from", model_tasks=("text.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.text.task:train",
    estimate_seconds="studio.text.estimate:estimate_seconds",
    loads_keras=True,
    estimate_bytes="studio.text.estimate:estimate_bytes",
    memory_setting="units",
    title="Text training",
    command="train text",
    help="train a character-level language model on a text",
    check="studio.text.task:check",
    goal=Goal(
        "validation",
        "validation_nats",
        title="nats per character, validation",
        test_figure="nats_per_char",
        search_settings=("learning_rate", "dropout"),
    ),
    evaluate="studio.text.score:score_preset",
    share="studio.text.shared_page:build_content",
)

WRITE = Task(
    name="text.write",
    settings=WriteSettings,
    inputs=(Slot("model", "model", min_files=0, flag="--preset", model_tasks=("text.train",)),),
    produces="text",
    lane="live",
    interactive=True,
    work="studio.text.task:write",
    title="Text",
    command="write",
    help="continue a text with a language model",
    check="studio.text.language_model:check",
    prepare="studio.text.task:prepare",
)

COMPARE = Task(
    name="text.compare",
    settings=CompareSettings,
    inputs=(
        Slot("text", "text"),
        Slot("first_model", "model", min_files=0, flag="--first", model_tasks=("text.train",)),
        Slot("second_model", "model", min_files=0, flag="--second", model_tasks=("text.train",)),
    ),
    produces="text",
    lane="live",
    interactive=True,
    work="studio.text.compare_task:run",
    title="Who wrote this?",
    command="who",
    help="tell which of two language models fits a text better, sentence by sentence",
    check="studio.text.compare_task:check",
    format_json="studio.text.comparison_report:format_comparison",
)
