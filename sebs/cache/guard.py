"""Keeps secrets out of the cache.

They are recognised by the name of their key, by their own shape, or because :mod:`sebs.log` was
told to hide them.

A name is judged by the word that it ends in, as in English: a ``client_secret`` is a secret, a
``secret_name`` is a name and a ``token_endpoint`` an endpoint. A "key" is a secret only where the
word before says so: ``secret_key`` and ``api_key`` are, ``primary_key`` of a table is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sebs.errors import CacheError
from sebs.log import redact_hidden

_SECRET_NAME = re.compile(
    r"""
    ( passwords? | passwd | passphrases? | passcode | secrets? | tokens? | credential
    | authori[sz]ation | authorization_?header | bearer | cookies? | connection_?strings?
    | shared_?access_?signature | key_?material | (^|_)( pwd | auth | sas | jwt | otp )
    | ( secret | access | private | api | account | functions? | master | signing | encryption
      | shared | session | subscription | auth | ssh | admin | client | host | webhook | deploy
      )_?keys?
    )
    ( _?( value | text | string | plain | plaintext | base64 | b64 | pem | data ) )?
    _?\d*$
    """,
    re.VERBOSE,
)
_SECRET_VALUE = re.compile(
    r"""
      -----BEGIN\ [A-Z ]*PRIVATE\ KEY
    | \b(AccountKey|SharedAccessKey|SharedAccessSignature|AccessKey)=[^;\s]
    | ^(Bearer|Basic)\ (?=\S*\d)\S{8,}$
    | ://[^/?\#\s@]*:[^/?\#\s@]+@
    | ://[^?\#\s]*\?([^\#\s]*&)?
      (?i: code | sig | signature | password | secret | token | api_?key | access_?token
         | x-amz-signature | x-amz-security-token | x-goog-signature )=[^&\#\s]
    """,
    re.VERBOSE,
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def looks_secret(name: str) -> bool:
    """Return whether a key of that name would hold a secret."""
    words = _SEPARATORS.sub("_", _HUMP.sub("_", name).lower()).strip("_")
    return _SECRET_NAME.search(words) is not None


def find_secrets(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of what looks secret in a JSON value, at any depth.

    An empty value, ``None`` and a boolean tell nothing and are no secrets, whatever their name.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            if looks_secret(key) and _tells_something(item):
                yield (*path, key)
            else:
                yield from find_secrets(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_secrets(item, (*path, str(index)))
    elif isinstance(value, str) and (_SECRET_VALUE.search(value) or redact_hidden(value) != value):
        yield path


def _tells_something(value: Any) -> bool:
    return not (value is None or isinstance(value, bool) or value in ("", [], {}))


def refuse_secrets(value: Any, where: str) -> None:
    """Make sure that a JSON value holds no secret.

    Raises:
        CacheError: It does; the message names where, and never the value.
    """
    paths = [".".join((where, *path)) for path in find_secrets(value)]
    if paths:
        raise CacheError(
            f"Refused to cache what looks like a secret: {', '.join(paths)}.",
            remedy="Keep secrets in the environment or the platform's own credential store, and "
            "leave them out of serialize().",
        )


def without_secrets(value: Any) -> tuple[Any, list[str]]:
    """Return a copy of a JSON value without secrets, and the paths of what is left out."""
    paths = list(find_secrets(value))
    return _without(value, set(paths), ()), [".".join(path) for path in paths]


def _without(value: Any, left_out: set[tuple[str, ...]], path: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {
            key: _without(item, left_out, (*path, key))
            for key, item in value.items()
            if (*path, key) not in left_out
        }
    if isinstance(value, list):
        return [
            _without(item, left_out, (*path, str(index)))
            for index, item in enumerate(value)
            if (*path, str(index)) not in left_out
        ]
    return value
