"""Functions on Lambda that are not ours: read, invoked, measured, and changed only on request."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sebs.aws.faults import explained
from sebs.aws.function import LambdaConfig, LambdaFunction
from sebs.aws.functions import ARCHITECTURES, COLD_START, Functions
from sebs.aws.log_groups import log_group
from sebs.aws.references import FunctionReference, URLReference, parse_function, parse_reference
from sebs.aws.signing import FUNCTION_URL
from sebs.aws.triggers import HTTPTrigger
from sebs.errors import (
    AccessDeniedError,
    ColdStartError,
    FunctionGoneError,
    UnsupportedOperationError,
)
from sebs.faas.attached import Attached, Change
from sebs.faas.function import Function, FunctionConfig, Runtime
from sebs.sebs_types import Language

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.faas.resources import SystemResources

#: ``python3.13``, ``nodejs22.x``, ``ruby3.4``, ``provided.al2023``: a language and a version.
_RUNTIME = re.compile(r"(?P<language>[a-z]+)\.?(?P<version>.*?)(?:\.x)?")

#: Seconds that a function of which only the URL is known may run: as long as Lambda allows.
_LONGEST = 900

_log = logging.getLogger("sebs.AWS")


@dataclass
class AttachedConfig(LambdaConfig):
    """How a function that is not ours is configured; its variables, which may be secret, are not.

    Attributes:
        words: Language and version, as Lambda names them; any, not only those that we deploy.
    """

    words: dict[str, str] = field(default_factory=dict)

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**super().serialize(), "runtime": self.words}


class AttachedLambdaFunction(Attached, LambdaFunction):
    """A function that is known by its ARN, which is its name here.

    Args:
        reference: The function, by its ARN.
        cfg: Its configuration.
        clients: The clients of its region.
    """

    #: What else could be done to it would replace what its owner configured.
    permissible = frozenset({Change.COLD_START, Change.DELETION})

    def __init__(self, reference: FunctionReference, cfg: AttachedConfig, clients: Clients) -> None:
        qualifier = "" if reference.qualifier is None else f":{reference.qualifier}"
        arn = f"{reference.name}{qualifier}"
        super().__init__(reference.label, arn, "", cfg, arn, "")
        self.reference = reference
        self.clients = clients
        self.attach(clients)

    @property
    def target(self) -> str:
        """The ARN."""
        return self.arn

    @property
    def label(self) -> str:
        """Its name, with the version or the alias if it is attached by one."""
        qualifier = self.reference.qualifier
        return self.benchmark if qualifier is None else f"{self.benchmark}:{qualifier}"


class AttachedURL(Attached):
    """A function of which nothing but the URL is known, which is its name here.

    Args:
        reference: The URL.
        public: Whether requests are not signed.
        clients: The clients of its region.
    """

    permissible = frozenset[Change]()

    def __init__(self, reference: URLReference, public: bool, clients: Clients) -> None:
        unknown = Runtime(Language.CPP, "")
        cfg = AttachedConfig(_LONGEST, 0, unknown, words={"language": "unknown", "version": ""})
        super().__init__(reference.label, reference.url, "", cfg)
        trigger = HTTPTrigger(
            reference.url, cfg, url=reference.url, service=FUNCTION_URL, public=public
        )
        trigger.attach(clients)
        self.add_trigger(trigger)

    @property
    def target(self) -> str:
        """The URL."""
        return self.name

    @staticmethod
    def deserialize(cached_config: dict[str, Any]) -> Function:
        """Refuse: what is attached is attached again, not taken from a cache."""
        raise UnsupportedOperationError("A function that is attached is never cached.")


def attach(text: str, public: bool, clients: Clients) -> AttachedLambdaFunction | AttachedURL:
    """Return a function that exists; it is read, with what invokes it, and nothing else is done.

    Args:
        text: Its name, its ARN (with a version or an alias, or without), or its URL.
        public: Whether requests to the URL are not signed; a function's own configuration says it.
        clients: The clients of the configured region.

    Raises:
        UsageError: It is none of these.
        FunctionGoneError: There is no such function.
        PlatformError: AWS refused.
    """
    reference = parse_reference(text)
    there = clients.of_region(reference.region)
    if isinstance(reference, URLReference):
        return AttachedURL(reference, public, there)
    found = _read(reference, there)
    known = reference.named(found["FunctionArn"])
    function = AttachedLambdaFunction(known, _config(found), there)
    _add_url(function)
    return function


def force_cold_start(
    function: AttachedLambdaFunction, counter: int, resources: SystemResources
) -> None:
    """Change one variable of a function that is not ours; all others stay, whoever set them.

    It is not set back, which would be one more change: what was changed is logged.

    Raises:
        ColdStartError: It is a version or an alias, which cannot be changed; or its variables
            cannot be read, and would be lost.
        PlatformError: AWS refused, or somebody else changed the function at the same time.
    """
    reference, client = function.reference, function.clients.control("lambda")
    if reference.is_fixed:
        raise ColdStartError(
            "It is a published version, or an alias of one, and cannot be changed.",
            remedy="Attach the function without the qualifier, or publish a new version.",
        )
    found = _read(reference, function.clients)
    environment = found.get("Environment") or {}
    if "Error" in environment:
        raise ColdStartError(
            "Its variables cannot be read, and would be lost: "
            f"{environment['Error'].get('Message', 'no reason was given')}",
            remedy="Let the account's administrator permit kms:Decrypt with its key.",
        )
    variables = {**(environment.get("Variables") or {}), COLD_START: str(counter)}
    # Refused where somebody else has changed it since it was read: their change would be lost.
    unchanged = {"RevisionId": found["RevisionId"]} if "RevisionId" in found else {}
    with explained(f"Forcing a cold start of the function {function.name}", ColdStartError):
        client.update_function_configuration(
            FunctionName=reference.name, Environment={"Variables": variables}, **unchanged
        )
    Functions(function.clients, resources).wait(reference.name)
    _log.warning(
        "The variable %s of %s was set to %d, and stays so; nothing else of it was changed.",
        COLD_START,
        function.name,
        counter,
    )


def log_of(name: str, clients: Clients) -> tuple[Clients, str]:
    """Return where the log of an attached function is: the clients of its region, and the group.

    Args:
        name: The function's name, as it is attached.
        clients: The clients of the configured region.

    Raises:
        UnsupportedOperationError: Only the URL is known.
        PlatformError: AWS refused.
    """
    reference = parse_reference(name)
    if isinstance(reference, URLReference):
        raise UnsupportedOperationError(
            f"The URL {name} does not say which function's log tells of it.",
            remedy="Attach the function by its name or ARN; its URL is then known as well.",
        )
    there = clients.of_region(reference.region)
    logging_config = _read(reference, there).get("LoggingConfig") or {}
    return there, logging_config.get("LogGroup") or log_group(reference.label)


def delete(name: str, clients: Clients) -> None:
    """Delete a function that is not ours; its log stays.

    Raises:
        FunctionGoneError: There is none of that name.
        PlatformError: AWS refused.
    """
    reference = parse_function(name)
    client = clients.of_region(reference.region).control("lambda")
    with explained(f"Deleting the function {name}"):
        try:
            client.delete_function(**reference.qualified)
        except client.exceptions.ResourceNotFoundException as error:
            raise FunctionGoneError(f"There is no function {name}.") from error


def _read(reference: FunctionReference, clients: Clients) -> dict[str, Any]:
    client = clients.control("lambda")
    with explained(f"Looking for the function {reference.label} in {clients.region}"):
        try:
            found: dict[str, Any] = client.get_function_configuration(**reference.qualified)
        except client.exceptions.ResourceNotFoundException as error:
            qualifier = f" with the qualifier {reference.qualifier}" if reference.qualifier else ""
            raise FunctionGoneError(
                f"There is no function {reference.label}{qualifier} in {clients.region}.",
                remedy="Check name, region and account; an ARN says all three.",
            ) from error
    return found


def _config(found: dict[str, Any]) -> AttachedConfig:
    words = {"language": "container", "version": "image"}
    if match := _RUNTIME.fullmatch(found.get("Runtime") or ""):
        words = match.groupdict()
    # What we have no name for is a program that the user compiled, for all that we know.
    known = {member.value: member for member in Language}
    language = known.get(words["language"], Language.CPP)
    names = {value: key for key, value in ARCHITECTURES.items()}
    return AttachedConfig(
        timeout=found["Timeout"],
        memory=found["MemorySize"],
        runtime=Runtime(language, words["version"]),
        architecture=names[(found.get("Architectures") or ["x86_64"])[0]],
        role=found["Role"],
        log_format=(found.get("LoggingConfig") or {}).get("LogFormat", "Text"),
        package_type=found.get("PackageType", "Zip"),
        words=words,
    )


def _add_url(function: AttachedLambdaFunction) -> None:
    """Let the function be invoked by its URL, where it has one that may be looked for."""
    reference, client = function.reference, function.clients.control("lambda")
    try:
        with explained(f"Looking for the URL of the function {function.name}"):
            try:
                found = client.get_function_url_config(**reference.qualified)
            except (
                client.exceptions.ResourceNotFoundException,
                client.exceptions.InvalidParameterValueException,  # a version has none
            ):
                return
    except AccessDeniedError as error:
        _log.info("Whether %s has a URL is not known: %s", function.name, error)
        return
    config: FunctionConfig = function.config
    trigger = HTTPTrigger(
        function.name,
        config,
        url=found["FunctionUrl"],
        service=FUNCTION_URL,
        public=found["AuthType"] == "NONE",
    )
    trigger.attach(function.clients)
    function.add_trigger(trigger)
