"""The mirrors of a source's file: the indexes of pip, the registry of npm, or Keras' own URL."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from studio.core.weights import package_managers
from studio.core.weights.index import KerasFile, PackageArchive, Source

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0


class DownloadFailed(Exception):
    """A mirror did not provide the file, for the reason in the text. The next mirror is tried."""


@dataclass(frozen=True)
class Mirror:
    """A mirror that may have a file.

    Attributes:
        label: its host, for messages; never the whole URL, which may contain a password.
        address: the URL whose host must be reachable.
        session: the `requests` session to use.
        find_url: returns the URL of the file; may raise `DownloadFailed`.
        auth: user name and password for that host, or None.
    """

    label: str
    address: str
    session: requests.Session
    find_url: Callable[[], str]
    auth: tuple[str, str] | None = None


def _find_pip_mirrors(source: PackageArchive) -> Iterator[Mirror]:
    """Yields the package indexes that pip is configured to use."""
    from pypi_simple import PyPISimple
    from requests.utils import get_auth_from_url

    configuration = package_managers.read_pip_configuration()
    for index in configuration.indexes:
        host = urlsplit(index).hostname or ""
        session = package_managers.create_session(configuration, host)
        client = PyPISimple(index, session=session)
        user, password = get_auth_from_url(index)
        auth = (user, password) if user else None
        yield Mirror(host, index, session, partial(_find_url_in_index, client, source), auth)


def _find_url_in_index(client: Any, source: PackageArchive) -> str:
    """Returns the URL of a package's file on an index."""
    import requests
    from pypi_simple import NoSuchProjectError, UnsupportedRepoVersionError

    try:
        page = client.get_project_page(source.package, timeout=(CONNECT_SECONDS, READ_SECONDS))
    except NoSuchProjectError:
        raise DownloadFailed(f"does not carry {source.package}") from None
    except requests.RequestException:  # some are ValueErrors, too
        raise
    except (ValueError, UnsupportedRepoVersionError):
        raise DownloadFailed("answers with something that is no package index") from None
    for package in page.packages:
        if package.filename == source.file:
            return package.url
    raise DownloadFailed(f"does not carry {source.file}")


def _find_npm_mirrors(source: PackageArchive) -> Iterator[Mirror]:
    """Yields the registry that npm is configured to use."""
    from requests.utils import get_auth_from_url

    configuration = package_managers.read_npm_configuration()
    if not configuration.indexes:
        raise DownloadFailed(
            "no registry is known (install npm, or set NPM_CONFIG_REGISTRY to a registry's address)"
        )
    (registry,) = configuration.indexes
    host = urlsplit(registry).hostname or ""
    session = package_managers.create_session(configuration, host)
    user, password = get_auth_from_url(registry)
    auth = (user, password) if user else None
    yield Mirror(
        host, registry, session, lambda: _find_url_in_registry(session, registry, source, auth), auth
    )


def _find_url_in_registry(
    session: requests.Session, registry: str, source: PackageArchive, auth: tuple[str, str] | None
) -> str:
    """Returns the URL of a package's file on a registry, never on another host."""
    response = session.get(f"{registry}/{source.package}", timeout=(CONNECT_SECONDS, READ_SECONDS), auth=auth)
    if response.status_code == 404:
        raise DownloadFailed(f"does not carry {source.package}")
    response.raise_for_status()
    try:
        address = str(response.json()["versions"][source.version]["dist"]["tarball"])
    except KeyError:
        raise DownloadFailed(f"does not carry {source.package} {source.version}") from None
    except (ValueError, TypeError):
        raise DownloadFailed("answers with something that is no npm registry") from None
    if urlsplit(address).hostname != urlsplit(registry).hostname:  # a mirror passes on the original URL
        return f"{registry}/{source.package}/-/{source.file}"
    return address


def _find_keras_mirrors(source: KerasFile) -> Iterator[Mirror]:
    host = urlsplit(source.address).hostname or "Keras"
    yield Mirror(
        host,
        source.address,
        package_managers.create_session(package_managers.read_pip_configuration(), host),
        lambda: source.address,
    )


_MIRROR_FINDERS: dict[str, Callable[[Any], Iterator[Mirror]]] = {
    "pypi": _find_pip_mirrors,
    "npm": _find_npm_mirrors,
    "keras": _find_keras_mirrors,
}


def find_mirrors(source: Source) -> Iterator[Mirror]:
    """Yields the mirrors of a source's file, in the order to try them. `DownloadFailed` if there is none."""
    return _MIRROR_FINDERS[source.kind](source)


def is_reachable(mirror: Mirror) -> bool:
    """Returns whether the host, or its proxy, accepts a connection within CONNECT_SECONDS.

    Runs in a thread, because name resolution has no time limit and a host may have many addresses.
    """
    from requests.utils import select_proxy

    proxies = mirror.session.merge_environment_settings(mirror.address, {}, False, None, None)["proxies"]
    proxy = select_proxy(mirror.address, proxies)
    target_url = urlsplit(mirror.address if not proxy else proxy if "://" in proxy else f"http://{proxy}")
    try:
        port = target_url.port or {"http": 80, "https": 443}.get(target_url.scheme, 1080)
    except ValueError:
        raise DownloadFailed("has an address that cannot be right") from None
    connected = threading.Event()

    def try_to_connect() -> None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((target_url.hostname, port), timeout=CONNECT_SECONDS),
        ):
            connected.set()

    thread = threading.Thread(target=try_to_connect, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    return connected.is_set()
