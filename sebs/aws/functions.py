"""The life of functions on AWS Lambda: made, changed, waited for, deleted.

Lambda answers before a change is done, and refuses the next one meanwhile. Every operation here
ends when the function is ready for the next: it was waited for, with ever longer pauses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sebs.aws.faults import NO_ROLE, ROLE_REMEDY, explained, reason
from sebs.aws.log_groups import log_group
from sebs.aws.tags import owner, tags
from sebs.aws.waiting import wait_for
from sebs.errors import (
    FunctionGoneError,
    FunctionNameTakenError,
    PlatformError,
    PlatformTimeoutError,
)
from sebs.sebs_types import Architecture

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.aws.code import Code
    from sebs.aws.function import LambdaConfig
    from sebs.faas.resources import SystemResources

#: The variable whose value forces cold starts: an environment that has another one is not used.
COLD_START = "SEBS_COLD_START"

#: What Lambda calls the instruction sets.
ARCHITECTURES = {Architecture.X86: "x86_64", Architecture.ARM: "arm64"}

#: Seconds that a change of code or configuration may take, images and networks included.
_READY_WITHIN = 300.0

#: Seconds until a role that is new, or another change, stops being in the way.
_SETTLED_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class Found:
    """What Lambda says of a function.

    Attributes:
        arn: Its ARN.
        owner: The resource id in its tags; ``None``: it is not ours.
        configuration: The rest, as the API names it.
    """

    arn: str
    owner: str | None
    configuration: dict[str, Any] = field(repr=False)

    @property
    def variables(self) -> dict[str, str]:
        """The variables of its environment."""
        return dict((self.configuration.get("Environment") or {}).get("Variables") or {})

    @property
    def code_sha256(self) -> str:
        """What Lambda calls its code; empty where it does not say."""
        return str(self.configuration.get("CodeSha256", ""))


class Functions:
    """The functions of an account in a region, as one deployment sees them.

    Args:
        clients: The deployment's clients.
        resources: Its storage, through which large packages go.
    """

    def __init__(self, clients: Clients, resources: SystemResources) -> None:
        self._clients = clients
        self._resources = resources

    def find(self, name: str) -> Found:
        """Return what Lambda says of a function; this is one request.

        Raises:
            FunctionGoneError: There is none of that name.
            PlatformError: AWS refused.
        """
        client = self._clients.control("lambda")
        with explained(f"Looking for the function {name}"):
            try:
                answer = client.get_function(FunctionName=name)
            except client.exceptions.ResourceNotFoundException as error:
                raise FunctionGoneError(f"There is no function {name}.") from error
        configuration = answer["Configuration"]
        return Found(configuration["FunctionArn"], owner(answer.get("Tags")), configuration)

    def require(self, name: str, resources_id: str) -> Found:
        """Return what Lambda says of a function that must be this deployment's.

        Raises:
            FunctionGoneError: There is none of that name.
            FunctionNameTakenError: It belongs to somebody else.
        """
        found = self.find(name)
        if found.owner != resources_id:
            whose = f"to the deployment {found.owner}" if found.owner else "to somebody else"
            raise FunctionNameTakenError(
                f"The function {name} belongs {whose}, not to {resources_id}; it is left as it is.",
                remedy="Choose another name, or attach it: `sebs function attach`.",
            )
        return found

    def ready(self, name: str, resources_id: str) -> Found:
        """Return a function that must be this deployment's, once no change of it is under way.

        One request, but where a change is: whoever asked for it may have been killed.

        Raises:
            FunctionGoneError: There is none of that name.
            FunctionNameTakenError: It belongs to somebody else.
            PlatformError: The change failed.
        """
        found = self.require(name, resources_id)
        state, update = (found.configuration.get(key) for key in ("State", "LastUpdateStatus"))
        if state == "Pending" or update == "InProgress":
            return self.wait(name, resources_id)
        return found

    def own(self, name: str, resources_id: str) -> Found | None:
        """Return what Lambda says of this deployment's function; ``None`` where there is none.

        Raises:
            FunctionNameTakenError: It belongs to somebody else.
        """
        try:
            return self.require(name, resources_id)
        except FunctionGoneError:
            return None

    def create(
        self, name: str, code: Code, config: LambdaConfig, resources_id: str, cold_start: int
    ) -> Found:
        """Create a function and wait until it can be invoked.

        One that is there by now is ours: another process made it, or an earlier attempt whose
        answer was lost.

        Raises:
            FunctionNameTakenError: It belongs to somebody else after all.
            PlatformError: AWS refused.
        """
        client = self._clients.control("lambda")
        arguments: dict[str, Any] = {
            "FunctionName": name,
            "Description": f"Deployed by sebs for the deployment {resources_id}",
            "PackageType": config.package_type,
            "Architectures": [ARCHITECTURES[config.architecture]],
            "Code": code.source(self._resources),
            "Tags": tags(resources_id),
            **self._settings(name, config, cold_start),
        }
        if config.package_type == "Zip":
            arguments |= {"Runtime": runtime(config), **code.handler}
        what = f"Creating the function {name}"

        def call() -> bool:
            try:
                client.create_function(**arguments)
            except client.exceptions.ResourceConflictException as error:
                if "already exist" not in reason(error):
                    raise
                return False
            return True

        if not self._settled(what, call):
            found = self.require(name, resources_id)
            self.wait(name)
            return self.replace(found, name, code, config, cold_start)
        return self.wait(name, resources_id)

    def replace(
        self, found: Found, name: str, code: Code, config: LambdaConfig, cold_start: int
    ) -> Found:
        """Make a function that exists what a new one would be, and return it.

        Raises:
            PlatformError: AWS refused.
        """
        if found.configuration.get("PackageType", "Zip") != config.package_type:
            raise PlatformError(
                f"The function {name} is deployed as {found.configuration['PackageType']}, and "
                f"Lambda cannot make it {config.package_type}.",
                remedy="Delete it, or choose another name.",
            )
        self.update_configuration(name, config, cold_start)
        return self.update_code(name, code, config)

    def update_code(self, name: str, code: Code, config: LambdaConfig) -> Found:
        """Deploy new code, wait until it is what is invoked, and return the function.

        Raises:
            FunctionGoneError: The function is gone.
            PlatformError: AWS refused.
        """
        client = self._clients.control("lambda")
        arguments = {
            **code.source(self._resources),
            "Architectures": [ARCHITECTURES[config.architecture]],
        }
        self._change(
            f"Updating the code of the function {name}",
            lambda: client.update_function_code(FunctionName=name, **arguments),
        )
        found = self.wait(name)
        if any(found.configuration.get(key) != value for key, value in code.handler.items()):
            return self._configure(name, code.handler)
        return found

    def update_configuration(self, name: str, config: LambdaConfig, cold_start: int) -> None:
        """Apply a configuration, and wait until it holds.

        Raises:
            FunctionGoneError: The function is gone.
            PlatformError: AWS refused.
        """
        arguments = self._settings(name, config, cold_start)
        if config.package_type == "Zip":
            arguments["Runtime"] = runtime(config)
        self._configure(name, arguments)

    def force_cold_start(self, name: str, counter: int) -> None:
        """Change one variable, so that no environment of before is used again.

        All others stay as they are, whoever set them.

        Raises:
            FunctionGoneError: The function is gone.
            PlatformError: AWS refused.
        """
        variables = {**self.find(name).variables, COLD_START: str(counter)}
        self._configure(name, {"Environment": {"Variables": variables}})

    def delete(self, name: str) -> None:
        """Delete a function; harmless where there is none.

        Raises:
            PlatformError: AWS refused.
        """
        client = self._clients.control("lambda")
        with suppress(FunctionGoneError):
            self._change(
                f"Deleting the function {name}",
                lambda: client.delete_function(FunctionName=name),
            )

    def wait(self, name: str, resources_id: str | None = None) -> Found:
        """Wait until a function is ready, and return it.

        Args:
            name: Its name.
            resources_id: Its owner, where that is known.

        Raises:
            FunctionGoneError: It is gone.
            PlatformError: What was asked for last failed; Lambda's reason is in the message.
            PlatformTimeoutError: It did not become ready in time.
        """
        client = self._clients.control("lambda")
        what = f"The function {name} to become ready"

        def ask() -> dict[str, Any] | None:
            try:
                found: dict[str, Any] = client.get_function_configuration(FunctionName=name)
            except client.exceptions.ResourceNotFoundException as error:
                raise FunctionGoneError(f"There is no function {name}.") from error
            _refuse_failures(name, found)
            is_ready = found.get("State", "Active") in ("Active", "Inactive")
            is_done = found.get("LastUpdateStatus", "Successful") == "Successful"
            return found if is_ready and is_done else None

        with explained(what):
            ready = wait_for(what, ask, _READY_WITHIN)
        return Found(ready["FunctionArn"], resources_id, ready)

    # --- inside ---

    def _settings(self, name: str, config: LambdaConfig, cold_start: int) -> dict[str, Any]:
        return {
            "Role": config.role,
            "Timeout": config.timeout,
            "MemorySize": config.memory,
            "Environment": {"Variables": {**config.environment, COLD_START: str(cold_start)}},
            "LoggingConfig": {"LogFormat": config.log_format, "LogGroup": log_group(name)},
        }

    def _configure(self, name: str, arguments: Mapping[str, Any]) -> Found:
        client = self._clients.control("lambda")
        self._change(
            f"Updating the configuration of the function {name}",
            lambda: client.update_function_configuration(FunctionName=name, **arguments),
        )
        return self.wait(name)

    def _change(self, what: str, call: Callable[[], object]) -> None:
        """Make a change of a function that exists, as soon as an earlier one is done."""
        client = self._clients.control("lambda")

        def change() -> bool:
            try:
                call()
            except client.exceptions.ResourceNotFoundException as error:
                raise FunctionGoneError(f"{what}: there is none.") from error
            return True

        self._settled(what, change)

    def _settled(self, what: str, call: Callable[[], bool]) -> bool:
        """Call again as long as another change, or a role that is new, is in the way."""
        client, refusal = self._clients.control("lambda"), ""

        def ask() -> bool | None:
            nonlocal refusal
            try:
                return call()
            except client.exceptions.ResourceConflictException as error:
                refusal = reason(error)
            except client.exceptions.InvalidParameterValueException as error:
                refusal = reason(error)
                if NO_ROLE not in refusal:
                    raise
            return None

        with explained(what):
            try:
                return wait_for(what, ask, _SETTLED_WITHIN)
            except PlatformTimeoutError as error:
                raise PlatformTimeoutError(
                    f"{what}: Lambda still refuses after {_SETTLED_WITHIN:g} s: {refusal}",
                    remedy=ROLE_REMEDY if NO_ROLE in refusal else error.remedy,
                ) from error


def runtime(config: LambdaConfig) -> str:
    """Return what Lambda calls a language and its version.

    Java and C++ are deployed as far as a package for them is handed over.
    """
    language, version = config.runtime.language.value, config.runtime.version
    return {
        "python": f"python{version}",
        "nodejs": f"nodejs{version}.x",
        "java": f"java{version}",
        "cpp": "provided.al2023",
    }[language]


def _refuse_failures(name: str, found: dict[str, Any]) -> None:
    for state, why in (("State", "StateReason"), ("LastUpdateStatus", "LastUpdateStatusReason")):
        if found.get(state) == "Failed":
            told = found.get(why) or "no reason was given"
            raise PlatformError(f"Lambda could not make the function {name} ready: {told}")
