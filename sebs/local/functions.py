"""The gateway's functions, as a deployment sees and changes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sebs.errors import (
    FunctionGoneError,
    FunctionNameTakenError,
    GatewayError,
    InvocationConnectionError,
    SebsError,
)
from sebs.local.client import GatewayClient

_AT_ONCE = 16


class Functions:
    """Control requests about functions; may be used from many threads at once.

    Every method raises :class:`~sebs.errors.GatewayError` where the gateway refuses or cannot be
    reached, and all but :meth:`put` raise :class:`~sebs.errors.FunctionGoneError` where it has no
    such function.

    Args:
        client: Access to the gateway.
    """

    def __init__(self, client: GatewayClient) -> None:
        self._client = client

    def get(self, name: str, owner: str) -> dict[str, Any]:
        """Return a function's definition.

        Args:
            name: Its name.
            owner: Resource id of the deployment that must own it.

        Raises:
            FunctionNameTakenError: It belongs to another deployment.
        """
        definition: dict[str, Any] = self._client.request("GET", _path(name))
        if definition["resource_id"] != owner:
            raise FunctionNameTakenError(
                f"The function {name!r} belongs to the deployment "
                f"{definition['resource_id']!r}, not to {owner!r}.",
                remedy="Choose another name, or take up that deployment.",
            )
        return definition

    def all(self) -> list[dict[str, Any]]:
        """Return the definitions of all functions, whoever owns them."""
        definitions: list[dict[str, Any]] = self._client.request("GET", "/-/functions")["functions"]
        return definitions

    def exists(self, name: str, owner: str) -> bool:
        """Return whether a deployment has a function.

        Raises:
            FunctionNameTakenError: Another one has it.
        """
        try:
            self.get(name, owner)
        except FunctionGoneError:
            return False
        return True

    def put(self, name: str, package: str, definition: dict[str, Any]) -> None:
        """Create or replace a function.

        Args:
            name: Its name.
            package: Path of its code package.
            definition: What else the gateway must know of it.
        """
        code = {"package": package, "sha256": _sha256(package)}
        self._client.request("PUT", _path(name), {**definition, **code})

    def keep(self, name: str, package: str, definition: dict[str, Any]) -> None:
        """Make a function what it shall be; one that is that stays, with its warm environments.

        Raises:
            FunctionNameTakenError: Another deployment has it.
        """
        wanted = {**definition, "sha256": _sha256(package)}
        try:
            present = self.get(name, definition["resource_id"])
        except FunctionGoneError:
            present = {}
        if any(present.get(key) != value for key, value in wanted.items()):
            self.put(name, package, definition)

    def patch(self, name: str, changes: dict[str, Any]) -> None:
        """Change memory, timeout, environment or scaling; the code stays."""
        self._client.request("PATCH", _path(name), changes)

    def delete(self, name: str) -> None:
        """Delete a function; its logs and metrics stay."""
        self._client.request("DELETE", _path(name))

    def advance(self, name: str, seconds: float) -> None:
        """Let time pass on a function's virtual clock; what ends for it is gone on return."""
        try:
            self._client.request_once("POST", f"{_path(name)}/advance", {"seconds": seconds})
        except InvocationConnectionError as error:
            raise GatewayError(
                f"The gateway went away, and with it the warm environments of {name!r}: {error}"
            ) from error

    def recycle(self, names: Iterable[str]) -> dict[str, SebsError]:
        """Retire every environment of some functions; idle ones are gone on return.

        Returns:
            Why it could not be done, by the name of the function; empty where all went well.
        """

        def attempt(name: str) -> SebsError | None:
            try:
                self._client.request("POST", f"{_path(name)}/recycle")
            except SebsError as error:
                return error
            return None

        wanted = list(names)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sebs-local-recycle") as pool:
            outcomes = zip(wanted, pool.map(attempt, wanted), strict=True)
            return {name: error for name, error in outcomes if error is not None}


def _path(name: str) -> str:
    return f"/-/functions/{name}"


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
