"""The configuration of pip and npm: indexes, certificates, proxy. Downloads use the same."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from studio.core.process import children

if TYPE_CHECKING:
    import requests

# For pip or npm to print its configuration. On a busy machine, a shorter limit would be exceeded.
_TIMEOUT_SECONDS = 60
_PIP_SECTIONS = ("global", "install", "download", ":env:")  # later ones win, as in pip
_NPM_KEYS = ("registry", "cafile", "proxy", "https-proxy", "strict-ssl")


@dataclass(frozen=True)
class Configuration:
    """The parts of a package manager's configuration that downloads use.

    Attributes:
        indexes: HTTP URLs of package indexes, in the order to try them; may be empty.
        cert: a file of trusted certificates, or "".
        client_cert: a file with the client certificate, or "".
        proxy: the proxy's URL, or "" for the system's.
        trusted_hosts: hosts whose certificate is not checked.
    """

    indexes: tuple[str, ...]
    cert: str = ""
    client_cert: str = ""
    proxy: str = ""
    trusted_hosts: frozenset[str] = frozenset()


def read_pip_configuration() -> Configuration:
    """Returns pip's configuration as pip reads it; only PIP_* variables if pip is not installed."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    values = _parse_pip_config(_run_pip_config()) | _read_pip_variables()
    indexes = [values.get("index-url", PYPI_SIMPLE_ENDPOINT), *values.get("extra-index-url", "").split()]
    if values.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        indexes = []
    return Configuration(
        indexes=tuple(dict.fromkeys(i for i in indexes if i.startswith(("https://", "http://")))),
        cert=values.get("cert", ""),
        client_cert=values.get("client-cert", ""),
        proxy=values.get("proxy", ""),
        trusted_hosts=frozenset(values.get("trusted-host", "").split()),
    )


def read_npm_configuration() -> Configuration:
    """Returns npm's configuration as npm reads it; without npm, its variables and the user's .npmrc."""
    values = _read_npmrc() | _read_npm_variables() | _run_npm_config()
    registry = values.get("registry", "")
    is_https = urlsplit(registry).scheme == "https"
    is_unverified = values.get("strict-ssl", "").lower() in ("false", "0")
    return Configuration(
        indexes=(registry.rstrip("/"),) if registry.startswith(("https://", "http://")) else (),
        cert=values.get("cafile", "") or os.environ.get("NODE_EXTRA_CA_CERTS", ""),
        proxy=values.get("https-proxy" if is_https else "proxy", ""),
        trusted_hosts=frozenset([urlsplit(registry).hostname or ""] if is_unverified else []),
    )


def create_session(configuration: Configuration, host: str) -> requests.Session:
    """Returns a session that connects to `host` as pip or npm would."""
    import requests

    session = requests.Session()
    session.headers["Accept-Encoding"] = "identity"  # raw bytes, which are counted and hashed
    if configuration.proxy:
        session.proxies = {"http": configuration.proxy, "https": configuration.proxy}
        session.trust_env = False  # otherwise the environment's proxy would win
    if configuration.cert:
        session.verify = configuration.cert
    if host in {urlsplit(f"//{trusted}").hostname for trusted in configuration.trusted_hosts}:
        session.verify = False
    if configuration.client_cert:
        session.cert = configuration.client_cert
    return session


def _run_pip_config() -> str:
    """Returns the output of `pip config list`; "" if pip is not installed or fails."""
    if importlib.util.find_spec("pip") is None:
        return ""
    command = children.build_command("-m", "pip", "--disable-pip-version-check", "config", "list")
    environment = children.build_environment()
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=True, env=environment
        )
        return process.stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _parse_pip_config(text: str) -> dict[str, str]:
    """Parses the output of `pip config list`: `global.cert='/etc/x.pem'` -> `{"cert": "/etc/x.pem"}`."""
    sections: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        name, has_equals, value = line.partition("=")
        section, has_dot, key = name.partition(".")
        if has_equals and has_dot and section in _PIP_SECTIONS:
            sections.setdefault(section, {})[key] = str(ast.literal_eval(value))
    return {key: value for section in _PIP_SECTIONS for key, value in sections.get(section, {}).items()}


def _read_pip_variables() -> dict[str, str]:
    """Returns the options that PIP_* variables set."""
    names = ("index-url", "extra-index-url", "no-index", "cert", "client-cert", "proxy", "trusted-host")
    variables = {name: f"PIP_{name.upper().replace('-', '_')}" for name in names}
    return {name: os.environ[variable] for name, variable in variables.items() if os.environ.get(variable)}


def _run_npm_config() -> dict[str, str]:
    """Returns npm's own configuration; empty if npm is not installed. npm hides URLs with a password."""
    command = [shutil.which("npm") or "npm", "config", "list", "--json"]
    environment = os.environ | {"NPM_CONFIG_UPDATE_NOTIFIER": "false"}
    try:
        output = subprocess.run(
            command, capture_output=True, timeout=_TIMEOUT_SECONDS, check=True, env=environment
        )
        config = json.loads(output.stdout)
        return {key: str(config[key]) for key in _NPM_KEYS if config.get(key) is not None}
    except (OSError, subprocess.SubprocessError, ValueError, AttributeError):
        return {}


def _read_npm_variables() -> dict[str, str]:
    """Returns the options that NPM_CONFIG_* variables set, in any case."""
    variables = {name.lower().replace("_", "-"): value for name, value in os.environ.items() if value}
    return {key: variables[f"npm-config-{key}"] for key in _NPM_KEYS if f"npm-config-{key}" in variables}


def _read_npmrc() -> dict[str, str]:
    """Returns the options in the user's .npmrc; empty if there is none."""
    path = Path(os.environ.get("NPM_CONFIG_USERCONFIG") or Path.home() / ".npmrc")
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    pairs = [(key.strip(), value.strip(" \"'")) for key, _, value in (line.partition("=") for line in lines)]
    return {key: os.path.expandvars(value) for key, value in pairs if key in _NPM_KEYS}
