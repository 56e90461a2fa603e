"""The mirrors that may have a source's file: the indexes of pip and npm, or the address of Keras' own."""

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
from studio.core.weights.index import KerasFile, Packaged, Source

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0


class Failed(Exception):
    """One place did not give the file; the text says why. The next place is tried."""


@dataclass(frozen=True)
class Mirror:
    """Somewhere a file may be had.

    Attributes:
        label: its host, for messages (never the whole address, which may hold a password).
        address: what must be reachable first.
        session: the `requests` session to use.
        look: finds the file's own address; may raise `Failed`.
        auth: name and password for that host, or None.
    """

    label: str
    address: str
    session: requests.Session
    look: Callable[[], str]
    auth: tuple[str, str] | None = None


def _from_index(source: Packaged) -> Iterator[Mirror]:
    from pypi_simple import PyPISimple
    from requests.utils import get_auth_from_url

    settings = package_managers.pip()
    for index in settings.indexes:
        host = urlsplit(index).hostname or ""
        session = package_managers.session(settings, host)
        client = PyPISimple(index, session=session)
        user, password = get_auth_from_url(index)
        auth = (user, password) if user else None
        yield Mirror(host, index, session, partial(_listed, client, source), auth)


def _listed(client: Any, source: Packaged) -> str:
    import requests
    from pypi_simple import NoSuchProjectError, UnsupportedRepoVersionError

    try:
        page = client.get_project_page(source.package, timeout=(CONNECT_SECONDS, READ_SECONDS))
    except NoSuchProjectError:
        raise Failed(f"does not carry {source.package}") from None
    except requests.RequestException:
        raise
    except (ValueError, UnsupportedRepoVersionError):
        raise Failed("answers with something that is no package index") from None
    for package in page.packages:
        if package.filename == source.file:
            return package.url
    raise Failed(f"does not carry {source.file}")


def _from_npm(source: Packaged) -> Iterator[Mirror]:
    from requests.utils import get_auth_from_url

    settings = package_managers.npm()
    if not settings.indexes:
        raise Failed("no registry is known (install npm, or set NPM_CONFIG_REGISTRY to a registry's address)")
    (registry,) = settings.indexes
    host = urlsplit(registry).hostname or ""
    session = package_managers.session(settings, host)
    user, password = get_auth_from_url(registry)
    auth = (user, password) if user else None
    yield Mirror(host, registry, session, lambda: _tarball(session, registry, source, auth), auth)


def _tarball(session: requests.Session, registry: str, source: Packaged, auth: tuple[str, str] | None) -> str:
    """Where a registry has a package's file; never elsewhere than on that registry."""
    answer = session.get(f"{registry}/{source.package}", timeout=(CONNECT_SECONDS, READ_SECONDS), auth=auth)
    if answer.status_code == 404:
        raise Failed(f"does not carry {source.package}")
    answer.raise_for_status()
    try:
        address = str(answer.json()["versions"][source.version]["dist"]["tarball"])
    except KeyError:
        raise Failed(f"does not carry {source.package} {source.version}") from None
    except (ValueError, TypeError):
        raise Failed("answers with something that is no npm registry") from None
    if urlsplit(address).hostname != urlsplit(registry).hostname:  # a mirror passes the list on as it came
        return f"{registry}/{source.package}/-/{source.file}"
    return address


def _from_keras(source: KerasFile) -> Iterator[Mirror]:
    host = urlsplit(source.address).hostname or "Keras"
    yield Mirror(
        host, source.address, package_managers.session(package_managers.pip(), host), lambda: source.address
    )


_KINDS: dict[str, Callable[[Any], Iterator[Mirror]]] = {
    "pypi": _from_index,
    "npm": _from_npm,
    "keras": _from_keras,
}


def offering(source: Source) -> Iterator[Mirror]:
    """The places that may have a source's file, in the order to try them; `Failed` if none is known."""
    return _KINDS[source.kind](source)


def reachable(place: Mirror) -> bool:
    """Whether the host, or the proxy before it, takes a connection soon.

    Asked in a thread, because looking up a name has no time limit and a host may have many addresses.
    """
    from requests.utils import select_proxy

    proxies = place.session.merge_environment_settings(place.address, {}, False, None, None)["proxies"]
    proxy = select_proxy(place.address, proxies)
    target = urlsplit(place.address if not proxy else proxy if "://" in proxy else f"http://{proxy}")
    try:
        port = target.port or {"http": 80, "https": 443}.get(target.scheme, 1080)
    except ValueError:
        raise Failed("has an address that cannot be right") from None
    answered = threading.Event()

    def knock() -> None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((target.hostname, port), timeout=CONNECT_SECONDS),
        ):
            answered.set()

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    return answered.is_set()
