"""Object storage for functions on the local platform: a server that speaks S3.

Part of a function's package, so it needs nothing but the standard library: an SDK would be most of
the package, and of the cold start that is measured.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import IO, Any
from urllib.parse import unquote_plus, urlsplit

from .storage_keys import check_bucket, object_path, unique_name
from .storage_sigv4 import Credentials, encode_path, encode_query, sign

#: Bytes of the largest object that one request can write
#: (https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html).
MAX_UPLOAD = 5 << 30

_CHUNK = 1 << 20

#: Seconds between two parts of an answer.
_TIMEOUT = 60
_DEFAULT_PORTS = {"http": 80, "https": 443}


class storage:  # noqa: N801 - the name that benchmarks use
    """Buckets and objects of the function's deployment."""

    instance: storage | None = None

    def __init__(self) -> None:
        url = urlsplit(os.environ["SEBS_LOCAL_S3_ENDPOINT"])
        self._connect = HTTPSConnection if url.scheme == "https" else HTTPConnection
        self._address = url.netloc
        # As it is signed: a port only where it is not the scheme's own.
        own_port = url.port in (None, _DEFAULT_PORTS[url.scheme])
        self._host = url.netloc.rpartition(":")[0] if own_port and url.port else url.netloc
        self._region = os.environ["AWS_REGION"]
        self._credentials = _credentials()
        # A connection serves one request at a time; concurrent invocations are threads.
        self._thread = threading.local()

    @staticmethod
    def get_instance() -> storage:
        """Return the one instance of this environment."""
        if storage.instance is None:
            storage.instance = storage()
        return storage.instance

    @staticmethod
    def unique_name(name: str) -> str:
        """Return a name that no other invocation uses: a random part before the extension."""
        return unique_name(name)

    def upload(self, bucket: str, file: str, filepath: str, unique_name: bool = True) -> str:
        """Write a file to an object; return the key actually used."""
        key = self.unique_name(file) if unique_name else file
        with open(filepath, "rb") as source:
            self._put(bucket, key, source)
        return key

    def download(self, bucket: str, file: str, filepath: str) -> None:
        """Write an object to a file."""
        response = self._get(bucket, file)
        try:
            with open(filepath, "wb") as target:
                shutil.copyfileobj(response, target, _CHUNK)
            if response.length:  # it is not copyfileobj that notices
                raise IncompleteRead(b"", response.length)
        except BaseException:
            self._disconnect()
            raise

    def upload_stream(self, bucket: str, file: str, data: Any) -> str:
        """Write bytes, or all that a binary stream holds, to an object; return the key used."""
        key = self.unique_name(file)
        self._put(bucket, key, data if hasattr(data, "read") else io.BytesIO(data))
        return key

    def download_stream(self, bucket: str, file: str) -> bytes:
        """Return an object's content."""
        return self._read(self._get(bucket, file))

    def download_directory(self, bucket: str, prefix: str, path: str) -> None:
        """Write all objects whose keys start with a prefix to files named by the whole keys."""
        for key in sorted(self._keys(bucket, prefix)):
            object_path(key)  # which no key passes that leads out of the directory
            target = os.path.join(path, key)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            self.download(bucket, key, target)

    def _get(self, bucket: str, key: str) -> HTTPResponse:
        object_path(key)
        return self._request("GET", f"/{check_bucket(bucket)}/{key}", about=(bucket, key))

    def _put(self, bucket: str, key: str, source: IO[bytes]) -> None:
        object_path(key)
        size = source.seek(0, io.SEEK_END)
        if size > MAX_UPLOAD:
            raise ValueError(f"{key!r} would have {size} bytes, of {MAX_UPLOAD} allowed")
        path = f"/{check_bucket(bucket)}/{key}"
        self._read(self._request("PUT", path, about=(bucket, key), body=source, size=size))

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        from xml.etree import ElementTree

        query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
        path = f"/{check_bucket(bucket)}"
        while True:
            page = ElementTree.fromstring(  # noqa: S314 - the deployment's own server
                self._read(self._request("GET", path, about=(bucket, prefix), query=query))
            )
            for key in page.iterfind("{*}Contents/{*}Key"):
                yield unquote_plus(key.text or "")
            token = page.findtext("{*}NextContinuationToken")
            if not token:
                return
            query["continuation-token"] = token

    def _request(
        self,
        method: str,
        path: str,
        about: tuple[str, str],
        query: dict[str, str] | None = None,
        body: IO[bytes] | None = None,
        size: int = 0,
    ) -> HTTPResponse:
        """Send a request and return its answer, of which nothing has been read.

        Args:
            method: ``GET`` or ``PUT``.
            path: Not yet encoded.
            about: Bucket and key, for errors.
            query: Not yet encoded.
            body: What is sent, from its beginning.
            size: Bytes of the body.

        Raises:
            FileNotFoundError: No such bucket or object.
            OSError: The server cannot be reached, or refused.
        """
        path, arguments = encode_path(path), encode_query(query or {})
        now = time.time()
        signed = sign(
            method,
            self._host,
            path,
            arguments,
            _digest(body),
            self._credentials,
            self._region,
            now,
        )
        if body is not None:
            signed["content-length"] = str(size)
        target = f"{path}?{arguments}" if arguments else path
        response = self._send(method, target, body, signed)
        if response.status >= 300:
            raise _error(method, *about, response.status, self._read(response))
        return response

    def _send(
        self, method: str, target: str, body: IO[bytes] | None, headers: dict[str, str]
    ) -> HTTPResponse:
        """Send a request; once more where the server had hung up on a connection of before."""
        while True:
            connection: HTTPConnection | None = getattr(self._thread, "connection", None)
            is_old = connection is not None
            if connection is None:
                connection = self._connect(self._address, timeout=_TIMEOUT, blocksize=_CHUNK)
                self._thread.connection = connection
            if body is not None:
                body.seek(0)
            try:
                connection.request(method, target, body, headers)
                return connection.getresponse()
            except ConnectionError:
                self._disconnect()
                if not is_old:
                    raise
            except BaseException:
                self._disconnect()
                raise

    def _read(self, response: HTTPResponse) -> bytes:
        try:
            return response.read()
        except BaseException:
            self._disconnect()
            raise

    def _disconnect(self) -> None:
        connection = getattr(self._thread, "connection", None)
        if connection is not None:
            connection.close()
            self._thread.connection = None


def _credentials() -> Credentials:
    try:
        return Credentials(
            os.environ["AWS_ACCESS_KEY_ID"],
            os.environ["AWS_SECRET_ACCESS_KEY"],
            os.environ.get("AWS_SESSION_TOKEN", ""),
        )
    except KeyError as error:
        raise PermissionError(
            f"{error.args[0]} is not set: no deployment told the gateway how to enter its storage"
        ) from None


def _digest(body: IO[bytes] | None) -> str:
    """Return the SHA-256 of a body from its beginning to its end."""
    digest = hashlib.sha256()
    if body is not None:
        body.seek(0)
        while chunk := body.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _error(method: str, bucket: str, key: str, status: int, answer: bytes) -> OSError:
    """Return what the server's refusal means."""
    from xml.etree import ElementTree

    code, message = f"HTTP {status}", ""
    try:
        document = ElementTree.fromstring(answer)  # noqa: S314 - the deployment's own server
        code, message = document.findtext("Code") or code, document.findtext("Message") or ""
    except ElementTree.ParseError:
        pass  # not every server, or proxy before one, says why
    if code == "NoSuchBucket":
        return FileNotFoundError(f"There is no bucket {bucket!r}")
    if code == "NoSuchKey":
        return FileNotFoundError(f"The bucket {bucket} has no object {key!r}")
    return OSError(f"{method} of {key!r} in {bucket}: {code}: {message}")
