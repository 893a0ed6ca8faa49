"""What AWS Lambda allows, checked before anything is asked of it.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from sebs.errors import PackageTooLargeError

#: Bytes of an unpacked package.
LARGEST_PACKAGE = 250 * 1024 * 1024

#: Bytes of a package that is sent with the request; a larger one goes through S3.
LARGEST_DIRECT_UPLOAD = 50 * 1024 * 1024


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
