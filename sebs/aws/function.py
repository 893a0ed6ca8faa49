"""A function on AWS Lambda."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sebs.aws.functions import COLD_START
from sebs.aws.triggers import AWSTrigger, LibraryTrigger, deserialize_trigger
from sebs.errors import CacheFormatError, UsageError
from sebs.faas.function import Function, FunctionConfig

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.aws.functions import Found


@dataclass
class LambdaConfig(FunctionConfig):
    """What every platform configures, and what Lambda does beyond it.

    Attributes:
        role: ARN of the role that the function has.
        environment: The variables that it was given, without what forces cold starts.
        log_format: ``Text`` or ``JSON``.
        package_type: ``Zip`` or ``Image``.
        code_sha256: What Lambda calls the code that it was given; empty where that is not known.
        agreed: Whether Lambda had what the cache says, whenever it was asked.
    """

    role: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    log_format: str = "Text"
    package_type: str = "Zip"
    code_sha256: str = ""
    agreed: bool = True

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            **super().serialize(),
            "role": self.role,
            "environment": self.environment,
            "log_format": self.log_format,
            "package_type": self.package_type,
            "code_sha256": self.code_sha256,
            "agreed": self.agreed,
        }

    def differences(self, **wanted: Any) -> list[str]:
        """Return in words what differs from what is wanted."""
        doubts = [] if self.agreed else ["it is not what the cache says"]
        return doubts + [
            f"{name.replace('_', ' ')} is {getattr(self, name)}, wanted is {value}"
            for name, value in wanted.items()
            if getattr(self, name) != value
        ]

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> LambdaConfig:
        """Read what :meth:`serialize` wrote."""
        config = super().deserialize(data)
        config.role = str(data["role"])
        config.environment = dict(data["environment"])
        config.log_format = str(data["log_format"])
        config.package_type = str(data["package_type"])
        config.code_sha256 = str(data.get("code_sha256", ""))
        config.agreed = bool(data.get("agreed", True))
        return config


class LambdaFunction(Function):
    """A function of a deployment; it always has a LIBRARY trigger.

    Args:
        benchmark: Name of the benchmark that it runs.
        name: Its name.
        code_hash: Hash of the code package that is deployed.
        cfg: Its configuration.
        arn: Its ARN, which says region and account.
        resource_id: The deployment that it belongs to.
    """

    def __init__(
        self,
        benchmark: str,
        name: str,
        code_hash: str,
        cfg: LambdaConfig,
        arn: str,
        resource_id: str,
    ) -> None:
        super().__init__(benchmark, name, code_hash, cfg)
        self.arn = arn
        self.resource_id = resource_id
        self._lambda_config = cfg
        self.add_trigger(LibraryTrigger(name, cfg))

    @property
    def config(self) -> LambdaConfig:
        """Memory, timeout, runtime, architecture, role, environment."""
        return self._lambda_config

    def obstacle(
        self,
        *,
        resource_id: str,
        region: str,
        account: str | None,
        package_type: str,
        architecture: str,
    ) -> str | None:
        """Return why it cannot be used for what is wanted; else ``None``."""
        own_region, own_account = _place(self.arn)
        pairs = [
            ("deployment", self.resource_id, resource_id),
            ("region", own_region, region),
            ("account", own_account, account or own_account),
            ("package type", self.config.package_type, package_type),
            ("architecture", self.config.architecture.value, architecture),
        ]
        for what, has, wanted in pairs:
            if has != wanted:
                return f"its {what} is {has}, this is {wanted}"
        return None

    def correct(self, found: Found) -> None:
        """Take over what Lambda has, where the cache says otherwise.

        A change whose answer was lost may have been made, and others may have made one: then what
        is wanted is not what is there, although the cache says so.
        """
        has, config = found.configuration, self._lambda_config
        before = replace(config)
        config.memory = has.get("MemorySize", config.memory)
        config.timeout = has.get("Timeout", config.timeout)
        config.role = has.get("Role", config.role)
        config.environment = {k: v for k, v in found.variables.items() if k != COLD_START}
        config.log_format = has.get("LoggingConfig", {}).get("LogFormat", config.log_format)
        config.agreed = config.agreed and config == before
        if config.code_sha256 and has.get("CodeSha256", config.code_sha256) != config.code_sha256:
            self.code_package_hash = ""

    def attach(self, clients: Clients) -> None:
        """Invoke through these clients from now on."""
        for trigger in self.triggers_all():
            if isinstance(trigger, AWSTrigger):
                trigger.attach(clients)

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**super().serialize(), "arn": self.arn, "resource_id": self.resource_id}

    @staticmethod
    def deserialize(cached_config: dict[str, Any]) -> LambdaFunction:
        """Return the function that :meth:`serialize` described; it has to be attached.

        Raises:
            CacheFormatError: The entry lacks something; it is also a RuntimeError.
        """
        try:
            function = LambdaFunction(
                cached_config["benchmark"],
                cached_config["name"],
                cached_config["hash"],
                LambdaConfig.deserialize(cached_config["config"]),
                str(cached_config["arn"]),
                cached_config["resource_id"],
            )
            _place(function.arn)
            for trigger in cached_config["triggers"]:
                function.set_trigger(deserialize_trigger(trigger, function.config))
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise CacheFormatError(f"The cached function cannot be read: {error!r}.") from error
        return function


def _place(arn: str) -> tuple[str, str]:
    """Return the region and the account of an ARN.

    Raises:
        ValueError: It is none.
    """
    _, _, _, region, account, *_ = arn.split(":")
    return region, account
