"""What the local platform allows, checked before anything is asked of it.

The figures are those of AWS Lambda, so that what runs here can be deployed there:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from dataclasses import dataclass

from sebs.errors import LimitExceededError, PackageTooLargeError, UnsupportedVariantError
from sebs.sebs_types import SystemVariant


@dataclass(frozen=True, slots=True)
class Range:
    """The values that are allowed, both ends included."""

    what: str
    least: int
    most: int
    unit: str

    def check(self, value: int) -> None:
        """Refuse a value that is not in the range.

        Raises:
            LimitExceededError: It is not.
        """
        if not self.least <= value <= self.most:
            raise LimitExceededError(
                f"A {self.what} of {value:,} {self.unit} is out of range.",
                remedy=f"The local platform allows {self.least:,} to {self.most:,} {self.unit}.",
            )


MEMORY = Range("memory", 128, 10_240, "MB")
TIMEOUT = Range("timeout", 1, 900, "s")

#: Bytes of an unpacked package.
LARGEST_PACKAGE = 250 * 1024 * 1024


def check_configuration(memory: int, timeout: int) -> None:
    """Refuse what no function can be configured with.

    Args:
        memory: MB of an environment.
        timeout: Seconds of an invocation.

    Raises:
        LimitExceededError: One of them is out of range.
    """
    MEMORY.check(memory)
    TIMEOUT.check(timeout)


def check_package(benchmark: str, size: int) -> None:
    """Refuse a package that is too large.

    Args:
        benchmark: The benchmark's name.
        size: Bytes, unpacked.

    Raises:
        PackageTooLargeError: It is over :data:`LARGEST_PACKAGE`.
    """
    if size > LARGEST_PACKAGE:
        raise PackageTooLargeError(
            f"The package of {benchmark} has {size:,} bytes unpacked, the local platform allows "
            f"{LARGEST_PACKAGE:,}.",
            remedy="Leave out dependencies or data; data belongs into storage.",
        )


def check_variant(system_variant: SystemVariant) -> None:
    """Refuse what is no code package.

    Raises:
        UnsupportedVariantError: It is something else.
    """
    if system_variant != SystemVariant.PACKAGE:
        raise UnsupportedVariantError(
            f"The local platform does not deploy the variant {str(system_variant)!r}.",
            remedy="Use the system variant 'package'.",
        )
