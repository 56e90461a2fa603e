"""Training of house styles on small images, with the real VGG16 where losses are compared."""

import narrow_backbone
import numpy as np
import pytest
import saved_models
import tiny_styles

from studio.core import data, tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.models import model_zip, presets
from studio.core.objectives import backbones
from studio.style.house import film_grain, gram_loss, known_styles, paint, train
from studio.style.house.held_out_losses import HeldOutLosses
from studio.style.house.learner import Learner
from studio.style.house.settings import MAX_SHIFT
from studio.style.house.train import Trainer
from training.drawings import paintings

SETTINGS = tiny_styles.SETTINGS
SIDE = SETTINGS.size + MAX_SHIFT


@pytest.fixture(scope="module")
def photos():
    """Crops of a photo, `(12, SIDE, SIDE, 3) uint8`."""
    cat = image_io.fit(sample_photos.read_photo("chelsea"), 240)
    places = [(row, column) for row in (0, 40, 80) for column in (0, 50, 100, 150)]
    return np.stack([cat[row : row + SIDE, column : column + SIDE] for row, column in places])


@pytest.fixture
def narrow_vgg16(weights_home, monkeypatch):
    """Makes `vgg16` a network of its layers with few channels, where its values do not matter."""
    narrow_backbone.use(monkeypatch)


@pytest.fixture
def vgg16(weights_home):
    return backbones.load("vgg16").average_pooling


@pytest.fixture
def grams(vgg16):
    pixels = [paintings.draw(name, size=(128, 160)) for name in ("mosaic", "woodcut")]
    return [gram_loss.compute_grams(vgg16, image_io.to_01(image)) for image in pixels]


@pytest.fixture
def folder(photos, tmp_path):
    place = tmp_path / "photos"
    place.mkdir()
    for n in range(60):
        (place / f"{n}.png").write_bytes(image_io.encode_png(np.roll(photos[n % 12], n, axis=1)))
    return data.store_reference(str(place))


def store_painting(name):
    return tasks.File.store(
        image_io.encode_png(paintings.draw(name, size=(160, 200))), "image", f"{name}.png"
    )


def make_trainer(photos, grams, vgg16, run=None, **settings):
    settings = SETTINGS.model_copy(update=settings)
    return Trainer(photos, np.arange(10), np.array([10, 11]), settings, grams, [0, 1], vgg16, run)


@pytest.mark.slow
def test_the_style_and_content_losses_match_their_definition(photos, grams, vgg16):
    learner = Learner(SETTINGS, grams, vgg16)
    batch = {
        "photos": photos[:2],
        "styles": np.array([1, 0], "int32"),
        "shift": np.array([[2, 5]] * 2, "int32"),
    }
    losses = learner(batch)
    first = photos[:2, : SETTINGS.size, : SETTINGS.size] / np.float32(255)
    results = np.asarray(learner.network([first, np.array([[0, 1], [1, 0]], "float32")]))
    expected = []
    for photo, image, gram in zip(first, results, (grams[1], grams[0]), strict=True):
        image_grams = gram_loss.compute_grams(vgg16, image[None])
        errors = [
            np.sum((image_grams[layer] - gram[layer]) ** 2) / np.sum(gram[layer] ** 2) for layer in gram
        ]
        extract = vgg16.build_extractor((gram_loss.CONTENT_LAYER,))
        target, actual = (np.asarray(extract(item[None])[gram_loss.CONTENT_LAYER]) for item in (photo, image))
        expected.append((np.mean(errors), np.mean((actual - target) ** 2) / np.mean(target**2)))
    style, content = np.mean(expected, axis=0)
    assert float(losses["style"]) == pytest.approx(style, rel=1e-3)
    assert float(losses["content"]) == pytest.approx(content, rel=1e-3)


@pytest.mark.slow
def test_the_style_loss_grid_compares_each_quarter(photos, grams, vgg16):
    learner = Learner(SETTINGS.model_copy(update={"parts": 2}), grams, vgg16)
    losses = learner({"photos": photos[:1], "styles": np.array([1]), "shift": np.array([[2, 5]])})
    first = photos[:1, : SETTINGS.size, : SETTINGS.size] / np.float32(255)
    results = np.asarray(learner.network([first, np.array([[0, 1]], "float32")]))
    errors = []
    for layer, maps in vgg16.build_extractor(gram_loss.STYLE_LAYERS)(results).items():
        half = maps.shape[1] // 2
        for down, right in ((0, 0), (0, half), (half, 0), (half, half)):
            flat = np.reshape(maps[:, down : down + half, right : right + half], (-1, maps.shape[-1]))
            gram = flat.T @ flat / flat.size
            errors.append(np.sum((gram - grams[1][layer]) ** 2) / np.sum(grams[1][layer] ** 2))
    assert float(losses["style"]) == pytest.approx(np.mean(errors), rel=1e-3)


def test_steadiness_is_zero_only_for_equal_overlaps(photos, grams, vgg16):
    learner = Learner(SETTINGS, grams, vgg16)
    photo = photos[:1].astype("float32") / 255
    side = SETTINGS.size
    first, second = photo[:, :side, :side], photo[:, 3 : 3 + side, 6 : 6 + side]
    assert float(learner._compute_steadiness_loss(first, second, 3, 6)) == 0
    assert float(learner._compute_steadiness_loss(first, second, 3, 5)) > 1e-4
    framed = second.copy()
    framed[:, :2] = 1 - framed[:, :2]
    assert float(learner._compute_steadiness_loss(first, framed, 3, 6)) > 1e-4  # borders have full weight


def test_every_style_gets_second_views_in_turn(photos, grams, vgg16):
    model_trainer = make_trainer(photos, grams, vgg16)
    styles_by_step = [model_trainer.make_batch(step)["styles"].tolist() for step in range(4)]
    assert [sorted(styles) for styles in styles_by_step] == [[0, 1]] * 4
    assert {styles[0] for styles in styles_by_step} == {0, 1}  # the first image of a batch has a second view


def test_training_grain_has_a_random_offset(photos, grams, vgg16):
    flat = np.full_like(photos, 100)
    model_trainer = make_trainer(flat, grams, vgg16)
    batches = [model_trainer.make_batch(step)["photos"].astype(float) - 100 for step in (0, 1)]
    for batch in batches:
        assert np.abs(batch.mean()) < 0.2 and batch.std() == pytest.approx(film_grain.DEVIATION, rel=0.1)
    assert not np.array_equal(batches[0], batches[1]) and not np.array_equal(*batches[0])
    crops, again = (model_trainer.crop_centers(np.array([3])) for _ in range(2))
    np.testing.assert_array_equal(crops, again)
    assert crops.std() > 1


@pytest.mark.slow
def test_the_final_test_uses_sixteen_photos_of_no_interim_test(photos, grams, vgg16):
    tested = np.arange(20, 80)
    model_trainer = Trainer(
        np.tile(photos, (7, 1, 1, 1)), np.arange(20), tested, SETTINGS, grams, [0, 1], vgg16
    )
    tests = []
    model_trainer.learner.measure_photo = lambda photo, style: (
        tests.append((photo.tobytes(), style)) or {"style": float(style)}
    )
    model_trainer.crop_centers = lambda rows: rows[:, None]
    assert model_trainer.measure(model_trainer.final_test_rows).mean("style") == 0.5
    assert len(set(tests)) == 2 * 16 and {style for _, style in tests} == {0, 1}
    assert len(model_trainer.interim_test_rows) == 4 and set(model_trainer.interim_test_rows).isdisjoint(
        model_trainer.final_test_rows
    )
    assert set(model_trainer.interim_test_rows) | set(model_trainer.final_test_rows) <= set(tested)
    few = Trainer(photos, np.arange(10), np.array([10, 11]), SETTINGS, grams, [0, 1], vgg16)
    assert sorted([*few.interim_test_rows, *few.final_test_rows]) == [10, 11]
    one = Trainer(photos, np.arange(11), np.array([11]), SETTINGS, grams, [0, 1], vgg16)
    assert list(one.interim_test_rows) == list(one.final_test_rows) == [11]


def test_the_error_is_the_standard_error_of_the_mean_over_photos():
    held_out = HeldOutLosses(({"style": 1.0}, {"style": 2.0}, {"style": 3.0}, {"style": 6.0}))
    assert held_out.mean("style") == 3 and held_out.error("style") == pytest.approx(
        np.std([1, 2, 3, 6], ddof=1) / 2
    )
    assert HeldOutLosses(({"style": 1.0},)).error("style") == 0


@pytest.mark.slow
def test_the_total_of_a_photo_is_the_training_loss(photos, grams, vgg16):
    learner = make_trainer(photos, grams, vgg16, strength=0.5).learner
    losses = learner.measure_photo(photos[3], 1)
    terms = 0.205 * losses["content"] + SETTINGS.smoothness * losses["smoothness"]
    total = losses["style"] + terms + SETTINGS.steadiness * losses["steadiness"]
    assert losses["total"] == pytest.approx(total, rel=1e-5)
    assert min(losses.values()) > 0


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_bfloat16_gives_nearly_the_same_losses_and_float32_weights(photos, grams, vgg16):
    float32_trainer, bfloat16_trainer = (
        make_trainer(photos, grams, vgg16, precision=precision, size=48, batch=1)
        for precision in ("float32", "bfloat16")
    )
    conv = bfloat16_trainer.learner.network.get_layer("block1a")
    assert (conv.compute_dtype, conv.variable_dtype) == ("bfloat16", "float32")
    bfloat16_trainer.learner.network.set_weights(float32_trainer.learner.network.get_weights())
    batch = float32_trainer.make_batch(0)
    whole_losses, half_losses = (
        model_trainer.learner(batch) for model_trainer in (float32_trainer, bfloat16_trainer)
    )
    for name in ("style", "content", "smoothness"):
        assert 0 < abs(float(half_losses[name]) / float(whole_losses[name]) - 1) < 0.02, name
    for _ in range(2):  # the first warm-up step has a learning rate of 0
        bfloat16_trainer.advance()
    assert not np.array_equal(
        bfloat16_trainer.learner.network.get_weights()[0], float32_trainer.learner.network.get_weights()[0]
    )
    assert vgg16.with_precision("float32") is vgg16
    assert vgg16.model.get_layer("block1_conv1").compute_dtype == "float32"


@pytest.mark.slow
def test_training_crops_are_random_and_tests_use_the_center(grams, vgg16, monkeypatch):
    monkeypatch.setattr(train, "add_training_grain", lambda photos, rng: photos)  # keep the numbers unchanged
    side = 80 + SIDE
    numbered = np.zeros((12, side, side, 3), "uint8")  # each pixel encodes its position
    numbered[..., 0], numbered[..., 1] = np.arange(side)[:, None], np.arange(side)
    model_trainer = make_trainer(numbered, grams, vgg16)
    corners = {
        (int(image[0, 0, 0]), int(image[:, :, 1].min()))
        for step in range(20)
        for image in model_trainer.make_batch(step)["photos"]
    }
    assert len(corners) > 30
    assert max(map(max, corners)) <= 80
    assert (model_trainer.crop_centers(np.array([1]))[0, 0, 0, :2] == (40, 40)).all()


@pytest.mark.slow
def test_training_lowers_the_style_loss(photos, grams, vgg16):
    # Half as many steps at twice the rate lower it by 7% on some processors and 14% on others.
    model_trainer = make_trainer(
        photos, grams, vgg16, steps=60, test_every=60, learning_rate=0.002, ema_steps=8
    )
    before = model_trainer.test(None)
    model_trainer.fit()
    after = model_trainer.curves.metrics
    assert after["validation style"][-1] < 0.9 * before["validation style"]


@pytest.mark.slow
@pytest.mark.usefixtures("eager", "narrow_vgg16")
def test_a_trained_network_is_stored_and_styles_can_be_added(weights_home, folder, photos):
    inputs = {"data": [folder], "style": [store_painting("mosaic"), store_painting("wash")]}
    result = tasks.run(known_styles.TASK, SETTINGS, inputs)
    assert result.figures["styles"] == 2 and result.figures["held_out_style"] > 0
    assert result.figures["tested_photos"] == 2  # a thirtieth by SHA-256, of 60 photos
    preset = presets.unpack(result.files[0].read(), "mine")
    assert known_styles.styles_of(preset) == ("mosaic", "wash")
    assert "mosaic, wash" in preset.read_card() and saved_models.read_image(preset)
    assert "train_style photos --style mosaic.png wash.png" in preset.read_card()
    start = paint.load_keras(preset)

    inputs_with_start = {**inputs, "style": [store_painting("dots")], "start": result.files}
    grown = tasks.run(known_styles.TASK, SETTINGS.model_copy(update={"only_new": True}), inputs_with_start)
    wider = presets.unpack(grown.files[0].read(), "wider")
    assert known_styles.styles_of(wider) == ("mosaic", "wash", "dots")
    photo = photos[:1].astype("float32") / 255
    old = np.asarray(start([photo, np.array([[0, 1]], "float32")]))
    now = paint.load_keras(wider)
    np.testing.assert_allclose(np.asarray(now([photo, np.array([[0, 1, 0]], "float32")])), old, atol=1e-5)
    new = np.asarray(now([photo, np.array([[0, 0, 1]], "float32")]))
    assert np.abs(new - old).mean() > 1e-3


def test_a_network_of_another_shape_cannot_be_a_start(weights_home, folder):
    start = tasks.File.store(model_zip.pack(tiny_styles.make().folder), "model", "tiny.zip")
    inputs = {"data": [folder], "style": [store_painting("mosaic")], "start": [start]}
    with pytest.raises(InvalidInput, match="width 12"):
        tasks.run(known_styles.TASK, SETTINGS.model_copy(update={"width": 12}), inputs)


def test_a_small_style_image_is_rejected(home, folder):
    small = tasks.File.store(image_io.encode_png(np.zeros((100, 300, 3), "uint8")), "image", "thin.png")
    with pytest.raises(InvalidInput, match="at least 128 px"):
        tasks.run(known_styles.TASK, SETTINGS, {"data": [folder], "style": [small]})


def test_two_styles_of_one_name_are_rejected(home, folder):
    with pytest.raises(InvalidInput, match="mosaic twice"):
        tasks.check(
            known_styles.TASK,
            SETTINGS,
            {"data": [folder], "style": [store_painting("mosaic"), store_painting("mosaic")]},
        )


@pytest.mark.slow  # two training runs
@pytest.mark.usefixtures("eager", "narrow_vgg16")
def test_the_starting_weights_are_interpolated_and_tested(photos, grams, vgg16, home):
    start = make_trainer(photos, grams, vgg16).learner.network
    settings = SETTINGS.model_copy(update={"steps": 3, "kept": 0.75, "learning_rate": 0.01})
    rows = (np.arange(10), np.array([10, 11]))
    model_trainer = Trainer(photos, *rows, settings, grams, [0, 1], vgg16, None, start)
    model_trainer.fit()
    arrays = zip(
        start.get_weights(), model_trainer.ema.arrays, model_trainer.result.get_weights(), strict=True
    )
    for old, learned, mixed in arrays:
        np.testing.assert_allclose(mixed, 0.75 * old + 0.25 * learned, atol=1e-6)
    assert model_trainer.scores == model_trainer.measure(model_trainer.final_test_rows)
    model_trainer.learner.network.set_weights(model_trainer.ema.arrays)
    assert model_trainer.scores != model_trainer.measure(model_trainer.final_test_rows)


@pytest.mark.parametrize("change", [{"only_new": True}, {"kept": 0.2}])
def test_only_new_and_kept_need_a_network_to_start_from(home, folder, change):
    settings = SETTINGS.model_copy(update=change)
    with pytest.raises(InvalidInput, match="network to start from"):
        tasks.check(known_styles.TASK, settings, {"data": [folder], "style": [store_painting("mosaic")]})


@pytest.mark.slow
@pytest.mark.usefixtures("eager", "narrow_vgg16")
def test_an_old_style_alone_is_retrained_and_others_are_unchanged(weights_home, folder, photos):
    tiny = tiny_styles.make()
    start = tasks.File.store(model_zip.pack(tiny.folder), "model", "tiny.zip")
    rain = tasks.File.store(image_io.encode_png(paintings.draw("wash", size=(160, 200))), "image", "rain.png")
    settings = SETTINGS.model_copy(update={"only_new": True, "learning_rate": 0.01})
    result = tasks.run(known_styles.TASK, settings, {"data": [folder], "style": [rain], "start": [start]})
    before, after = paint.load_keras(tiny), paint.load_keras(presets.unpack(result.files[0].read(), "again"))
    photo = photos[:1].astype("float32") / 255
    card = presets.unpack(result.files[0].read(), "again").read_card()
    assert "sand stayed as they were" in card and "each painted in rain" in card
    place = known_styles.styles_of(tiny).index("rain")
    for n, share in enumerate(np.eye(len(known_styles.styles_of(tiny)), dtype="float32")):
        old, new = (np.asarray(model([photo, share[None]])) for model in (before, after))
        assert (np.abs(new - old).max() > 1e-3) == (n == place)


@pytest.mark.parametrize("styles, columns", [([0], 2), ([1, 0], 2), ([0, 1, 0], 3)])
def test_a_preview_shows_every_photo_and_every_style(photos, grams, vgg16, styles, columns):
    model_trainer = make_trainer(photos, grams, vgg16)
    image = train.draw_results(model_trainer.learner, photos[:2], styles)
    assert round(image.shape[1] / SETTINGS.size) == columns
    assert round(image.shape[0] / SETTINGS.size) == 2
