"""What a function is made of: a package, or an image; and where Lambda gets it from."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.aws.limits import LARGEST_DIRECT_UPLOAD
from sebs.aws.package import HANDLER, handler
from sebs.errors import UnsupportedVariantError
from sebs.sebs_types import StorageBucketType, SystemVariant

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark
    from sebs.faas.resources import SystemResources

_log = logging.getLogger("sebs.AWS")


@dataclass(frozen=True, slots=True)
class Code:
    """What is to be deployed; either a package or an image.

    Attributes:
        hash: Hash of the sources, which is in the name of a package that goes through S3.
        package: Path of the zip.
        image: URI of the image, by digest.
        entry: What Lambda is told to call in a package.
    """

    hash: str
    package: Path | None = None
    image: str | None = None
    entry: str = HANDLER

    @property
    def package_type(self) -> str:
        """What Lambda calls it."""
        return "Zip" if self.image is None else "Image"

    @property
    def handler(self) -> dict[str, str]:
        """What Lambda is told to call; an image says it itself."""
        return {"Handler": self.entry} if self.image is None else {}

    def source(self, resources: SystemResources) -> dict[str, Any]:
        """Return where Lambda gets it from; a package over 50 MB is uploaded to S3 first.

        Raises:
            StorageError: It could not be uploaded.
        """
        if self.image is not None:
            return {"ImageUri": self.image}
        assert self.package is not None, "there is a package where there is no image"
        if self.package.stat().st_size <= LARGEST_DIRECT_UPLOAD:
            return {"ZipFile": self.package.read_bytes()}
        storage = resources.get_storage()
        bucket = storage.get_bucket(StorageBucketType.DEPLOYMENT)
        # Of the same sources another package is made where dependencies have a new version.
        key = f"packages/{self.hash}-{_digest(self.package)}.zip"
        if key not in storage.list_bucket(bucket, key):
            _log.info("Uploading the package to %s/%s.", bucket, key)
            storage.upload(bucket, str(self.package), key)
        return {"S3Bucket": bucket, "S3Key": key}


def _digest(package: Path) -> str:
    digest = hashlib.sha256()
    with package.open("rb") as stream:
        while part := stream.read(2**20):
            digest.update(part)
    return digest.hexdigest()[:16]


def check_variant(system_variant: SystemVariant) -> None:
    """Refuse what is neither a package nor an image.

    Raises:
        UnsupportedVariantError: It is not.
    """
    if system_variant not in (SystemVariant.PACKAGE, SystemVariant.CONTAINER):
        raise UnsupportedVariantError(
            f"AWS Lambda does not deploy the variant {str(system_variant)!r}.",
            remedy="Use 'package' or 'container'.",
        )


def code_of(
    code_package: Benchmark, system_variant: SystemVariant, container_uri: str | None
) -> Code:
    """Return what a benchmark that was built is deployed as.

    Raises:
        UnsupportedVariantError: Neither a package nor an image is to be deployed.
        ImageError: An image is to be deployed, and it has no digest.
    """
    check_variant(system_variant)
    if system_variant.is_container:
        from sebs.aws.container import check_digest

        return Code(code_package.hash, image=check_digest(container_uri))
    location = code_package.code_location
    assert location is not None, "a package that was built has a location"
    package = Path(location)
    return Code(code_package.hash, package=package, entry=handler(code_package.language, package))
