"""What AWS Lambda allows, checked before anything is asked of it.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from sebs.errors import PackageTooLargeError
from sebs.faas.limits import Range

#: What a function may have of memory, and of time for an invocation.
MEMORY = Range("AWS Lambda", "memory", 128, 10_240, "MB")
TIMEOUT = Range("AWS Lambda", "timeout", 1, 900, "s")

#: Bytes of an unpacked package.
LARGEST_PACKAGE = 250 * 1024 * 1024

#: Bytes of an image, all layers unpacked.
LARGEST_IMAGE = 10 * 1024 * 1024 * 1024

#: Bytes of a package that is sent with the request; a larger one goes through S3.
LARGEST_DIRECT_UPLOAD = 50 * 1024 * 1024


#: Versions of languages that Lambda has a runtime for, those that it recommends most first:
#: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, read in November 2026. All of
#: them run on both architectures. What is past its deprecation, but may still be deployed, comes
#: last.
RUNTIMES = {
    "python": ["3.13", "3.14", "3.12", "3.11", "3.10"],
    "nodejs": ["22", "24", "20"],
    "java": ["21", "25", "17", "11"],
    "cpp": ["all"],
}


def check_configuration(memory: int, timeout: int) -> None:
    """Refuse what a function may not be configured with.

    Args:
        memory: MB.
        timeout: Seconds.

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
            f"The package of {benchmark} has {size:,} bytes unpacked, AWS Lambda allows "
            f"{LARGEST_PACKAGE:,}.",
            remedy="Leave out dependencies or data, or deploy a container image, which may have "
            "10 GB: the system variant 'container'.",
        )


def check_image(benchmark: str, size: int) -> None:
    """Refuse an image that is too large.

    Args:
        benchmark: The benchmark's name.
        size: Bytes, all layers unpacked.

    Raises:
        PackageTooLargeError: It is over :data:`LARGEST_IMAGE`.
    """
    if size > LARGEST_IMAGE:
        raise PackageTooLargeError(
            f"The image of {benchmark} has {size:,} bytes unpacked, AWS Lambda allows "
            f"{LARGEST_IMAGE:,}.",
            remedy="Leave out dependencies or data, or build upon a smaller image: "
            "deployment.aws.base_images.",
        )
