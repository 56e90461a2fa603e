"""How pip and npm are configured: indexes, certificates, proxy. Downloads go the same way."""

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

# seconds that pip or npm has to tell its settings: less, and a busy machine goes to the usual addresses
_PATIENCE = 60
_SECTIONS = ("global", "install", "download", ":env:")  # later ones win, as in pip
_NPM = ("registry", "cafile", "proxy", "https-proxy", "strict-ssl")


@dataclass(frozen=True)
class Configuration:
    """What of a package manager's configuration concerns a download.

    Attributes:
        indexes: addresses of package indexes over HTTP, in the order to ask them; may be empty.
        cert: a file of certificates to trust, else "".
        client_cert: a file with our own certificate, else "".
        proxy: the proxy's address, else "" for the system's.
        trusted: hosts whose certificate is not checked.
    """

    indexes: tuple[str, ...]
    cert: str = ""
    client_cert: str = ""
    proxy: str = ""
    trusted: frozenset[str] = frozenset()


def pip() -> Configuration:
    """pip's configuration as pip itself reads it; only PIP_* variables where pip is not installed."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    values = _parse(_listed()) | _environment()
    indexes = [values.get("index-url", PYPI_SIMPLE_ENDPOINT), *values.get("extra-index-url", "").split()]
    if values.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        indexes = []
    return Configuration(
        indexes=tuple(dict.fromkeys(i for i in indexes if i.startswith(("https://", "http://")))),
        cert=values.get("cert", ""),
        client_cert=values.get("client-cert", ""),
        proxy=values.get("proxy", ""),
        trusted=frozenset(values.get("trusted-host", "").split()),
    )


def npm() -> Configuration:
    """npm's configuration as npm itself reads it; without npm, its variables and the person's .npmrc."""
    values = _npmrc() | _npm_variables() | _told_by_npm()
    registry = values.get("registry", "")
    secure = urlsplit(registry).scheme == "https"
    unchecked = values.get("strict-ssl", "").lower() in ("false", "0")
    return Configuration(
        indexes=(registry.rstrip("/"),) if registry.startswith(("https://", "http://")) else (),
        cert=values.get("cafile", "") or os.environ.get("NODE_EXTRA_CA_CERTS", ""),
        proxy=values.get("https-proxy" if secure else "proxy", ""),
        trusted=frozenset([urlsplit(registry).hostname or ""] if unchecked else []),
    )


def session(settings: Configuration, host: str) -> requests.Session:
    """A session that reaches `host` as pip or npm would."""
    import requests

    made = requests.Session()
    made.headers["Accept-Encoding"] = "identity"  # the bytes as they are: they are counted and hashed
    if settings.proxy:
        made.proxies = {"http": settings.proxy, "https": settings.proxy}
        made.trust_env = False  # else the environment's proxy would win
    if settings.cert:
        made.verify = settings.cert
    if host in {urlsplit(f"//{trusted}").hostname for trusted in settings.trusted}:
        made.verify = False
    if settings.client_cert:
        made.cert = settings.client_cert
    return made


def _listed() -> str:
    if importlib.util.find_spec("pip") is None:
        return ""
    command = children.command("-m", "pip", "--disable-pip-version-check", "config", "list")
    environment = children.environment()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, check=True, env=environment
        )
        return done.stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _parse(listed: str) -> dict[str, str]:
    """`global.cert='/etc/x.pem'` lines -> `{"cert": "/etc/x.pem"}`."""
    found: dict[str, dict[str, str]] = {}
    for line in listed.splitlines():
        name, equals, value = line.partition("=")
        section, dot, key = name.partition(".")
        if equals and dot and section in _SECTIONS:
            found.setdefault(section, {})[key] = str(ast.literal_eval(value))
    return {key: value for section in _SECTIONS for key, value in found.get(section, {}).items()}


def _environment() -> dict[str, str]:
    names = ("index-url", "extra-index-url", "no-index", "cert", "client-cert", "proxy", "trusted-host")
    variables = {name: f"PIP_{name.upper().replace('-', '_')}" for name in names}
    return {name: os.environ[variable] for name, variable in variables.items() if os.environ.get(variable)}


def _told_by_npm() -> dict[str, str]:
    """What npm says; it leaves out an address with a password, and says nothing where it is not installed."""
    command = [shutil.which("npm") or "npm", "config", "list", "--json"]
    quiet = os.environ | {"NPM_CONFIG_UPDATE_NOTIFIER": "false"}
    try:
        answer = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=True, env=quiet)
        told = json.loads(answer.stdout)
        return {key: str(told[key]) for key in _NPM if told.get(key) is not None}
    except (OSError, subprocess.SubprocessError, ValueError, AttributeError):
        return {}


def _npm_variables() -> dict[str, str]:
    given = {name.lower().replace("_", "-"): value for name, value in os.environ.items() if value}
    return {key: given[f"npm-config-{key}"] for key in _NPM if f"npm-config-{key}" in given}


def _npmrc() -> dict[str, str]:
    path = Path(os.environ.get("NPM_CONFIG_USERCONFIG") or Path.home() / ".npmrc")
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    pairs = [(key.strip(), value.strip(" \"'")) for key, _, value in (line.partition("=") for line in lines)]
    return {key: os.path.expandvars(value) for key, value in pairs if key in _NPM}
