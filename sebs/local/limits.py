"""What the local platform allows, checked before anything is asked of it.

The figures are those of AWS Lambda, so that what runs here can be deployed there:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from sebs.errors import PackageTooLargeError, UnsupportedVariantError
from sebs.faas.limits import Range
from sebs.sebs_types import SystemVariant

MEMORY = Range("The local platform", "memory", 128, 10_240, "MB")
TIMEOUT = Range("The local platform", "timeout", 1, 900, "s")

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
