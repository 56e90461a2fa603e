"""The Enhance page: live preview; large images and videos wait for Start."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from pages.enhance import enhanced_image, input_form, under_the_hood
from pages.jobs.navigation import page_of
from pages.jobs.use_again import USES
from studio.core.imaging import image_io, sample_photos, video_encoder
from studio.core.tasks import File
from studio.enhance.settings import CLEAN, ENLARGE, SHIPPED_CLEANER, SHIPPED_ENLARGER, EnhanceSettings

from .elements import join_raw_texts, list_button_labels


@pytest.mark.slow
def test_result_follows_the_sliders_and_can_be_saved(visit):
    page = visit("enhance", scale="3", explain="true")
    assert not page.exception and not page.error
    live = page.session_state["live"][1]
    assert image_io.read_size(live.data) == (900, 1353) and live.recipe.settings["scale"] == 3
    assert live.figures["psnr"] > live.figures["bicubic_psnr"]
    assert "Keep" in list_button_labels(page) and "Start" not in list_button_labels(page)
    assert any("studio enhance sample:chelsea" in code.value for code in page.code)
    assert [metric.label for metric in page.metric] == ["PSNR of the network", "PSNR of bicubic"]
    page.slider(key="sharpness").set_value(0.0).run()
    plain = page.session_state["live"][1]
    assert plain.data != live.data and plain.figures["psnr"] == plain.figures["bicubic_psnr"]


@pytest.mark.slow
def test_damage_of_a_photo_is_reported_and_removed(visit):
    photo = image_io.resize(image_io.read(_photo()), 120, 180).astype("float32")
    noise = 20 * np.random.default_rng(0).standard_normal((120, 180, 1))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(photo + noise, 0, 255).astype("uint8")).save(buffer, "JPEG", quality=90)
    file = File.store(buffer.getvalue(), "image", "noisy.jpg")
    params = {"scale": "1", "explain": "true", "closer": "true"}
    page = visit("enhance", content="Your photo", **{"content.file": file.digest}, **params)
    assert not page.exception and not page.error
    text = join_raw_texts(page.caption)
    assert "Detected in this photo: noise of " in text and "JPEG quality 90. **Clean** removes it" in text
    result = page.session_state["live"][1]
    assert image_io.read_size(result.data) == (120, 180) and result.figures["noise"] > 12
    near = [np.abs(image_io.read(data) - photo).mean() for data in (result.data, buffer.getvalue())]
    assert near[0] < 0.7 * near[1]
    page.toggle(key="clean").set_value(False).run()
    assert "Turn on clean" in join_raw_texts(page.info) and not page.exception
    text = join_raw_texts(page.caption)
    assert "Turn on **Clean** to remove it." in text and "**Clean** removes it" not in text


def test_large_photo_waits_for_start(visit):
    page = visit("enhance", scale="4", content="Hubble", masked="true")
    assert not page.exception and "Start" in list_button_labels(page)
    assert "**Start** makes 4,000 x 3,488 px, which takes" in join_raw_texts(page.markdown)
    assert "the studio downloads MediaPipe" in join_raw_texts(page.info), "the network of the mask"


def test_texture_waits_for_start_and_announces_its_download(visit):
    page = visit("enhance", mode="Texture", scale="2.5", width="600")
    assert not page.exception and "Start" in list_button_labels(page)
    text = join_raw_texts(page.markdown)
    assert "**Start** makes 600 x 399 px with invented detail, which takes" in text
    assert page.slider(key="texture_strength").value == 1
    assert "Real-ESRGAN" in join_raw_texts(page.info)
    page.number_input(key="width").set_value(5000).run()
    assert page.slider(key="texture_strength")
    assert "451 to 1,804 px for this photo" in join_raw_texts(page.info) and not page.exception


def test_too_large_result_is_refused_before_start(visit, monkeypatch):
    monkeypatch.setattr(image_io, "MAX_PIXELS", 1000 * 872 * 9)
    page = visit("enhance", scale="4", content="Hubble")
    assert "Choose scale 3" in join_raw_texts(page.info) and not page.exception


def test_video_waits_for_start(visit):
    with video_encoder.VideoEncoder("gif", 5) as video:
        for n in range(3):
            video.add(np.full((30, 40, 3), 50 * n, "uint8"))
        file = File.store(video.finish(), "animation", "video.gif")
    digest = File.store(json.dumps([[file.digest, file.name]]).encode(), "text", "").digest
    page = visit("enhance", what="A video", video_file=digest)
    assert not page.exception and "Start" in list_button_labels(page)
    assert "**Start** makes 80 x 60 px of every frame" in join_raw_texts(page.markdown)


def test_job_of_the_page_is_shown(visit, engine, until):
    photo = image_io.encode_png(image_io.resize(image_io.read(_photo()), 60, 90))
    content = File.store(photo, "image", "small.png")
    job = engine.submit(enhanced_image.TASK, EnhanceSettings(scale=2), {"content": [content]}, "local")
    until(lambda: engine.find_job(job.id, "local").finished)
    page = visit("enhance", job=job.id)
    assert not page.exception and "Change" in list_button_labels(page)
    result = enhanced_image.from_job(engine.find_job(job.id, "local"))
    assert result.compare().result.shape == (120, 180)


def _photo():
    return image_io.encode_png(sample_photos.read_photo("chelsea"))


def test_other_results_can_be_enlarged():
    (use,) = [use for use in USES if use.page_file == "enhance_photo.py"]
    assert use.page_file == page_of("enhance.enlarge").file


@pytest.mark.parametrize("scale", [2, 4])
def test_charts_of_a_result_match_its_figures(scale):
    photo = image_io.resize(image_io.read(_photo()), 60, 90)
    content = File.store(image_io.encode_png(photo), "image", "small.png")
    large = Image.fromarray(photo).resize((90 * scale, 60 * scale), Image.Resampling.NEAREST)
    result = enhanced_image.EnhancedImage(content, image_io.as_png(large), {}).compare()
    chart = under_the_hood._build_spectrum_chart(result).to_dict()
    assert {row["what"] for row in chart["layer"][0]["data"]["values"]} == {"bicubic", "result"}
    assert chart["layer"][1]["data"]["values"] == [{"at": 0.5 / scale}]
    assert under_the_hood._render_residual(result).std() > 1


def test_shipped_network_is_listed_first():
    assert (
        input_form.list_networks(ENLARGE)[0] == SHIPPED_ENLARGER
        and input_form.list_networks(CLEAN)[0] == SHIPPED_CLEANER
    )
