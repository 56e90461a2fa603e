"""The DCGAN task: from a data set to a packed generator with its card and directions."""

from __future__ import annotations

import re
from types import SimpleNamespace

import eager_mode
import narrow_backbone
import numpy as np
import pytest
import saved_models
from PIL import Image

from studio.core import data, recipes, tasks
from studio.core.errors import Cancelled, InvalidInput
from studio.core.generators import latent
from studio.core.imaging import image_io
from studio.core.metrics import comparison
from studio.core.models import loading, model_folder, presets
from studio.core.progress import Progress
from studio.core.training import stages, start_from
from studio.core.training.curves import Curves
from studio.core.training.stages import Stages
from studio.dcgan import card, estimate, generator, model, task
from studio.dcgan.settings import TrainDcganSettings
from training.drawings.data_sets import draw_data_set

pytestmark = pytest.mark.slow

TINY = {
    "steps": 4,
    "width": 4,
    "discriminator_width": 4,
    "size": 32,
    "batch": 8,
    "test_every": 2,
    "latent_dim": 8,
}


@pytest.fixture(scope="module")
def avatars_file(tmp_path_factory):
    """An npz of 160 avatars with their attributes."""
    collection = draw_data_set("avatars", 160, seed=0, size=32)
    path = tmp_path_factory.mktemp("data") / "faces.npz"
    np.savez(path, **collection)
    return path


def trained(path, **change):
    settings = TrainDcganSettings(**{**TINY, "scored": 0, **change})
    return tasks.run("dcgan.train", settings, {"data": [data.store_reference(str(path))]})


@pytest.fixture(scope="module", autouse=True)
def few_images_for_directions():
    """Estimates latent directions from 100 images: generating 2,000 takes longer than these runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task, "DIRECTION_IMAGES", 100)
        yield


@pytest.fixture(scope="module")
def training_result(session_home, avatars_file):
    """The result of one training run, for all tests of this file."""
    with eager_mode.run_eagerly():
        return trained(avatars_file)


def test_training_gives_a_model_that_generates_images(training_result, tmp_path):
    preset = presets.unpack(training_result.files[0].read(), tmp_path / "model")
    generator = tasks.import_object(tasks.get(preset.task).load_generator)(preset)
    z = latent.sample(generator, 11, seed=0)
    images = generator.decode(z)
    assert images.shape == (11, 32, 32, 3) and images.dtype == np.uint8
    # The batch size makes no difference.
    assert np.abs(generator.decode(z[4:5])[0].astype(int) - images[4]).max() <= 1
    assert {name for name in generator.directions if name.startswith("direction-")}
    assert generator.density is None


def test_the_card_has_data_command_and_figures(training_result, tmp_path):
    preset = presets.unpack(training_result.files[0].read(), tmp_path / "model")
    card = preset.read_card()
    assert "faces.npz, 160 images" in card and "not measured" in card
    assert "python -m training.train_dcgan faces.npz -o DIR --steps 4" in card
    assert preset.read_data()["figures"]["curve"]["steps"] == [2, 4]
    with Image.open(preset.folder / model_folder.IMAGE) as image:
        assert min(image.size) > 400
    assert saved_models.read_image(preset).startswith(b"RIFF")


def test_the_training_history_is_stored(training_result, tmp_path):
    preset = presets.unpack(training_result.files[0].read(), tmp_path / "model")
    numbers, sheet = preset.read_data()["stages"], image_io.read(preset.read_stages())
    assert numbers["steps"] == [1, 2, 3, 4] and len(numbers["mark"]) == 4
    side = 4 * (32 + 2) - 2
    assert sheet.shape == (side, 4 * side, 3)
    assert len(preset.read_stages()) < stages.MAX_SHEET_BYTES


def test_a_relativistic_loss_without_penalty_is_refused(avatars_file):
    with pytest.raises(InvalidInput, match=r"gradient penalty.*above 0.*0\.5"):
        trained(avatars_file, loss="relativistic")


def test_the_card_describes_options(training_result):
    figures = {**training_result.figures, "notes": []}
    richer = {"loss": "relativistic", "gradient_penalty": 0.1, "blocks": 2, "palette": 7}
    richer |= {"vgg16_discriminator": 1.0}
    plain, detailed = (
        card.compose("faces", TrainDcganSettings(**TINY, **more), figures, "command") for more in ({}, richer)
    )
    for part in ("Relativistic loss", "at each resolution: 2.", "7 colors", "a VGG16-feature discriminator"):
        assert part in detailed and part not in plain


@pytest.mark.usefixtures("eager")
def test_the_card_reports_skipped_images_and_missing_metrics(home, tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    for n, image in enumerate(draw_data_set("avatars", 72, seed=0, size=32)["images"]):
        Image.fromarray(image).save(folder / f"{n}.png")
    (folder / "broken.png").write_bytes(b"no image")
    result = trained(folder, steps=1, scored=comparison.MIN_IMAGES - 1)
    card = presets.unpack(result.files[0].read(), tmp_path / "model").read_card()
    for message in ("broken.png", "too few to compare"):
        assert any(message in note for note in result.figures["notes"]) and message in card


@pytest.mark.usefixtures("eager")
def test_a_run_starts_from_a_model_and_keeps_its_history(training_result, avatars_file, tmp_path):
    start = {"data": [data.store_reference(str(avatars_file))], "start": [training_result.files[0]]}
    short = TrainDcganSettings(**{**TINY, "steps": 1}, scored=0, learning_rate=1e-9)
    result = tasks.run("dcgan.train", short, start)
    assert result.figures["started_from"] == "faces" and result.figures["taught_by"] == []
    assert result.figures["curve"]["steps"] == [2, 4]
    longer = Stages(2)
    longer.add(2, np.zeros((16, 28, 28, 1), "uint8"), {"discriminator": 0.5})
    own = start_from.load_history(start, 2, Curves(steps=[2]), longer)
    assert own.curve == {"steps": [2]}, "more steps have curves of their own"
    before = presets.unpack(training_result.files[0].read(), tmp_path / "first").read_data()["stages"]
    last = before["steps"][-1]
    assert own.stages["steps"] == [*before["steps"], last + 2], "the grids of both runs are joined"
    assert own.stages["discriminator"] == [*before["discriminator"], 0.5] and own.stages["mark"] == [
        *before["mark"],
        None,
    ]
    before, preset = (
        presets.unpack(item.files[0].read(), tmp_path / name)
        for item, name in ((training_result, "before"), (result, "after"))
    )
    assert (
        preset.read_data()["stages"] == before.read_data()["stages"]
        and preset.read_stages() == before.read_stages()
    )
    other = TrainDcganSettings(**{**TINY, "width": 6}, scored=0)
    with pytest.raises(InvalidInput, match="width 6"):
        tasks.run("dcgan.train", other, start)


@pytest.mark.usefixtures("eager")
def test_a_model_grows_to_twice_its_size(session_home, avatars_file, tmp_path):
    small = trained(avatars_file, steps=1, width=8, discriminator_width=8, colors="gray")
    inputs = {"data": [data.store_reference(str(avatars_file))], "start": [small.files[0]]}
    large = TrainDcganSettings(**TINY | {"size": 64, "steps": 1}, scored=0, colors="gray")  # half as wide
    with pytest.raises(InvalidInput, match=r"width 8.*Use size 64.*width 4.*discriminator_width 4"):
        tasks.run("dcgan.train", large.model_copy(update={"width": 8}), inputs)
    result = tasks.run("dcgan.train", large, inputs)
    preset = presets.unpack(result.files[0].read(), tmp_path / "grown")
    assert generator.load_generator(preset).decode(np.zeros((2, TINY["latent_dim"]), "float32")).shape == (
        2,
        64,
        64,
        3,
    )
    assert "started from the weights of faces" in preset.read_card()
    same_size = large.model_copy(update={"size": 32, "width": 8, "discriminator_width": 8})
    grows, goes_on = (
        estimate.estimate_seconds(item, inputs) / estimate.estimate_seconds(item, {"data": inputs["data"]})
        for item in (large, same_size)
    )
    assert grows > 1 and goes_on == 1, "learning to enlarge takes some time, too"


@pytest.mark.parametrize("uneven", [{"width": 9}, {"discriminator_width": 9}, {"width": 6}])
def test_a_model_whose_widths_cannot_be_halved_is_refused(home, uneven):
    widths = {"width": 8, "discriminator_width": 8} | uneven
    settings = TrainDcganSettings(**TINY | widths)
    recipe = recipes.Recipe(task=generator.TASK, settings=settings.model_dump(mode="json"))
    packed = presets.pack(model.Gan(settings), generator.TASK, settings, "# Small\n", recipe)
    small = tasks.File.store(packed, "model", "small.zip")
    with pytest.raises(InvalidInput) as error:
        generator.check(TrainDcganSettings(**TINY | {"size": 64}), {"start": [small]})
    assert str(error.value) == (
        f"Invalid model to grow from: width {widths['width']}, discriminator_width "
        f"{widths['discriminator_width']}. "
        "Use a model whose width and discriminator_width are even and at least 8, because both are halved. "
        "Continue training at its own size, 32 px, or choose another model."
    )


def test_the_check_reads_the_start_model_once(training_result, monkeypatch):
    reads, read = [], presets.from_zip
    monkeypatch.setattr(presets, "from_zip", lambda file: reads.append(file) or read(file))
    generator.check(TrainDcganSettings(**TINY), {"start": [training_result.files[0]]})
    assert reads == [training_result.files[0]]


@pytest.mark.usefixtures("eager")
def test_a_vgg16_discriminator_is_saved_and_reported_by_later_models(
    avatars_file, home, tmp_path, monkeypatch
):
    narrow_backbone.use(monkeypatch)
    settings = TrainDcganSettings(**TINY | {"steps": 1}, scored=0, vgg16_discriminator=1.0)
    inputs = {"data": [data.store_reference(str(avatars_file))]}
    result = tasks.run("dcgan.train", settings, inputs)
    assert list(result.recipe.weights) == ["vgg16"]
    preset = presets.unpack(result.files[0].read(), tmp_path / "seen")
    gan = model.Gan(settings)
    loading.load_weights(gan, preset)
    fresh = model.Gan(settings).vgg16_discriminator.get_weights()
    assert not all(map(np.array_equal, gan.vgg16_discriminator.get_weights(), fresh))
    inputs |= {"start": [result.files[0]]}
    alone = tasks.run(
        "dcgan.train", settings.model_copy(update={"vgg16_discriminator": 0.0, "seed": 1}), inputs
    )
    assert alone.figures["started_from"] == "faces"
    assert not alone.recipe.weights and alone.figures["taught_by"] == ["vgg16"]


@pytest.mark.usefixtures("eager")
def test_stopping_during_scoring_keeps_the_model(session_home, avatars_file, tmp_path, monkeypatch):
    def stopped(*_):
        raise Cancelled

    monkeypatch.setattr(comparison.Scorer, "compare", stopped)
    result = trained(avatars_file, steps=1)
    assert result.stopped_early and result.figures["ended"] == "cancelled" and result.figures["steps"] == 1
    assert "stopped early" in presets.unpack(result.files[0].read(), tmp_path / "model").read_card()


def test_only_predictable_attributes_become_directions(home):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 60)).astype("float32")
    noise = rng.normal(size=(2, 400)).astype("float32")
    labels = {"same": np.ones(400, "float32"), "luck": noise[0], "told": features[:, 3] + noise[1]}
    scorer = SimpleNamespace(
        _dataset=SimpleNamespace(attributes=labels), _train_rows=np.arange(400), _real_features=features
    )
    guessed = comparison.Scorer._estimate_attributes(scorer, features, Progress())
    assert list(guessed) == ["told"]
    scores = comparison.Comparison(attributes={**guessed, "same": (np.ones(400), 1.0)})
    generated = rng.integers(0, 255, (400, 8, 8, 3)).astype("uint8")
    directions = task._find_directions(features, np.zeros((400, 0)), generated, scores, None)
    assert "same" not in directions and directions["told"].vector[3] > 0.9
    # Half of the label is noise, although the prediction is exact for each point.
    share = int(
        re.search(r"as guessed from labels of the data set; it explains (\d+)%", directions["told"].note)[1]
    )
    assert 35 < share < 55


def test_too_few_images_are_refused(home, tmp_path):
    path = tmp_path / "few.npz"
    np.savez(path, images=np.zeros((9, 32, 32, 3), "uint8"))
    with pytest.raises(InvalidInput, match="64"):
        trained(path)


def test_a_preset_of_another_task_is_refused(home, tmp_path):
    import tiny_language_model

    from studio.dcgan import generator

    with pytest.raises(InvalidInput, match="a DCGAN"):
        generator.load_generator(presets.find(tiny_language_model.make(tmp_path / "language_model")))


@pytest.mark.parametrize("damage", ["nan", "shape", "larger", "cut"])
def test_damaged_weights_are_refused(training_result, tmp_path, damage):
    import h5py

    from studio.core import paths
    from studio.core.models import loading
    from studio.dcgan import generator, model

    preset = presets.unpack(training_result.files[0].read(), tmp_path / "model")
    path = preset.folder / model_folder.WEIGHTS
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    else:
        with h5py.File(path, "r+") as file:
            if damage == "nan":
                file["generator/layers/dense/vars/0"][0, 0] = np.nan
            elif damage == "shape":
                del file["generator/layers/dense/vars/0"]
                file["generator/layers/dense/vars/0"] = np.zeros((8, 3), "float32")
            else:
                file.create_dataset("more", data=np.zeros(10_000_000, "float32"))
    settings = preset.folder / model_folder.SETTINGS
    settings.write_text(settings.read_text().replace(preset.digest, paths.file_digest(path)))
    preset = presets.find(preset.folder)
    with pytest.raises(InvalidInput, match="weights"):
        loading.load_weights(model.Gan(generator.settings_of(preset)), preset)
    if damage != "larger":  # its other arrays are not needed to generate
        with pytest.raises(InvalidInput, match="weights"):
            generator.load_generator(preset)


@pytest.mark.usefixtures("eager")
def test_generated_images_are_compared_with_real_ones(quick_inceptionv3_home, tmp_path):
    path = tmp_path / "faces.npz"
    np.savez(path, **draw_data_set("avatars", 80, seed=0, size=32))
    # All groups fill whole batches of 32 images: InceptionV3 is traced again for each smaller batch.
    metrics = trained(path, scored=32, held_out=0.4, steps=2, test_every=1).figures
    assert metrics["n"] == 32 and metrics["real_n"] == 48 and metrics["fid"] > 100 and metrics["kid"] > 0.05
    assert metrics["nearest"] > 0 and metrics["held_out_n"] == 32
    assert len(metrics["curve"]["kid"]) == 2
