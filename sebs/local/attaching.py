"""The hook that attaches code which is not ours to the local platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.faas.system import System

if TYPE_CHECKING:
    from sebs.local.attached import AttachedLocalFunction
    from sebs.local.client import GatewayClient
    from sebs.local.config import LocalConfig
    from sebs.local.containers import Containers


class AttachingLocal(System):
    """The part of the local platform that takes in functions written for Lambda."""

    _config: LocalConfig
    _client: GatewayClient
    _containers: Containers
    #: Names of the functions that this program attached.
    _attached: set[str]

    def attach_function(self, name: str, **options: Any) -> AttachedLocalFunction:
        """Take in code that was written for AWS Lambda, of which the gateway runs a copy.

        Args:
            name: Path of a directory, or of a zip as Lambda takes it.
            options: The fields of :class:`sebs.local.attached.Options`.

        Raises:
            UsageError: There is no such path, no such handler in it, or no such option.
            UnsupportedLanguageError: This machine has no interpreter for it.
            LimitExceededError: Memory or timeout is out of range.
            PackageTooLargeError: It is over the limit, unpacked.
            StorageError: The file is no archive, or has an entry that would leave its directory.
            GatewayError: The gateway refused.
        """
        from sebs.local.attached import Options, attach

        wanted = Options.read(options)
        cache_dir = Path(self.cache_client.cache_dir)
        place = (self._config.scaling, self._containers, self._client, cache_dir)
        function = attach(Path(name), wanted, *place)
        self._attached.add(function.name)
        return function

    def detach_function(self, name: str) -> None:
        """Remove the gateway's copy of code; its logs and metrics stay, and so does the code.

        Args:
            name: Path of the directory or zip, which need not exist any more.

        Raises:
            GatewayError: The gateway refused.
        """
        from sebs.local.attached import detach

        detach(Path(name), self._client)
