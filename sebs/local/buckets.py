"""What the local platform's object storages have in common: how functions reach them."""

from __future__ import annotations

from abc import abstractmethod

from sebs.s3.buckets import OwnedStorage


class LocalBuckets(OwnedStorage):
    """An object storage that functions on this machine find through their variables."""

    @staticmethod
    def deployment_name() -> str:
        """Return the key of the platform."""
        return "local"

    @abstractmethod
    def envs(self) -> dict[str, str]:
        """Return the variables with which a function finds the storage; none is a secret."""

    def credentials(self) -> dict[str, str]:
        """Return the variables with which functions may enter; they are written nowhere."""
        return {}
