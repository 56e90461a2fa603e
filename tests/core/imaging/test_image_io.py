"""Images of each format are decoded correctly or rejected in one sentence."""

from __future__ import annotations

import csv
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from skimage import data as photos

from studio.core import recipes
from studio.core.errors import InvalidInput
from studio.core.imaging import formats, image_io
from tests.wording import says_what_to_do


def encode(image, kind="PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def make_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def read_corpus_rows(data_dir):
    with (data_dir / "badfiles" / "INDEX.tsv").open(encoding="utf-8") as handle:
        return [row for row in csv.DictReader(handle, delimiter="\t") if row["kind"] == "image"]


def test_gray_conversion_weights_channels_by_luminance():
    blue, green = (np.full((2, 2, 3), color, "uint8") for color in ((0, 0, 255), (0, 255, 0)))
    assert image_io.to_gray(blue).shape == (2, 2, 1)
    assert (int(image_io.to_gray(blue).max()), int(image_io.to_gray(green).min())) == (29, 150)


def test_corpus_images_are_accepted_or_refused_as_expected(data_dir, monkeypatch):
    monkeypatch.setattr(formats, "HEIC", False)  # as without the extra `heic`
    rows = read_corpus_rows(data_dir)
    assert len(rows) > 200
    unexpected = []
    for row in rows:
        try:
            image = image_io.read(data_dir / "badfiles" / row["file"])
            outcome = "accept"
            assert image.dtype == np.uint8
            assert image.ndim == 3
            assert image.shape[2] == 3
        except InvalidInput as error:
            outcome = "refuse"
            assert str(error).count("\n") == 0
            assert str(data_dir) not in str(error)
        if row["expected"] not in (outcome, "either"):
            unexpected.append((row["file"], row["expected"], outcome))
    assert not unexpected


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "JPEG", "TIFF", "AVIF"])
def test_every_format_is_read(kind, image):
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind in ("JPEG", "AVIF") else {}
    read = image_io.read(encode(Image.fromarray(image), kind, **options))
    assert read.shape == image.shape
    tolerance = {"JPEG": 20, "AVIF": 20, "GIF": 40}.get(kind, 0)
    assert np.abs(read.astype(int) - image).mean() <= tolerance / 4
    assert np.abs(read.astype(int) - image).max() <= tolerance


def test_the_format_is_detected_by_content_not_by_name(tmp_path, image):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(Image.fromarray(image)))
    assert np.array_equal(image_io.read(path), image)


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", [1, *TURNS])
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_exif_orientation_is_applied(orientation, kind, image):
    stored = Image.fromarray(image)
    if orientation in TURNS:
        stored = stored.transpose(TURNS[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    assert np.array_equal(image_io.read(encode(stored, kind, exif=exif, **options)), image)


@pytest.fixture
def heic_photo():
    """A HEIC of `(200, 300)` with a rotation by 90 degrees and private tags."""
    pytest.importorskip(
        "pillow_heif", reason="HEIC needs an extra: pip install -e '.[heic]'"
    ).register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretCamera"
    photo = Image.fromarray(photos.chelsea()[:200, :300])
    return encode(photo, "HEIF", quality=95, exif=exif.tobytes())


def test_heic_photos_are_read_upright_without_their_tags(heic_photo):
    assert b"SecretCamera" in heic_photo
    read = image_io.read(heic_photo)
    upright = np.rot90(photos.chelsea()[:200, :300], -1)
    assert read.shape == upright.shape == (*image_io.read_size(heic_photo), 3)
    assert np.abs(read.astype(int) - upright).mean() < 5
    assert b"SecretCamera" not in image_io.encode_png(read)


def test_damaged_heic_photos_raise_only_invalid_input(heic_photo):
    with pytest.raises(InvalidInput, match="damaged or cut HEIC"):
        image_io.read(heic_photo[:-100])
    rng = np.random.default_rng(0)
    for n in range(200):
        data = np.frombuffer(heic_photo, "uint8").copy()
        data[rng.integers(0, 600 if n % 2 else len(data), 5)] = rng.integers(0, 256, 5)
        try:
            assert image_io.read(data.tobytes()).shape[2] == 3
        except InvalidInput as error:
            assert "\n" not in str(error)


def test_without_the_heic_extra_the_error_says_what_to_install(heic_photo, monkeypatch):
    monkeypatch.setattr(formats, "HEIC", False)
    with pytest.raises(InvalidInput, match=r": HEIC\. .* Save it as JPEG, or pip install"):
        image_io.read(heic_photo)


def test_16_bit_images_are_scaled_not_clipped():
    levels = np.linspace(0, 65535, 64 * 16).reshape(16, 64).astype("uint16")
    read = image_io.read(encode(Image.fromarray(levels)))
    assert np.abs(read[..., 0].astype(int) - levels / 257).max() <= 0.5  # rounded
    assert np.array_equal(read[..., 0], read[..., 2])


def test_transparent_pixels_are_blended_over_white():
    pixels = np.zeros((16, 16, 4), "uint8")
    pixels[:, :8] = (255, 0, 0, 255)
    pixels[:, 12:] = (0, 0, 255, 128)
    data = encode(Image.fromarray(pixels, "RGBA"))
    read = image_io.read(data)
    assert read[0, 0].tolist() == [255, 0, 0]
    assert read[0, 9].tolist() == [255, 255, 255]
    assert read[0, 15].tolist() == [127, 127, 255]


def test_a_transparent_palette_color_becomes_white():
    image = Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, 0, 200, 0])
    assert image_io.read(encode(image, transparency=1))[0, 0].tolist() == [255, 255, 255]
    assert image_io.read(encode(image))[0, 0].tolist() == [0, 200, 0]


def test_cmyk_is_converted():
    read = image_io.read(encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"))
    red, green, blue = read[8, 8].tolist()
    assert red > 200
    assert max(green, blue) < 60


def test_the_first_frame_of_an_animation_is_read():
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert image_io.read(data)[0, 0].tolist() == [255, 0, 0]


P3_TO_XYZ = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
SRGB_TO_XYZ = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)


def make_display_p3_profile() -> bytes:
    """Returns an ICC profile with the primaries of Display P3 (D50-adapted) and a gamma of 2.2."""

    def encode_xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    gamma = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(2.2 * 256))
    text = b"desc\0\0\0\0" + struct.pack(">I", 3) + b"P3\0" + bytes(12 + 67 + 2)
    tags = {b"desc": text, b"cprt": b"text\0\0\0\0CC0\0", b"wtpt": encode_xyz((0.9642, 1.0, 0.8249))}
    for name, column in zip((b"r", b"g", b"b"), P3_TO_XYZ.T, strict=True):
        tags |= {name + b"XYZ": encode_xyz(column), name + b"TRC": gamma}
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4xI4s4s4s12x4s", at + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return head.ljust(68, b"\0") + encode_xyz((0.9642, 1.0, 0.8249))[8:].ljust(60, b"\0") + table + body


def test_display_p3_is_converted_to_srgb():
    color = np.array([200, 100, 100])
    linear = np.linalg.inv(SRGB_TO_XYZ) @ P3_TO_XYZ @ (color / 255) ** 2.2
    expected = 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    image = Image.new("RGB", (16, 16), tuple(color.tolist()))
    read = image_io.read(encode(image, icc_profile=make_display_p3_profile()))[8, 8]
    assert np.abs(read - expected).max() < 2
    assert read[0] > 208  # the same red has a higher level in the smaller color space


def test_a_damaged_profile_is_ignored(image):
    assert np.array_equal(image_io.read(encode(Image.fromarray(image), icc_profile=b"nonsense")), image)


def test_results_contain_no_private_tags(image):
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.0)
    photo = encode(Image.fromarray(image), "JPEG", exif=exif, comment=b"my address")
    assert b"SecretCamera" in photo
    for data in (image_io.encode_png(image_io.read(photo)), image_io.encode_as(image_io.read(photo), ".jpg")):
        with Image.open(io.BytesIO(data)) as result:
            assert not result.getexif()
            assert not {"comment", "exif", "icc_profile"} & set(result.info)
        assert b"SecretCamera" not in data


def test_a_decompression_bomb_is_refused_by_its_header():
    size = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + make_chunk(b"IHDR", size) + make_chunk(b"IDAT", b"")
    with pytest.raises(InvalidInput, match="67 million pixels"):
        image_io.read(bomb + make_chunk(b"IEND", b""))


@pytest.mark.parametrize("size", [(1, 1), (7, 100), (8, 161)])
def test_the_error_for_a_too_small_image_names_its_size(size):
    with pytest.raises(InvalidInput, match=f"{size[0]} x {size[1]} px"):
        image_io.read(encode(Image.new("RGB", size)))


def test_the_smallest_and_narrowest_image_is_accepted():
    assert image_io.read(encode(Image.new("RGB", (8, 160)))).shape == (160, 8, 3)


def test_a_too_large_file_is_refused_without_reading_it(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as handle:
        handle.truncate(image_io.MAX_BYTES + 1)
    with pytest.raises(InvalidInput, match="at most 50 MB"):
        image_io.read(path)


def test_a_result_may_be_larger_than_a_file_that_is_read(tmp_path, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), "uint16")
    data = image_io.encode_png(pixels)
    monkeypatch.setattr(image_io, "MAX_BYTES", len(data) - 1)
    np.testing.assert_array_equal(image_io.read_deep(data), pixels)
    (tmp_path / "large.png").write_bytes(data)
    with pytest.raises(InvalidInput, match="at most 50 MB"):
        image_io.read(tmp_path / "large.png")


def test_devices_are_refused_without_reading_them():
    """Reading another device could never end."""
    with pytest.raises(InvalidInput, match=": a device or pipe"):
        image_io.read("/dev/null")


@pytest.mark.parametrize("keep", [0, 1, 7, 20, 60, 0.5, 0.95])
def test_truncated_images_are_refused(keep, image):
    data = encode(Image.fromarray(image), "JPEG")
    with pytest.raises(InvalidInput) as error:
        image_io.read(data[: keep if isinstance(keep, int) else int(keep * len(data))])
    assert says_what_to_do(str(error.value))


def test_damaged_images_raise_only_invalid_input(image):
    rng = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"):
        intact = encode(Image.fromarray(image), kind)
        for _ in range(100):
            data = np.frombuffer(intact, "uint8").copy()
            data[rng.integers(0, len(data), 8)] = rng.integers(0, 256, 8)
            try:
                assert image_io.read(data.tobytes()).shape[2] == 3
            except InvalidInput as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize(
    "shape, longest, expected", [((40, 80), 20, (10, 20)), ((900, 9), 90, (90, 1)), ((3, 4), 8, (6, 8))]
)
def test_fit_keeps_proportions(shape, longest, expected):
    assert image_io.fit(np.zeros((*shape, 3), "uint8"), longest).shape == (*expected, 3)


def test_resize_to_the_same_size_changes_nothing(image):
    assert image_io.resize(image, 48, 64) is image


def test_png_round_trip_is_exact_and_includes_the_recipe(image):
    recipe = recipes.Recipe(task="style.transfer", settings={"seed": 1})
    data = image_io.encode_png(image, recipe)
    assert np.array_equal(image_io.read(data), image)
    assert recipes.read(data) == recipe


def test_a_png_is_hardly_larger_than_that_of_pillow():
    photo, flat = photos.coffee(), np.full((256, 256, 3), 9, "uint8")
    for image, max_bytes in ((photo, 1.03 * len(encode(Image.fromarray(photo), "PNG"))), (flat, 2000)):
        assert len(image_io.encode_png(image)) < max_bytes


def test_floats_round_trip():
    levels = np.arange(256, dtype="uint8").repeat(3).reshape(16, 16, 3)
    floats = image_io.to_01(levels)
    assert floats.shape == (1, 16, 16, 3)
    assert floats.dtype == np.float32
    assert (floats.min(), floats.max()) == (0, 1)
    assert np.array_equal(image_io.to_uint8(floats), levels)
    assert image_io.to_uint8(np.array([[[[-1.0, 0.5, 2.0]]]])).tolist() == [[[0, 128, 255]]]


def test_previews_are_small(image):
    large = image_io.resize(image, 900, 1200)
    preview = image_io.encode_preview(large)
    assert len(preview) < 100_000
    assert image_io.read(preview).shape == (384, 512, 3)


def make_png_header(width, height):
    """Returns a PNG with a size but no pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = b"IEND"
    chunks = [
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (body, end)
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("size", [(20_000, 20_000), (10_000, 10_000)])
def test_reading_the_size_and_the_image_raises_the_same_error(size):
    messages = []
    for read in (image_io.read_size, image_io.read):
        with pytest.raises(InvalidInput) as error:
            read(make_png_header(*size))
        messages.append(str(error.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize("longest", [32, 64, 128, 166, 512])
@pytest.mark.parametrize("size", [(150, 3000), (3000, 150), (51, 1010), (8, 160), (200, 210)])
def test_a_resized_image_is_still_accepted(size, longest):
    image = image_io.fit(np.zeros((*size, 3), "uint8"), longest)
    assert image_io.read(encode(Image.fromarray(image))).shape == image.shape
    assert max(image.shape) == longest or min(image.shape[:2]) == image_io.MIN_SIDE
    assert image_io.fitted_size(*size, longest) == image.shape[:2]


def test_a_too_large_color_profile_is_reported():
    data = io.BytesIO()
    Image.new("RGB", (8, 8)).save(data, "PNG", icc_profile=bytes(2 << 20))
    with pytest.raises(InvalidInput, match="color profile or text has more than 1 MB"):
        image_io.read(data.getvalue())


def encode_tiff(values: np.ndarray, sample_format: int) -> bytes:
    """Returns an array `(H, W)` as an uncompressed TIFF, because Pillow writes no signed samples."""
    (height, width), data = values.shape, values.tobytes()
    tags = [(256, width), (257, height), (258, 8 * values.itemsize), (259, 1), (262, 1), (273, 8), (277, 1)]
    tags += [(278, height), (279, len(data)), (339, sample_format)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<I", 8 + len(data))
    return head + data + struct.pack("<H", len(tags)) + entries + bytes(4)


def test_signed_16_bit_images_cover_the_full_range():
    pixels = image_io.read(encode_tiff(np.linspace(0, 32767, 4096).reshape(64, 64).astype("<i2"), 2))
    assert (pixels.min(), pixels.max()) == (0, 255)


def test_floats_near_the_maximum_do_not_overflow():
    pixels = image_io.read(encode_tiff(np.linspace(-3e38, 3e38, 4096).reshape(64, 64).astype("<f4"), 3))
    assert (pixels.min(), pixels.max()) == (0, 255)


def test_animations_are_distinguished_from_single_images():
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert image_io.is_animated(buffer.getvalue())
    assert not image_io.is_animated(image_io.encode_png(np.zeros((16, 16, 3), "uint8")))
    assert not image_io.is_animated(b"no image")
