"""Searches: results, pruning, and resuming after a stop or a kill."""

from __future__ import annotations

import json
import random
import statistics
from dataclasses import replace

import pytest
import tiny_search
from tiny_search import NAME, BowlSettings, compute_loss

from studio.cli import main
from studio.core import paths, recipes, tasks
from studio.core.data import sample_sets
from studio.core.errors import Cancelled, InvalidInput, StudioError, Unavailable
from studio.core.progress import Progress, Report
from studio.core.tasks import Goal
from studio.engine.cluster.drivers import TaskRunner
from studio.tune import selection, study
from studio.tune.pruning import TrialObserver
from studio.tune.settings import TuneSettings
from studio.tune.task import list_needed_weights
from tests.wording import says_what_to_do

TASK = "tune.run"


def make_settings(**settings) -> TuneSettings:
    return TuneSettings.parse({"train": NAME, "vary": ("x", "shape"), "trials": 12} | settings)


def search(text, progress=None, **settings):
    return tasks.run(TASK, make_settings(**settings), text, progress)


@pytest.mark.slow
def test_a_search_returns_the_best_model(text):
    result = search(text, trials=40)
    figures = result.figures
    assert figures["best"] < 1 and abs(figures["best_settings"]["x"] - 3) < 1
    assert figures["best_settings"]["shape"] == "round"
    best = BowlSettings.model_validate_json(result.files[0].read())
    assert best.x == figures["best_settings"]["x"] and compute_loss(best) == figures["best"]
    assert len(figures["trials"]) == 40 == figures["trials_ended"] + figures["stopped_early"]
    assert result.recipe.parse_settings() == make_settings(trials=40)
    assert figures["importance"]["x"] + figures["importance"]["shape"] == pytest.approx(1)


def test_progress_counts_the_running_trial(text):
    reports: list[Report] = []
    figures = search(text, Progress(reports.append), trials=3, pruning="none").figures
    stages = list(dict.fromkeys(report.stage for report in reports))
    assert stages == ["Trial 1 of 3", "Trial 2 of 3", "Trial 3 of 3", ""]
    names = {name for report in reports for name in report.metrics if name != "best"}
    assert (
        names
        == {f"trial {trial['number']}" for trial in figures["trials"]}
        == {"trial 1", "trial 2", "trial 3"}
    )
    assert figures["best_trial"] in (1, 2, 3)


@pytest.mark.slow
def test_pruning_stops_weak_trials_only(text):
    whole, halved = (search(text, trials=30, pruning=how).figures for how in ("none", "halving"))
    assert not whole["stopped_early"] and halved["stopped_early"] > 10
    counts = [sum(len(trial["curve"]) for trial in figures["trials"]) for figures in (whole, halved)]
    assert counts[0] == 30 * 9 and counts[1] < counts[0] / 2
    assert halved["best"] < whole["best"] + 1


@pytest.mark.slow
def test_tpe_beats_random_search(text):
    """Compares with the median of twenty random searches, computed here without the studio."""

    def search_at_random(seed):
        rng = random.Random(seed)
        shapes = ("round", "square", "flat")
        samples = [BowlSettings(x=rng.uniform(-10, 10), shape=rng.choice(shapes)) for _ in range(40)]
        return min(map(compute_loss, samples))

    random_best = statistics.median(search_at_random(seed) for seed in range(20))
    assert search(text, trials=40, pruning="none").figures["best"] < random_best


def test_a_short_search_uses_tpe(text):
    """By default TPE starts with ten random trials, unless it knows the number of trials."""
    trials = {}
    for sampler in ("tpe", "random"):
        figures = search(text, trials=10, sampler=sampler, pruning="none").figures
        trials[sampler] = [trial["settings"] for trial in figures["trials"]]
    assert trials["tpe"][:3] == trials["random"][:3] and trials["tpe"] != trials["random"]
    assert [study.count_random_trials(count) for count in (1, 10, 12, 20, 200)] == [3, 3, 3, 5, 10]


def test_the_seed_determines_the_trials(text, tmp_path, monkeypatch):
    trials = []
    for place, seed in (("a", 1), ("b", 1), ("c", 2)):
        monkeypatch.setenv("STUDIO_HOME", str(tmp_path / place))
        file = tasks.File.store(b"so it is", "text", "so.txt")
        result = tasks.run(TASK, make_settings(seed=seed, sampler="tpe"), {"text": [file]})
        trials.append([trial["settings"] for trial in result.figures["trials"]])
    assert trials[0] == trials[1] != trials[2]


def test_a_stopped_search_can_be_resumed(text):
    stops = iter([False] * 60)
    result = search(text, Progress(cancelled=lambda: next(stops, True)), trials=50)
    assert result.stopped_early
    assert not result.figures["failed"], "what a user stopped has not failed"
    done = result.figures["trials_ended"]
    assert 0 < done < 50 and result.files
    again = search(text, trials=50)
    assert not again.stopped_early
    before = [t["settings"] for t in result.figures["trials"] if t["state"] == "done"]
    after = [t["settings"] for t in again.figures["trials"] if t["state"] == "done"]
    assert after[: len(before)] == before
    assert again.figures["trials_ended"] + again.figures["stopped_early"] == 50
    assert search(text, trials=50).figures["trials"] == again.figures["trials"], "nothing was left to do"


def search_log():
    """Returns the file of the only search in this STUDIO_HOME."""
    (path,) = paths.ensure_folder("searches").glob("*.log")
    return path


def test_an_incomplete_line_of_the_log_is_dropped(text):
    first = search(text, trials=6).figures["trials"]
    with search_log().open("ab") as file:
        file.write(b'{"op_code":4,"wor')
    again = search(text, trials=9).figures["trials"]
    assert again[: len(first)] == first and len(again) > len(first)
    assert all(json.loads(line) for line in search_log().read_bytes().splitlines())


def test_a_damaged_log_is_reported(text):
    search(text, trials=3)
    search_log().write_bytes(b"nonsense\n" + search_log().read_bytes())
    with pytest.raises(Unavailable, match=r"cannot be read .* Use another --name"):
        search(text, trials=6)


def test_the_recipe_names_the_weights_of_the_trials(text, monkeypatch):
    ran = TaskRunner.run

    def run(*args):
        result = ran(*args)
        return replace(result, recipe=recipes.make(NAME, args[2], {}, {f"model-{args[2].shape}": "a" * 64}))

    monkeypatch.setattr(TaskRunner, "run", run)
    result = search(text, trials=12, pruning="none")
    shapes = {trial["settings"]["shape"] for trial in result.figures["trials"]}
    assert len(shapes) > 1 and result.recipe.weights == {f"model-{shape}": "a" * 64 for shape in shapes}


def test_a_search_ends_when_all_choices_were_tried(text, monkeypatch):
    settings_run, ran = [], TaskRunner.run
    monkeypatch.setattr(TaskRunner, "run", lambda *args: (settings_run.append(args[2]), ran(*args))[1])
    figures = search(text, vary=("shape", "flip"), trials=100, pruning="none").figures
    assert len(settings_run) == 6 == len({(settings.shape, settings.flip) for settings in settings_run})
    assert figures["notes"] == ["All combinations of the search space were tried."] and figures["best"] == 9.0
    assert figures["trials_ended"] == len(figures["trials"]) < 100
    assert all(trial["value"] is not None for trial in figures["trials"])
    search(text, vary=("shape", "flip"), trials=100, pruning="none")
    assert len(settings_run) == 6, "nothing is left to try"


def test_the_order_of_settings_does_not_matter(text, monkeypatch):
    settings_run, ran = [], TaskRunner.run
    monkeypatch.setattr(TaskRunner, "run", lambda *args: (settings_run.append(args[2]), ran(*args))[1])
    search(text, vary=("shape", "x=-5:5"), fixed=("epochs=2", "flip=false"), trials=4)
    search(text, vary=("x=-5:5", "shape"), fixed=("flip=false", "epochs=2"), trials=4)
    assert len(settings_run) == 4


def test_the_last_step_is_not_pruned(text):
    figures = search(text, trials=30, fixed=("epochs=1",)).figures
    assert not figures["stopped_early"]


def test_stopping_at_once_raises(text):
    with pytest.raises(Cancelled):
        search(text, Progress(cancelled=lambda: True))


def test_fixed_settings_reach_all_trials(text):
    result = search(text, fixed=("epochs=2", "flip=false"), pruning="none")
    assert {len(trial["curve"]) for trial in result.figures["trials"]} == {2}
    assert not BowlSettings.model_validate_json(result.files[0].read()).flip


def test_repeated_failures_end_the_search(text):
    with pytest.raises(StudioError, match=r"5 trials in a row failed.*It cannot learn"):
        search(text, fixed=("trouble=refuse",))
    with pytest.raises(StudioError, match="reported no metric"):
        search(text, fixed=("trouble=silent",))
    with pytest.raises(StudioError, match=r"5 trials in a row failed.*do not fit together"):
        search(text, fixed=("trouble=conflict",))


def test_earlier_results_survive_failures(text):
    result = search(text, vary=("x=-5:5", "trouble=none|refuse"), sampler="random", trials=500)
    assert result.figures["trials_ended"] and result.figures["trials_ended"] < 500
    assert result.files[0].read() and "5 trials in a row failed" in result.figures["notes"][0]


def test_pruned_trials_reset_the_failure_count(text, monkeypatch):
    ran, counted = TaskRunner.run, []

    def every_second_fails(*args):
        counted.append(1)
        if len(counted) > 3 and len(counted) % 2:
            raise StudioError("It cannot learn.")
        return ran(*args)

    monkeypatch.setattr(TaskRunner, "run", every_second_fails)
    figures = search(text, sampler="random", trials=30, pruning="halving").figures
    assert figures["stopped_early"] > 5 and figures["failed"] > 5, "else this tells nothing"
    assert not figures["notes"]


def test_trials_are_compared_by_one_named_metric(text):
    settings = {"pruning": "none", "sampler": "random", "trials": 6}
    assert search(text, **settings).figures["measure"] == "loss"
    assert search(text, fixed=("trouble=unscored",), **settings).figures["measure"] == "held out"
    mixed = search(text, vary=("x=-5:5", "trouble=none|unscored"), **settings).figures
    assert mixed["failed"] and mixed["trials_ended"]
    compared = {trial["settings"]["trouble"] for trial in mixed["trials"] if trial["state"] == "done"}
    assert len(compared) == 1


def test_incomparable_losses_are_not_compared(text, monkeypatch):
    task = tiny_search.TRAIN
    monkeypatch.setattr(tiny_search, "TRAIN", replace(task, goal=replace(task.goal, unit_settings=("x",))))
    figures = search(text, pruning="halving").figures
    assert figures["stopped_early"] == 0 and figures["measure"] == "loss"
    with pytest.raises(StudioError, match="reported no metric"):
        search(text, fixed=("trouble=unscored",))


def test_only_the_best_model_reports_its_test_figure(text, monkeypatch):
    task = tiny_search.TRAIN
    goal = replace(task.goal, test_figure="epochs", shared_values=("epochs=5",))
    monkeypatch.setattr(tiny_search, "TRAIN", replace(task, goal=goal))
    figures = search(text, pruning="none", trials=3, fixed=("epochs=7",)).figures
    assert figures["test"] == {"measure": "epochs", "value": 5, "interval": None}, "what the goal shares wins"
    assert "which was not used for selection: epochs 5." in selection.describe_selection(figures, goal)
    assert not any("epochs" in trial for trial in figures["trials"])


def test_the_card_says_if_its_figure_selected_the_model(text):
    result = search(text, pruning="none", trials=3)
    assert "test" not in result.figures
    sentence = selection.describe_selection(result.figures, tiny_search.TRAIN.goal)
    assert sentence.startswith("Best of 3 trials by loss. This value is optimistic")


def test_an_accuracy_and_its_interval_are_in_percent():
    test = {"measure": "accuracy", "value": 0.9, "interval": [0.7438, 0.9654]}
    sentence = selection.describe_selection({"test": test}, tasks.get("classify.train").goal)
    assert sentence.endswith("accuracy 90.0% (95%: 74.4% to 96.5%).")


@pytest.mark.parametrize("name", ["classify.train", "text.train"])
def test_the_selecting_metric_is_not_the_test_metric(name):
    goal = tasks.get(name).goal
    assert goal.test_figure and goal.figure.startswith("validation") and goal.test_figure != goal.figure


@pytest.mark.parametrize("most, best", [(False, 1.0), (True, 3.0)])
def test_without_a_figure_the_best_value_counts(most, best):
    watch = TrialObserver(Goal("held out", "loss", most), trial=None, report_value=None)
    watch.values = [2.0, 1.0, 3.0, 2.5]
    assert watch.find_value({}) == (best, "held out")
    assert watch.find_value({"loss": 7}) == (7.0, "loss")


class _Trial:
    """Records reports, in place of Optuna's trial."""

    def __init__(self):
        self.reports: list[tuple[float, int]] = []

    def report(self, value, step):
        self.reports.append((value, step))

    def should_prune(self):
        return False


def test_each_test_is_reported_once():
    trial = _Trial()
    watch = TrialObserver(Goal("held out", "loss"), trial, report_value=lambda value: None)
    progress = watch.make_progress(lambda: False)
    for step, value, tests in ((1, 2.0, 1), (2, 2.0, 1), (3, 2.0, 2), (4, 1.5, 3), (5, 1.5, 3)):
        progress.report(step, 9, {"held out": value}, tests=tests)
    assert trial.reports == [(2.0, 1), (2.0, 2), (1.5, 3)]


def test_a_removed_model_is_replaced_by_the_next_best(text):
    first = search(text, name="kept")
    first.files[0].path.unlink()
    again = search(text, name="kept")
    assert again.files[0].digest != first.files[0].digest and again.files[0].read()
    for file in (paths.ensure_folder("files")).iterdir():
        if file.read_bytes().startswith(b"{"):
            file.unlink()
    with pytest.raises(StudioError, match="cleared away"):
        search(text, name="kept")


MEASURED = {"train": "vae", "vary": ("latent_dim=4:8",), "trials": 1}


@pytest.mark.slow
def test_metric_weights_are_downloaded_before_the_first_trial(home, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(TaskRunner, "run", lambda *args: pytest.fail("it trained"))
    settings = TuneSettings.parse(MEASURED)
    assert list_needed_weights(settings) == ("inceptionv3",)
    with pytest.raises(Unavailable, match=r"InceptionV3 are not here "):
        tasks.run(TASK, settings, {"data": [sample_sets.store("sample:cartoons")]})


def test_a_loss_metric_downloads_nothing():
    assert list_needed_weights(TuneSettings.parse(MEASURED | {"fixed": ("scored=0",)})) == ()
    assert list_needed_weights(make_settings()) == ()


def test_a_name_belongs_to_one_search(text):
    search(text, name="mine", trials=3)
    assert search(text, name="mine", trials=5).figures["trials_ended"] > 0
    with pytest.raises(InvalidInput, match=r"search mine.*space"):
        search(text, name="mine", vary=("x=0:1",))


def test_a_storage_error_hides_the_password(text):
    with pytest.raises(Unavailable) as error:
        search(text, storage="postgresql://me:secret@nowhere.invalid/db")
    assert "nowhere.invalid" in str(error.value) and "secret" not in str(error.value)


def test_a_too_short_time_limit_is_reported(text):
    with pytest.raises(StudioError, match="No trial finished"):
        search(text, minutes=1e-9, fixed=("trouble=refuse",))  # ends when the first trial fails


@pytest.mark.parametrize(
    "change, says",
    [
        ({"train": "style"}, "text"),
        ({"train": "faces.draw"}, "text"),
        ({"vary": ("y",)}, "x"),
        ({"fixed": ("epochs",)}, "VALUE"),
        ({"trials": 0}, "trials"),
        ({"train": "vae", "vary": ("width", "scored")}, "scored"),
        ({"train": "classify", "vary": ("seed=0:20",)}, "seed"),  # it reports the test split
    ],
)
def test_invalid_searches_are_refused(text, change, says):
    with pytest.raises(InvalidInput, match=says):
        search(text, **change)


def test_without_lanes_trials_run_in_this_process(text):
    task_runner = TaskRunner()
    result = task_runner.run(NAME, BowlSettings(epochs=2), text)
    task_runner.close()
    assert result.figures["epochs"] == 2


def test_a_too_large_trial_does_not_end_the_search(text):
    figures = search(text, trials=8, fixed=("trouble=memory",), pruning="none").figures
    assert figures["failed"] > 0 and figures["trials_ended"] + figures["failed"] >= 8
    assert figures["best_settings"]["shape"] == "round"


def test_pruned_trials_leave_no_checkpoints(text):
    result = search(text, trials=30, pruning="halving")
    assert result.figures["stopped_early"] > 10
    assert not list(paths.ensure_folder("runs").iterdir())
    named = next(paths.ensure_folder("searches").glob("*.log")).read_text()
    assert sum('"model"' in line for line in named.splitlines()) == result.figures["trials_ended"] > 0


def test_the_recipe_has_no_storage_url(text, tmp_path):
    result = search(text, trials=1, storage=f"sqlite:///{tmp_path}/secret.db")
    assert "secret" not in result.recipe.to_json()


def test_a_search_without_data_is_refused(home):
    with pytest.raises(InvalidInput, match="text"):
        tasks.run(TASK, make_settings(), {})


@pytest.fixture
def run_command(home, tmp_path, monkeypatch, capsys):
    """Runs `studio tune` in a folder with a text: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "so.txt").write_text("so it is, " * 40)

    def run(*words):
        code = main(["tune", *words])
        return code, *capsys.readouterr()

    return run


@pytest.mark.slow
def test_the_command_saves_the_best_model(run_command, tmp_path):
    fixed = "epochs=2,units=16,embedding=8,streams=2,sequence=16"
    words = ["text", "so.txt", "-o", "best", "--vary", "learning_rate=0.001:0.05", "--fixed", fixed]
    code, out, err = run_command(*words, "--trials", "3", "--json")
    report = json.loads(out)
    assert (code, report["path"]) == (0, "best")
    assert (tmp_path / "best" / "card.md").is_file()
    assert report["figures"]["trials_ended"] >= 1 and 0 < report["figures"]["best"] < 5
    assert "trials ended" in err and "The best by nats per character, validation:" in err
    assert "On the test split, which was not used for selection: nats_per_char" in err


@pytest.mark.parametrize(
    "words",
    [
        ["sculpture", "so.txt", "-o", "best", "--vary", "x"],
        ["text", "nothing.txt", "-o", "best", "--vary", "units"],
        ["text", "so.txt", "--vary", "units"],
        ["text", "so.txt", "-o", "best", "--vary", "unit"],
        ["text", "so.txt", "-o", "best", "--vary", "units=9:3"],
        ["text", "so.txt", "-o", ".", "--vary", "units"],
        ["text", "so.txt", "-o", "best", "--vary", "units", "--jobs", "2"],
    ],
)
def test_bad_input_is_reported_in_one_line(run_command, words):
    code, out, err = run_command(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ") and (says_what_to_do(err) or "See `studio" in err)


@pytest.mark.slow
def test_downloads_are_reported_first(run_command, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(TaskRunner, "run", lambda *args: pytest.fail("it trained"))
    code, _, err = run_command(
        "vae", "sample:cartoons", "-o", "best", "--vary", "latent_dim", "--trials", "1"
    )
    assert code == 2 and "InceptionV3, which evaluates each model, is downloaded first" in err
    assert err.splitlines()[-1].startswith("error: The weights InceptionV3 are not here")
