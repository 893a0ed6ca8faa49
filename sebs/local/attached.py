"""A directory or a zip with a function that was written for AWS Lambda, as a local function."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from sebs.errors import FunctionGoneError, UnsupportedLanguageError, UsageError
from sebs.faas.attached import Attached, Change
from sebs.faas.function import Runtime
from sebs.local import languages
from sebs.local.client import GatewayClient
from sebs.local.containers import Containers
from sebs.local.foreign_code import ADAPTED_HANDLER, Handler, packed
from sebs.local.function import LocalFunction, LocalFunctionConfig
from sebs.local.functions import Functions
from sebs.local.gateway.functions import Scaling
from sebs.local.limits import check_configuration
from sebs.sebs_types import Architecture, Language

#: Whose the functions are in the gateway: of no deployment, so that none adopts or cleans them.
OWNER = "attached"

#: The region that functions are told; they may be given another as a variable.
_REGION = "us-east-1"

_LABEL_LENGTH = 40

#: Option to the type that it has, and what that is called; the others are texts.
_KINDS: dict[str, tuple[type, str]] = {
    "memory": (int, "a whole number of MB"),
    "timeout": (int, "a whole number of seconds"),
    "environment": (Mapping, "an object"),
}

#: Language to architecture to versions, best first.
Supported = dict[str, dict[str, list[str]]]


class AttachedLocalFunction(Attached, LocalFunction):
    """Code that the user keeps, of which the gateway runs a copy.

    Args:
        source: Path of the directory or zip, absolute.
        cfg: Its configuration.
    """

    #: Code and configuration are changed by attaching it again.
    permissible = frozenset({Change.COLD_START, Change.DELETION})

    def __init__(self, source: Path, cfg: LocalFunctionConfig) -> None:
        super().__init__(label(source), function_name(source), "", cfg, OWNER)
        self._source = source

    @property
    def target(self) -> str:
        """The absolute path."""
        return str(self._source)


@dataclass(frozen=True, slots=True)
class Options:
    """What a function is attached with.

    Attributes:
        handler: As Lambda names it; ``None`` looks for the usual ones.
        language: Its language's key; ``None`` is what the handler's file is.
        version: Version of the language; ``None`` is the preferred one.
        memory: MB of an environment.
        timeout: Seconds of an invocation.
        environment: Variables that the function sees.
    """

    handler: str | None = None
    language: str | None = None
    version: str | None = None
    memory: int = 256
    timeout: int = 60
    environment: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def read(given: Mapping[str, Any]) -> Options:
        """Return the options.

        Raises:
            UsageError: One is unknown, or of another kind.
            LimitExceededError: Memory or timeout is out of range.
        """
        known = [item.name for item in fields(Options)]
        if unknown := sorted(set(given) - set(known)):
            raise UsageError(
                f"The local platform attaches nothing with {', '.join(unknown)}.",
                remedy=f"It knows: {', '.join(known)}.",
            )
        options = Options(**given)
        for name, value in given.items():
            kind, called = _KINDS.get(name, (str, "text"))
            fits = isinstance(value, kind) and not isinstance(value, bool)
            if not fits and value != getattr(Options(), name):
                raise UsageError(f"The option {name} must be {called}, is {value!r}.")
        check_configuration(options.memory, options.timeout)
        return options

    def runtime(self, found: Handler, supported: Supported) -> Runtime:
        """Return the language and version that the handler runs in.

        Args:
            found: The handler.
            supported: What the platform runs: language to architecture to versions, best first.

        Raises:
            UsageError: The handler is written in another language than the one that is wanted.
            UnsupportedLanguageError: The platform does not run it.
        """
        language = found.language
        if self.language not in (None, language.value):
            raise UsageError(
                f"The handler {found.name} is written in {language.value}, not in {self.language}."
            )
        versions = supported.get(language.value, {}).get(languages.architecture(), [])
        if not versions or self.version not in (None, *versions):
            raise UnsupportedLanguageError(
                f"The local platform does not run {language.value} {self.version or ''}".strip()
                + ".",
                remedy=f"It runs the versions: {', '.join(versions) or 'none'}.",
            )
        return Runtime(language, self.version or versions[0])


def attach(
    path: Path,
    options: Options,
    scaling: Scaling,
    containers: Containers,
    client: GatewayClient,
    cache_dir: Path,
) -> AttachedLocalFunction:
    """Hand a copy of the code to the gateway, unless it has that already, and return the function.

    Args:
        path: A directory, or a zip as Lambda takes it.
        options: How it shall run.
        scaling: How its environments come and go.
        containers: What they run in, where that is configured.
        client: The gateway.
        cache_dir: Where it is remembered which interpreters work.

    Raises:
        SebsError: What ``attach_function`` of the platform raises.
    """
    source = absolute(path)
    with packed(source, options.handler) as package:
        runtime = options.runtime(package.handler, containers.languages(cache_dir))
        config = LocalFunctionConfig(
            timeout=options.timeout,
            memory=options.memory,
            runtime=runtime,
            architecture=Architecture.deserialize(languages.architecture()),
            scaling=asdict(scaling),
            container=containers.wanted(runtime),
        )
        function = AttachedLocalFunction(source, config)
        variables = {**_variables(function.name, package.handler, config), **options.environment}
        definition = function.definition(variables, cache_dir)
        containers.provide(config.container)
        definition["handler"] = ADAPTED_HANDLER
        Functions(client).keep(function.name, str(package.archive), definition)
    function.attach(client)
    return function


def detach(path: Path, client: GatewayClient) -> None:
    """Remove the gateway's copy of code, if there is one; its logs and metrics stay.

    Raises:
        GatewayError: The gateway refused.
    """
    name = function_name(absolute(path))
    functions = Functions(client)
    with suppress(FunctionGoneError):
        functions.get(name, OWNER)
        functions.delete(name)


def absolute(path: Path) -> Path:
    """Return the path as it is known from anywhere; it need not exist."""
    return path.expanduser().resolve()


def label(source: Path) -> str:
    """Return what the function is called in reports."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", source.name.removesuffix(".zip"))
    return name[:_LABEL_LENGTH].strip("-") or "function"


def function_name(source: Path) -> str:
    """Return what the function is called in the gateway: another path is another function."""
    digest = hashlib.sha256(os.fsencode(source)).hexdigest()[:8]
    return f"{OWNER}-{label(source)}-{digest}"


def _variables(name: str, handler: Handler, config: LocalFunctionConfig) -> dict[str, str]:
    """Return what Lambda sets for every function; the adapter adds what only it can know.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    runtime = config.runtime
    version = f"{runtime.version}.x" if runtime.language is Language.NODEJS else runtime.version
    return {
        "_HANDLER": handler.name,
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime.language.value}{version}",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "$LATEST",
        "TZ": ":UTC",
    }
