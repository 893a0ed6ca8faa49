"""Object storage for functions: a server that speaks S3, Amazon's or another.

Part of a function's package, so it needs nothing but the standard library.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator, Mapping
from http.client import HTTPResponse, IncompleteRead
from typing import IO, Any
from urllib.parse import unquote_plus

from .aws_client import Client, Refused
from .storage_keys import check_bucket, object_path, unique_name

#: Bytes of the largest object that one request can write
#: (https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html).
MAX_UPLOAD = 5 << 30

_CHUNK = 1 << 20


class storage:  # noqa: N801 - the name that benchmarks use
    """Buckets and objects of the function's deployment."""

    instance: storage | None = None

    def __init__(self) -> None:
        self._client = Client("s3")

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
            self._client.disconnect()
            raise

    def upload_stream(self, bucket: str, file: str, data: Any) -> str:
        """Write bytes, or all that a binary stream holds, to an object; return the key used."""
        key = self.unique_name(file)
        self._put(bucket, key, data if hasattr(data, "read") else io.BytesIO(data))
        return key

    def download_stream(self, bucket: str, file: str) -> bytes:
        """Return an object's content."""
        return self._client.read(self._get(bucket, file))

    def download_directory(self, bucket: str, prefix: str, path: str) -> None:
        """Write all objects whose keys start with a prefix to files named by the whole keys."""
        for key in sorted(self._keys(bucket, prefix)):
            object_path(key)  # which no key passes that leads out of the directory
            target = os.path.join(path, key)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            self.download(bucket, key, target)

    def _get(self, bucket: str, key: str) -> HTTPResponse:
        object_path(key)
        return self._request("GET", bucket, key)

    def _put(self, bucket: str, key: str, source: IO[bytes]) -> None:
        object_path(key)
        size = source.seek(0, io.SEEK_END)
        if size > MAX_UPLOAD:
            raise ValueError(f"{key!r} would have {size} bytes, of {MAX_UPLOAD} allowed")
        self._client.read(self._request("PUT", bucket, key, body=source))

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        from xml.etree import ElementTree

        query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
        while True:
            page = ElementTree.fromstring(  # noqa: S314 - the deployment's own server
                self._client.read(self._request("GET", bucket, query=query))
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
        bucket: str,
        key: str = "",
        query: Mapping[str, str] | None = None,
        body: IO[bytes] | None = None,
    ) -> HTTPResponse:
        """Send a request, about the bucket where there is no key; nothing of the answer is read.

        Raises:
            FileNotFoundError: No such bucket or object.
            OSError: The server cannot be reached, or refused.
        """
        path = f"/{check_bucket(bucket)}"
        if key:
            path += f"/{key}"
        try:
            return self._client.request(method, path, query, body=body)
        except Refused as refused:
            raise _error(method, bucket, key, refused) from None


def _error(method: str, bucket: str, key: str, refused: Refused) -> OSError:
    """Return what the server's refusal means."""
    from xml.etree import ElementTree

    code, message = f"HTTP {refused.status}", ""
    try:
        document = ElementTree.fromstring(refused.answer)  # noqa: S314 - the deployment's server
        code, message = document.findtext("Code") or code, document.findtext("Message") or ""
    except ElementTree.ParseError:
        pass  # not every server, or proxy before one, says why
    if code == "NoSuchBucket":
        return FileNotFoundError(f"There is no bucket {bucket!r}")
    if code == "NoSuchKey":
        return FileNotFoundError(f"The bucket {bucket} has no object {key!r}")
    return OSError(f"{method} of {key!r} in {bucket}: {code}: {message}")
