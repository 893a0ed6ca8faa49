"""What is run: the language, the architecture, the variant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sebs.faas.function import Runtime
from sebs.sebs_types import Architecture, Language, SystemVariant

__all__ = ["ExperimentConfig", "SystemVariant"]


@dataclass
class ExperimentConfig:
    """What a benchmark is built and run with.

    Attributes:
        runtime: Language and version; an empty version stands for the platform's preferred one.
        architecture: ``x64`` or ``arm64``.
        system_variant: How the function is deployed.
        language_variant: Variant of the benchmark's code; ``default`` is the plain one.
        update_code: Whether code is built and deployed even where it has not changed.
        update_storage: Whether inputs are uploaded even where they are there.
        memory: MB of an environment; ``None`` takes the benchmark's.
        timeout: Seconds of an invocation; ``None`` takes the benchmark's.
        repetitions: Number of invocations.
        trigger: Key of the trigger type.
        peer_address: Where functions reach this machine, ``HOST`` or ``HOST:PORT``; ``None`` where
            the platform's configuration says it.
        build_image: Image that a ``package.sh`` runs in, ``{version}`` standing for the version of
            the language; ``None``: the language's own.
        settings: The object of each experiment, by its name.
    """

    runtime: Runtime
    architecture: str = Architecture.X86.value
    system_variant: SystemVariant = SystemVariant.PACKAGE
    language_variant: str = "default"
    update_code: bool = False
    update_storage: bool = False
    memory: int | None = None
    timeout: int | None = None
    repetitions: int = 5
    trigger: str = "http"
    peer_address: str | None = None
    build_image: str | None = None
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)

    @staticmethod
    def deserialize(section: dict[str, Any]) -> ExperimentConfig:
        """Return the configuration from a checked section ``experiments``."""
        runtime = section["runtime"]
        variant = section["system_variant"]
        if section.get("container_deployment") is True and variant == SystemVariant.PACKAGE.value:
            variant = SystemVariant.CONTAINER.value
        return ExperimentConfig(
            runtime=Runtime(Language.deserialize(runtime["language"]), runtime["version"] or ""),
            architecture=section["architecture"],
            system_variant=SystemVariant.deserialize(variant),
            language_variant=section["language_variant"],
            update_code=section["update_code"],
            update_storage=section["update_storage"],
            memory=section["memory"],
            timeout=section["timeout"],
            repetitions=section["repetitions"],
            trigger=section["trigger"],
            peer_address=section.get("peer_address"),
            build_image=section.get("build_image"),
            settings={
                key: dict(value)
                for key, value in section.items()
                if isinstance(value, dict) and key not in ("runtime", "flags")
            },
        )

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values, of the shape of the section ``experiments``."""
        return {
            "runtime": self.runtime.serialize(),
            "architecture": self.architecture,
            "system_variant": self.system_variant.serialize(),
            "language_variant": self.language_variant,
            "update_code": self.update_code,
            "update_storage": self.update_storage,
            "memory": self.memory,
            "timeout": self.timeout,
            "repetitions": self.repetitions,
            "trigger": self.trigger,
            "peer_address": self.peer_address,
            "build_image": self.build_image,
            **self.settings,
        }
