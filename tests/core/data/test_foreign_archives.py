"""Archives from other systems and from attackers: names are decoded, and parser limits become errors."""

from __future__ import annotations

import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from studio.core.data import archives, arrays, tars
from studio.core.errors import InvalidInput


def encode_png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((12, 12, 3), "uint8")).save(buffer, "PNG")
    return buffer.getvalue()


def write_zip(path, names: dict[str, bytes]):
    """Writes a zip whose names are raw bytes without the UTF-8 flag."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, encode_png())
    data = path.read_bytes()
    for name, raw in names.items():
        assert len(name) == len(raw)
        data = data.replace(name.encode(), raw)
    path.write_bytes(data)
    return path


def test_utf8_names_of_a_zip_without_the_utf8_flag_are_read(tmp_path):
    raw = "Käfer/1.png".encode()
    files = archives.list_zip(
        write_zip(tmp_path / "a.zip", {"K__fer/1.png": raw, "b/1.png": b"b/1.png"}), "a"
    )
    assert files.names == ("Käfer/1.png", "b/1.png") and not files.notes
    assert dict(files.read()) == {0: encode_png(), 1: encode_png()}


def test_zip_names_in_another_encoding_are_noted(tmp_path):
    files = archives.list_zip(write_zip(tmp_path / "a.zip", {"K_fer/1.png": b"K\x84fer/1.png"}), "a")
    assert files.names == ("Käfer/1.png",)  # code page 437, the default of the standard
    assert "1 name is not in UTF-8" in files.notes[0]


def test_zip_members_can_begin_with_dot_slash(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("./", b"")
        archive.writestr("./b/", b"")
        archive.writestr("./b/1.png", encode_png())
    files = archives.list_zip(tmp_path / "a.zip", "a.zip")
    assert files.names == ("b/1.png",) and files.folders == ("b",)
    assert dict(files.read()) == {0: encode_png()}


def test_backslashes_in_a_zip_separate_folders(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, data in {"cat\\": b"", "cat\\1.png": encode_png(), "dog\\2.png": encode_png()}.items():
            archive.writestr(name, data)
    files = archives.list_zip(tmp_path / "a.zip", "a.zip")
    assert files.names == ("cat/1.png", "dog/2.png") and files.folders == ("cat",)
    assert dict(files.read())[1] == encode_png()


@pytest.mark.parametrize("name", ["./../a.png", ".//a.png", "a\\..\\..\\b.png", "C:\\a.png", "\\a.png"])
def test_dot_slash_cannot_lead_out_of_the_archive(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, encode_png())
    with pytest.raises(InvalidInput, match="leads out"):
        archives.list_zip(tmp_path / "a.zip", "a.zip")


def test_a_tar_of_thousands_of_consecutive_headers_is_refused(tmp_path):
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 10
    header = long_name.tobuf(tarfile.GNU_FORMAT) + b"abcdefghi\0".ljust(512, b"\0")
    (tmp_path / "a.tar").write_bytes(3000 * header + tarfile.TarInfo("a.png").tobuf() + bytes(1024))
    with pytest.raises(InvalidInput, match="damaged"):
        tars.list_tar(tmp_path / "a.tar", "a.tar")


def test_an_npz_with_a_deeply_nested_header_is_refused(tmp_path):
    header = ("-" * 9000 + "1\n").encode()
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(InvalidInput, match="damaged"):
        arrays.open_source(tmp_path / "a.npz", "a.npz")
