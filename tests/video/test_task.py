"""Repainting videos frame by frame: speed, resuming and errors."""

import io
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import paint
import pytest
import tiny_styles

from studio.core import recipes, tasks
from studio.core.errors import Cancelled, InvalidInput
from studio.core.imaging import (
    image_io,
    sample_photos,
    video_codecs,
    video_decoder,
    video_encoder,
    video_span,
)
from studio.core.imaging.frame_times import FrameTimes
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.core.training import checkpoints
from studio.core.training.precision import detect_fastest
from studio.video import task
from studio.video.settings import VideoSettings
from studio.video.task import TASK_NAME

PAINT = paint.PAINT.name


@pytest.fixture
def video(home):
    """A video of five frames at 10 fps, each brighter than the one before."""
    frames = [np.full((32, 48, 3), 40 * n, "uint8") for n in range(1, 6)]
    return File.store(video_encoder.encode(frames, "webp", 10), "animation", "clip.webp")


def make_settings(task=PAINT, video="webp", fps=0, start=0.0, end=None, **base):
    return VideoSettings(task=task, video=video, fps=fps, start=start, end=end, base=base)


def mean_intensities(result):
    return [round(float(frame.mean())) for frame in video_decoder.decode(result.files[0].read())]


def test_every_frame_is_processed_at_the_same_speed(video):
    result = tasks.run(TASK_NAME, make_settings(steps=1), {"video": [video]})
    assert mean_intensities(result) == pytest.approx([215, 175, 135, 95, 55], abs=2)
    assert video_decoder.read_times(result.files[0].read()).fps == 10
    assert (result.figures["frames"], result.files[0].kind) == (5, "animation")


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_all_formats_are_read_and_written(home, kind):
    frames = [np.full((32, 48, 3), 80 * n, "uint8") for n in (1, 2)]
    clip = File.store(video_encoder.encode(frames, kind, 20), "animation", f"clip.{kind}")
    assert video_decoder.read_times(clip.read()).fps == 20
    result = tasks.run(TASK_NAME, make_settings(video=kind, steps=1), {"video": [clip]})
    assert mean_intensities(result) == pytest.approx([175, 95], abs=4)
    assert result.files[0].name.endswith(f".{kind}")


@pytest.mark.parametrize(
    "transfer, is_noted", [(16, True), (18, True), (1, False)], ids=["PQ", "HLG", "BT.709"]
)
def test_a_note_says_that_a_video_is_hdr(home, transfer, is_noted):
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        stream.codec_context.color_trc = transfer
        frame = av.VideoFrame.from_ndarray(np.full((32, 48, 3), 80, "uint8"), format="rgb24")
        container.mux([*stream.encode(frame.reformat(format="yuv420p")), *stream.encode()])
    clip = File.store(buffer.getvalue(), "animation", "phone.mp4")
    result = tasks.run(TASK_NAME, make_settings(steps=1), {"video": [clip]})
    assert ("HDR" in " ".join(result.figures.get("notes", ()))) == is_noted


@pytest.mark.parametrize("fps, count", [(5, 3), (60, 5)])
def test_a_lower_frame_rate_skips_frames_and_a_higher_one_adds_none(video, fps, count):
    result = tasks.run(TASK_NAME, make_settings(video="gif", fps=fps, steps=1), {"video": [video]})
    times = video_decoder.read_times(result.files[0].read())
    assert result.figures["frames"] == len(times.durations) == count
    assert result.figures["fps"] == times.fps == min(fps, 10)


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_frames_are_counted_without_decoding(home, kind):
    frames = [np.full((32, 48, 3), 30 * n, "uint8") for n in range(7)]
    data = video_encoder.encode(frames, kind, 20)
    assert video_decoder.count_frames(data) == 7
    with pytest.raises(InvalidInput, match="whole MP4"):
        video_decoder.count_frames(data[:20])


@pytest.mark.parametrize("kind, fps", [("mp4", 60), ("gif", 50)])
def test_a_video_of_120_fps_keeps_its_duration(home, kind, fps):
    data = video_encoder.encode((np.full((32, 48, 3), n, "uint8") for n in range(60)), "mp4", 120)
    clip = File.store(data, "animation", "quick.mp4")
    result = tasks.run(TASK_NAME, make_settings(video=kind, steps=1), {"video": [clip]})
    assert (result.figures["frames"], result.figures["fps"]) == (fps // 2, fps)


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_a_long_video_is_refused_by_the_check(home, monkeypatch, kind):
    frames = [np.full((32, 48, 3), 30 * n, "uint8") for n in range(7)]
    clip = File.store(video_encoder.encode(frames, kind, 20), "animation", f"long.{kind}")
    monkeypatch.setattr(video_span, "MAX_FRAMES", 6)
    with pytest.raises(InvalidInput, match=r"at most .* 6 frames"):
        tasks.check(TASK_NAME, make_settings(steps=1), {"video": [clip]})
    with pytest.raises(InvalidInput, match=r"at most .* 6 frames"):
        next(video_decoder.decode(clip.read()))


def _invert_colors(settings, inputs, progress):
    """Stands in for a task that keeps transparency."""
    image = image_io.read_transparent(inputs["content"][0].read())
    inverted = np.concatenate([255 - image[..., :3], image[..., 3:]], axis=-1)
    recipe = recipes.make(PAINT, settings, inputs)
    file = File.store(image_io.encode_png(inverted, recipe), "image", "painted.png")
    return tasks.Result((file,), {}, recipe)


def test_transparency_of_a_gif_is_kept(home, monkeypatch):
    frames = np.full((2, 32, 48, 4), [200, 90, 40, 255], "uint8")
    frames[:, :, :24, 3] = 0
    clip = File.store(video_encoder.encode(frames, "gif", 10, transparent=True), "animation", "clip.gif")
    monkeypatch.setattr(paint, "run", _invert_colors)
    result = tasks.run(TASK_NAME, make_settings(video="gif", steps=1), {"video": [clip]})
    painted = np.array(list(video_decoder.decode(result.files[0].read(), transparent=True)))
    assert painted.shape == frames.shape and np.array_equal(painted[..., 3], frames[..., 3])
    assert painted[0, 16, 36, :3] == pytest.approx([55, 165, 215], abs=12)


def test_damage_at_the_end_is_found_before_the_first_frame(home, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 255, (24, 32, 48, 3), dtype="uint8")
    data = video_encoder.encode(noise, "mp4", 20)
    damaged = data[: len(data) * 17 // 20]
    clip = File.store(damaged, "animation", "cut.mp4")
    next(video_decoder.decode(damaged))  # its first frames are good
    monkeypatch.setattr(paint, "run", lambda *args: pytest.fail("painted"))
    with pytest.raises(InvalidInput, match=r"Invalid cut\.mp4.*: a damaged one"):
        tasks.run(TASK_NAME, make_settings(video="mp4", steps=1), {"video": [clip]})


def test_a_part_of_a_video_is_processed(home):
    frames = [np.full((32, 48, 3), 20 * n, "uint8") for n in range(10)]
    clip = File.store(video_encoder.encode(frames, "gif", 10), "animation", "clip.gif")
    part = {"start": 0.2, "end": 0.5}
    result = tasks.run(TASK_NAME, make_settings(video="gif", steps=1, **part), {"video": [clip]})
    assert (result.figures["frames"], result.figures["of"], result.figures["fps"]) == (3, 3, 10)
    whole = tasks.estimate_duration(
        tasks.get(TASK_NAME), make_settings(video="gif", steps=1), {"video": [clip]}
    )
    some = tasks.estimate_duration(
        tasks.get(TASK_NAME), make_settings(video="gif", steps=1, **part), {"video": [clip]}
    )
    assert some is whole is None or some == pytest.approx(0.3 * whole)


def test_the_estimate_is_proportional_to_the_frames(home):
    frames = [np.full((48, 48, 3), n, "uint8") for n in range(6)]
    clips = [File.store(video_encoder.encode(frames[:n], "gif", 10), "animation", "a.gif") for n in (2, 6)]
    settings = make_settings("style.transfer", house=["rain"], size=256)
    two, six = (tasks.estimate_duration(tasks.get(TASK_NAME), settings, {"video": [clip]}) for clip in clips)
    assert six == pytest.approx(3 * two) and two > 0


def test_a_cancelled_run_returns_its_frames_and_resumes(video, monkeypatch):
    settings, count = make_settings(steps=1), []

    def is_cancelled_after_two():
        return len(count) > 2

    progress = Progress(lambda report: count.append(report.step), is_cancelled_after_two)
    first = tasks.run(TASK_NAME, settings, {"video": [video]}, progress)
    assert first.stopped_early and 0 < len(mean_intensities(first)) < 5
    folder = checkpoints.find_run(TASK_NAME, settings, {"video": [video]}).folder
    done = len(list(folder.glob("*.png")))
    assert done >= 1
    again = []
    real = tasks.run
    clock = SimpleNamespace(monotonic=iter([100.0, 110.0]).__next__)
    monkeypatch.setattr(task, "time", clock)
    monkeypatch.setattr(tasks, "run", lambda *args: again.append(args) or real(*args))
    second = real(TASK_NAME, settings, {"video": [video]})
    assert len(again) == 5 - done
    assert mean_intensities(second) == pytest.approx([215, 175, 135, 95, 55], abs=2)
    assert not folder.exists()
    assert second.figures["seconds"] == pytest.approx(10 * 5 / (5 - done))  # as for the whole video


def test_stored_frames_do_not_count_for_the_time_left(video):
    settings, reports_heard = make_settings(steps=1), []

    def is_cancelled_after_four():
        return bool(reports_heard) and reports_heard[-1].step == 4  # its frame is stored, but not returned

    tasks.run(
        TASK_NAME, settings, {"video": [video]}, Progress(reports_heard.append, is_cancelled_after_four)
    )
    reports_heard.clear()
    tasks.run(TASK_NAME, settings, {"video": [video]}, Progress(reports_heard.append))
    reports = [(report.step, report.first_step) for report in reports_heard if report.total]
    assert reports == [(4, 4), (5, 4)]
    assert reports_heard[-1].seconds_left == 0 and reports_heard[-2].seconds_left is None


def test_a_damaged_stored_frame_is_processed_again(video):
    settings = make_settings(steps=1)
    folder = checkpoints.find_run(TASK_NAME, settings, {"video": [video]}).folder
    folder.mkdir(parents=True)
    (folder / "00002.png").write_bytes(b"cut")
    result = tasks.run(TASK_NAME, settings, {"video": [video]})
    assert mean_intensities(result) == pytest.approx([215, 175, 135, 95, 55], abs=2)


def test_canceling_before_the_first_frame_raises(video):
    with pytest.raises(Cancelled):
        tasks.run(TASK_NAME, make_settings(steps=3), {"video": [video]}, Progress(cancelled=lambda: True))


@pytest.mark.slow
def test_the_recipe_names_the_house_style_network(video):
    preset = tiny_styles.make()
    result = tasks.run(
        TASK_NAME,
        make_settings("style.transfer", house=["rain"], network="tiny", size=64),
        {"video": [video]},
    )
    assert result.recipe.weights == {"tiny": preset.digest}
    assert (
        next(video_decoder.decode(result.files[0].read())).shape
        == image_io.fit(np.zeros((32, 48, 3), "uint8"), 64).shape
    )


def test_the_recipe_reproduces_the_video(video):
    result = tasks.run(TASK_NAME, make_settings(steps=1), {"video": [video]})
    read = recipes.read(result.recipe.to_json().encode())
    assert (
        tasks.run(TASK_NAME, read.parse_settings(), {"video": [video]}).files[0].digest
        == result.files[0].digest
    )


@pytest.mark.parametrize(
    "settings, message",
    [
        (make_settings("text.write"), "an image into an image"),
        (make_settings("dream.ascend", zoom=8), "an image into an image"),
        (make_settings(steps=0), "steps"),
        (make_settings("style.transfer"), "style"),
    ],
)
def test_other_tasks_are_refused(video, settings, message):
    with pytest.raises(InvalidInput, match=message):
        tasks.check(TASK_NAME, settings, {"video": [video]})


@pytest.mark.slow
def test_the_recipe_contains_the_precision_of_the_frames(weights_home, video):
    result = tasks.run(
        TASK_NAME, make_settings("dream.ascend", size=64, steps=1, octaves=1), {"video": [video]}
    )
    assert result.recipe.settings["base"]["precision"] == detect_fastest()


def repaint(data, kind):
    clip = File.store(data, "animation", f"clip.{kind}")
    return tasks.run(TASK_NAME, make_settings(video=kind, steps=1), {"video": [clip]}).files[0].read()


@pytest.mark.parametrize("kind", video_codecs.KINDS)
@pytest.mark.parametrize("name", ["slide.gif", "tr.gif"])
def test_frame_times_are_preserved(home, data_dir, name, kind):
    data = (data_dir / "odd" / "01" / name).read_bytes()
    times = video_decoder.read_times(repaint(data, kind))
    assert times == video_decoder.read_times(data)


def test_the_number_of_plays_is_preserved(home):
    times = FrameTimes((Fraction(1, 10), Fraction(3), Fraction(1, 10)), 1)
    frames = [np.full((32, 48, 3), 80 * n, "uint8") for n in range(3)]
    for kind in ("gif", "webp"):
        assert video_decoder.read_times(repaint(video_encoder.encode(frames, kind, times), kind)) == times


@pytest.mark.slow
def test_frames_without_a_person_keep_the_photo(weights_home):
    frames = [image_io.resize(sample_photos.read_photo(name), 96, 96) for name in ("astronaut", "rocket")]
    clip = File.store(video_encoder.encode(frames, "gif", 10), "animation", "clip.gif")
    base = {"house": ["mosaic"], "size": 96, "mask": ["person"]}
    settings = make_settings("style.transfer", "gif", **base)
    result = tasks.run(TASK_NAME, settings, {"video": [clip]})
    before, after = (list(video_decoder.decode(file.read())) for file in (clip, result.files[0]))
    changes = [np.abs(new.astype(int) - old).mean() for old, new in zip(before, after, strict=True)]
    assert changes[0] > 15 and changes[1] < 6, "the palette of a GIF changes colors a little"
    assert "selfie-segmentation" in result.recipe.weights
