"""The hooks of the platform, as far as they are about functions that are not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.aws.functions import Functions
from sebs.aws.log_groups import log_group
from sebs.errors import UsageError
from sebs.faas.system import System

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.aws.roles import Roles
    from sebs.faas.attached import Attached
    from sebs.faas.function import Function


def is_foreign(name: str) -> bool:
    """Return whether a function's name is an ARN or a URL, as of one that is attached."""
    return ":" in name  # a name of ours has none


class AttachingAWS(System):
    """The part of the platform that attaches functions, and does what is permitted to them."""

    _clients: Clients
    _functions: Functions
    _roles: Roles

    def attach_function(self, name: str, **options: Any) -> Attached:
        """Return a function that exists on Lambda, by a way that reads and changes nothing.

        Args:
            name: Its name, its ARN (also of a version or an alias, and of another region than the
                configured one), or its URL.
            options: ``public=True`` does not sign requests to a function of which only the URL is
                known.

        Raises:
            UsageError: It is none of these, or an option is unknown.
            FunctionGoneError: There is no such function.
            PlatformError: AWS refused.
        """
        from sebs.aws.attached import attach

        if unknown := sorted(set(options) - {"public"}):
            raise UsageError(
                f"AWS attaches nothing with {', '.join(unknown)}.",
                remedy="A function on AWS is configured already; only 'public' is known.",
            )
        return attach(name, options.get("public") is True, self._clients)

    def _force_cold_start(self, function: Function, counter: int) -> None:
        from sebs.aws.attached import AttachedLambdaFunction, force_cold_start

        if isinstance(function, AttachedLambdaFunction):
            force_cold_start(function, counter, self.system_resources)
        else:
            self._roles.ensure()  # without its role no function starts
            self._functions.force_cold_start(function.name, counter)

    def _delete_attached(self, name: str) -> None:
        from sebs.aws.attached import delete

        delete(name, self._clients)

    def _log_of(self, function_name: str) -> tuple[Clients, str]:
        """Return where the log of a function is: clients, and the log group."""
        from sebs.aws.attached import log_of

        if is_foreign(function_name):
            return log_of(function_name, self._clients)
        return self._clients, log_group(function_name)
