"""What ``status`` and ``tail`` ask of a running server, over its own HTTP interface."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from vitals.errors import ConfigurationError, LinkError

DEFAULT_URL = "http://localhost:8470"


def get(url: str, path: str) -> Any:  # noqa: ANN401 - JSON is what it is
    """The JSON at *path* of the server at *url*. Raises LinkError when it does not answer."""
    connection = _connect(url)
    try:
        response = _request(connection, url, path)
        return json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LinkError(f"{url}{path} gave no answer that can be read: {error}") from None
    finally:
        connection.close()


def post(url: str, path: str, body: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON is what it is
    """Status and JSON that the server at *url* answers to *body*. Raises LinkError when it does not answer."""
    connection = _connect(url)
    try:
        headers = {"Content-Type": "application/json", "Origin": url}
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"null")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LinkError(f"{url}{path} gave no answer that can be read: {error}") from None
    finally:
        connection.close()


def events(url: str, path: str) -> Iterator[tuple[str, Any]]:
    """Name and JSON of every server-sent event at *path*, until the server ends the stream."""
    connection = _connect(url)
    try:
        response = _request(connection, url, path)
        name = "message"
        for line in iter(response.readline, b""):
            field, _, value = line.decode().rstrip("\r\n").partition(":")
            if field == "event":
                name = value.strip()
            elif field == "data":
                yield name, json.loads(value)
            elif not field:
                name = "message"
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LinkError(f"the stream of {url} broke: {error}") from None
    finally:
        connection.close()


def _connect(url: str) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if not host or scheme not in {"http", "https"}:
        raise ConfigurationError(f"{url!r} is no address of a server; write http://HOST:PORT")
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    return kind(host, port, timeout=15)


def _request(connection: http.client.HTTPConnection, url: str, path: str) -> http.client.HTTPResponse:
    try:
        connection.request("GET", path)
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise LinkError(f"no server answers at {url} ({error}); start one with: vitals serve") from None
    if response.status != http.client.OK:
        raise LinkError(f"{url}{path} answered {response.status} {response.reason}")
    return response
