"""The repository of a deployment's images: made on demand, known by its tags."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sebs import log
from sebs.aws.faults import explained
from sebs.aws.tags import owner, tag_list
from sebs.errors import PlatformError

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.aws.config import AWSResources

#: How the hosts of Amazon's own endpoints and registries end, in all partitions
#: (https://docs.aws.amazon.com/general/latest/gr/ecr.html).
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn", ".on.aws", ".on.amazonwebservices.com.cn")

#: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
_REGISTRY = re.compile(r"\d{12}\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.")

#: What Lambda does with an image
#: (https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#configuration-images-permissions).
_PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def repository_name(resources_id: str) -> str:
    """Return the name of a deployment's repository, which no other deployment has.

    A repository's name ends with a letter or digit
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html), a
    resource id may end with hyphens; how many there are is written instead of them.
    """
    stem = resources_id.rstrip("-")
    hyphens = len(resources_id) - len(stem)
    return f"sebs-{stem}.{hyphens}" if hyphens else f"sebs-{stem}"


def registry_address(uri: str, endpoint: str | None) -> str:
    """Return where a repository is for a Docker engine.

    A server that stands in for Amazon's may name a repository as Amazon would. Its registry is
    where the server itself is.

    Args:
        uri: The repository's URI, as the service says it.
        endpoint: Where the service is, if not with Amazon.
    """
    registry, _, name = uri.partition("/")
    if endpoint is None or not registry.endswith(_AMAZON):
        return uri
    server = urlsplit(endpoint)
    # A private way to Amazon's own service, such as an endpoint in a VPC.
    if (server.hostname or "").endswith(_AMAZON):
        return uri
    return f"{server.netloc}/{name}"


class Repository:
    """A deployment's repository, or the one that the user gave it; threads may share it.

    Its own one is private to the account, and Lambda may pull from it. One that was given is only
    pushed to.

    Args:
        clients: The SDK's clients.
        resources: What the deployment has.
    """

    def __init__(self, clients: Clients, resources: AWSResources) -> None:
        self._clients = clients
        self._resources = resources
        self._lock = threading.Lock()
        self._addresses: dict[str, str] = {}

    @property
    def name(self) -> str:
        """Its name in the registry."""
        return self._resources.container_repository or repository_name(self._resources.resources_id)

    def address(self) -> str:
        """Return ``registry/repository`` for a Docker engine; it is there from now on.

        Raises:
            PlatformError: The one that was given does not exist, or one of the name is not ours.
        """
        with self._lock:
            name = self.name
            if name not in self._addresses:
                self._addresses[name] = registry_address(
                    self._settle(name)["repositoryUri"], self._clients.endpoints.of("ecr")
                )
            return self._addresses[name]

    def holds(self, image: str) -> bool:
        """Return whether an image is in this repository, by its URI; nothing is asked of AWS."""
        registry, _, path = image.partition("/")
        if re.split("[:@]", path, maxsplit=1)[0] != self.name:
            return False
        host = _REGISTRY.match(registry)
        return host is None or host["region"] == self._clients.region

    def login(self) -> dict[str, str]:
        """Return user name and password, which hold for 12 hours, for this call's answer alone.

        https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
        """
        with explained("Signing in to ECR"):
            answer = self._ecr.get_authorization_token()
        token = answer["authorizationData"][0]["authorizationToken"]
        log.hide(token)
        user, _, password = base64.b64decode(token).decode().partition(":")
        log.hide(password)
        return {"username": user, "password": password}

    def digest(self, tag: str) -> str | None:
        """Return the digest of the image that has a tag; ``None`` where none has."""
        ecr = self._ecr
        with explained(f"Looking up the image {self.name}:{tag}"):
            try:
                found = ecr.describe_images(repositoryName=self.name, imageIds=[{"imageTag": tag}])[
                    "imageDetails"
                ]
            except ecr.exceptions.ImageNotFoundException:
                return None
        return str(found[0]["imageDigest"]) if found else None

    def allocated(self) -> list[str]:
        """Return the name of the repository that this deployment made, if there is one."""
        name = repository_name(self._resources.resources_id)
        with explained(f"Looking for the ECR repository {name}"):
            found = self._find(name)
            return [name] if found is not None and self._is_ours(found) else []

    def remove(self, name: str) -> None:
        """Delete the repository that this deployment made, with all images in it.

        Raises:
            PlatformError: It is not this deployment's, or AWS refused.
        """
        with self._lock, explained(f"Deleting the ECR repository {name}"):
            found = self._find(name)
            if found is None or not self._is_ours(found):
                raise PlatformError(f"{name!r} is no ECR repository of this deployment.")
            self._ecr.delete_repository(repositoryName=name, force=True)
            self._addresses.pop(name, None)

    @property
    def _ecr(self) -> Any:
        return self._clients.control("ecr")

    def _settle(self, name: str) -> dict[str, Any]:
        with explained(f"Making ready the ECR repository {name}"):
            if self._resources.container_repository is not None:
                return self._given(name)
            repository = self._created(name)
            self._let_lambda_pull(repository)
            return repository

    def _given(self, name: str) -> dict[str, Any]:
        found = self._find(name)
        if found is None:
            raise PlatformError(
                f"There is no ECR repository {name!r} in {self._clients.region}.",
                remedy="Correct deployment.aws.resources.container-repository, or leave it out: "
                "one is made.",
            )
        return found

    def _created(self, name: str) -> dict[str, Any]:
        ecr = self._ecr
        try:
            created: dict[str, Any] = ecr.create_repository(
                repositoryName=name, tags=tag_list(self._resources.resources_id)
            )["repository"]
            return created
        except ecr.exceptions.RepositoryAlreadyExistsException:
            found = self._find(name)
        if found is None or not self._is_ours(found):
            raise PlatformError(
                f"There is an ECR repository {name!r} that is not this deployment's.",
                remedy="Name it in deployment.aws.resources.container-repository to use it, or "
                "choose another resource id.",
            )
        return found

    def _let_lambda_pull(self, repository: Mapping[str, Any]) -> None:
        """Give Lambda its permission; each time, for a run may have ended before it did so."""
        partition, _, region, account = repository["repositoryArn"].split(":")[1:5]
        statement = {
            "Sid": "LambdaPullsImages",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": list(_PULL),
            "Condition": {
                "StringLike": {
                    "aws:SourceArn": f"arn:{partition}:lambda:{region}:{account}:function:*"
                }
            },
        }
        self._ecr.set_repository_policy(
            repositoryName=repository["repositoryName"],
            policyText=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )

    def _find(self, name: str) -> dict[str, Any] | None:
        ecr = self._ecr
        try:
            found: dict[str, Any] = ecr.describe_repositories(repositoryNames=[name])[
                "repositories"
            ][0]
        except ecr.exceptions.RepositoryNotFoundException:
            return None
        return found

    def _is_ours(self, repository: Mapping[str, Any]) -> bool:
        tags = self._ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]
        return owner(tags) == self._resources.resources_id
