"""The enumerations and small value types that every layer shares."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from sebs.errors import ConfigurationError, UnsupportedLanguageError


class Language(str, Enum):
    """A language that benchmarks are written in; the value is its key in files and names."""

    PYTHON = "python"
    NODEJS = "nodejs"
    JAVA = "java"
    CPP = "cpp"

    def __str__(self) -> str:
        return self.value

    @staticmethod
    def deserialize(val: str) -> Language:
        """Return the language of that key.

        Raises:
            UnsupportedLanguageError: No such language; the message lists those that exist.
        """
        try:
            return Language(val)
        except ValueError:
            known = ", ".join(member.value for member in Language)
            raise UnsupportedLanguageError(
                f"Unknown language {val!r}.", remedy=f"Known languages: {known}."
            ) from None


class Architecture(str, Enum):
    """An instruction set; the value is its key in files and names."""

    X86 = "x64"
    ARM = "arm64"

    def __str__(self) -> str:
        return self.value

    def serialize(self) -> str:
        """Return the key."""
        return self.value

    @staticmethod
    def deserialize(val: str) -> Architecture:
        """Return the architecture of that key.

        Raises:
            UnsupportedLanguageError: No such architecture; the message lists those that exist.
        """
        try:
            return Architecture(val)
        except ValueError:
            known = ", ".join(member.value for member in Architecture)
            raise UnsupportedLanguageError(
                f"Unknown architecture {val!r}.", remedy=f"Known architectures: {known}."
            ) from None


class StorageBucketType(str, Enum):
    """What a bucket of a deployment is for; the value is its key in files and names."""

    DEPLOYMENT = "deployment"
    BENCHMARKS = "benchmarks"
    EXPERIMENTS = "experiments"

    @staticmethod
    def deserialize(val: str) -> StorageBucketType:
        """Return the type of that key.

        Raises:
            ConfigurationError: No such type.
        """
        try:
            return StorageBucketType(val)
        except ValueError:
            raise ConfigurationError(f"Unknown storage bucket type {val!r}.") from None


@dataclass(frozen=True, slots=True)
class SystemVariant:
    """How a platform deploys a function: as a code package, as a container image, or its own way.

    The set is open: a provider may define further values. A value that contains the word
    ``container`` between dashes (``container``, ``container-gen2``) deploys an image.
    """

    value: str = "package"

    PACKAGE: ClassVar[SystemVariant]
    CONTAINER: ClassVar[SystemVariant]

    @property
    def is_container(self) -> bool:
        """Whether this variant deploys a container image."""
        return "container" in self.value.split("-")

    def __str__(self) -> str:
        return self.value

    def serialize(self) -> str:
        """Return the value."""
        return self.value

    @staticmethod
    def deserialize(val: str) -> SystemVariant:
        """Return the variant of that value."""
        return SystemVariant(val)


SystemVariant.PACKAGE = SystemVariant("package")
SystemVariant.CONTAINER = SystemVariant("container")
