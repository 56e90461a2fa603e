"""The live camera of the Style page in a real browser, with its fake camera."""

from __future__ import annotations

import re

import av
import pytest
from waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIDE = 256  # px
# The mean of the camera's image, of its difference to what it became, and of the latter's range of channels.
MEASURE = """canvas => {
    const result = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const pixels = Array.from({ length: canvas.width * canvas.height }, (_, n) => n);
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / pixels.length;
    const range = (n) => {
        const channels = result.subarray(4 * n, 4 * n + 3);
        return Math.max(...channels) - Math.min(...channels);
    };
    return {
        photo: mean(pixels.map((n) => canvas.photo[3 * n])),
        difference: mean(pixels.map((n) => Math.abs(canvas.photo[3 * n] - result[4 * n]))),
        colors: mean(pixels.map(range)),
    };
}"""
WITHOUT_CAMERA = """() => { navigator.mediaDevices.getUserMedia = () => {
    delete navigator.mediaDevices.getUserMedia;
    return Promise.reject(new DOMException("", "NotFoundError"));
}; }"""
HIDE = """() => {
    Object.defineProperty(document, "hidden", { value: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
VIOLATIONS = "() => axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)"


def test_camera_is_painted_recorded_and_stopped(tab, expect, axe, tmp_path):
    page = tab("/style?what=Live+camera&camera_style=Mosaic")
    frame = page.frame_locator("iframe[title='Live camera']")
    start, status = frame.get_by_role("button", name="Start the camera"), frame.get_by_role("status")
    expect(status).to_have_text("")
    start.evaluate(WITHOUT_CAMERA)
    start.click()
    expect(status).to_contain_text("There is no camera")
    start.click()
    note = frame.get_by_text(re.compile(rf"\d frames per second at {SIDE} px"))
    note.wait_for()

    canvas = frame.get_by_label("The painted photo")
    mosaic = canvas.evaluate(MEASURE)
    assert mosaic["difference"] > 20
    wait_until(lambda: canvas.evaluate(MEASURE)["photo"] != mosaic["photo"])  # the fake camera moves

    frame.get_by_role("button", name="Record").click()
    page.get_by_role("radio", name="Woodcut").click()  # does not stop the camera or the recording
    wait_until(lambda: canvas.evaluate(MEASURE)["colors"] < 0.7 * mosaic["colors"])
    frame.get_by_role("button", name="Stop recording").click()
    with page.expect_download() as download:
        frame.get_by_role("link", name="Save video").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    with av.open(path) as video:
        frames = [picture.to_ndarray(format="rgb24") for picture in video.decode(video=0)]
    assert path.suffix in (".mp4", ".webm")
    assert {image.shape for image in frames} == {(SIDE, SIDE, 3)}
    assert all(image.std() > 20 for image in frames)

    page.frames[-1].evaluate(axe)
    assert not page.frames[-1].evaluate(VIOLATIONS)
    frame.get_by_role("button", name="Stop the camera").evaluate(HIDE)
    expect(start).to_be_visible()
    assert frame.locator("video").evaluate("video => video.srcObject === null")
