"""The role that a deployment's functions run under, and what it permits.

There is one for each deployment: its log, its buckets, its tables, and nothing else. A role of the
account that the configuration names is used as it is, and never changed.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from sebs.aws.faults import explained
from sebs.aws.identity import elsewhere
from sebs.aws.tables import deployment_prefix
from sebs.aws.tags import REGION, owner, region, tag_list
from sebs.errors import PlatformError

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.aws.config import AWSConfig

#: Under which the role's one inline policy is kept.
_POLICY = "sebs"

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Roles:
    """The role of a deployment; made on first use, looked up once a process.

    Args:
        clients: The deployment's clients.
        config: Its configuration.
    """

    def __init__(self, clients: Clients, config: AWSConfig) -> None:
        self._clients = clients
        self._config = config
        self._lock = threading.Lock()
        self._arns: dict[str, str] = {}

    @property
    def name(self) -> str:
        """Name of the deployment's own role.

        Roles are known to all regions of an account, deployments to one.
        """
        return role_name(self._config.resources.resources_id)

    def expected(self, function: str) -> str:
        """Return the ARN of the role that a function shall have; nothing is asked of AWS.

        Args:
            function: ARN of the function, in whose account the deployment's own role is.
        """
        _, partition, _, _, account, *_ = function.split(":")
        own = f"arn:{partition}:iam::{account}:role/{self.name}"
        return self._config.resources.lambda_role or own

    def ensure(self) -> str:
        """Return the ARN of the role; it is made, or its policy brought up to date.

        Raises:
            ConfigurationError: The deployment, and so its role, is in another region.
            PlatformError: One of its name belongs to somebody else, or AWS refused.
        """
        if (given := self._config.resources.lambda_role) is not None:
            return given
        with self._lock:
            if self.name not in self._arns:
                self._arns[self.name] = self._settle(self.name)
            return self._arns[self.name]

    def forget(self) -> None:
        """Look the role up anew when it is next asked for: it was deleted."""
        with self._lock:
            self._arns.clear()

    def delete(self) -> None:
        """Delete the deployment's own role; harmless where there is none.

        Raises:
            PlatformError: AWS refused.
        """
        client = self._clients.control("iam")
        self.forget()
        with explained(f"Deleting the role {self.name}"):
            try:
                for policy in _pages(client, "list_role_policies", "PolicyNames", self.name):
                    client.delete_role_policy(RoleName=self.name, PolicyName=policy)
                for policy in _pages(
                    client, "list_attached_role_policies", "AttachedPolicies", self.name
                ):
                    client.detach_role_policy(RoleName=self.name, PolicyArn=policy["PolicyArn"])
                client.delete_role(RoleName=self.name)
            except client.exceptions.NoSuchEntityException:
                return

    def exists(self) -> bool:
        """Return whether the deployment has a role of its own, in this region."""
        client = self._clients.control("iam")
        with explained(f"Looking for the role {self.name}"):
            try:
                role = client.get_role(RoleName=self.name)["Role"]
            except client.exceptions.NoSuchEntityException:
                return False
        tags = role.get("Tags")
        is_here = region(tags) in (None, self._clients.region)
        return is_here and owner(tags) == self._config.resources.resources_id

    def _settle(self, name: str) -> str:
        client = self._clients.control("iam")
        resources_id = self._config.resources.resources_id
        with explained(f"Making the role {name}"):
            try:
                role = client.get_role(RoleName=name)["Role"]
            except client.exceptions.NoSuchEntityException:
                role = self._create(client, name, resources_id)
            if owner(role.get("Tags")) != resources_id:
                raise PlatformError(
                    f"The role {name} does not belong to the deployment {resources_id}.",
                    remedy="Name another role as deployment.aws.resources.lambda-role, or take "
                    "another --resource-prefix.",
                )
            place = region(role.get("Tags"))
            if place not in (None, self._clients.region):
                raise elsewhere(resources_id, place, self._clients.region)
            arn = str(role["Arn"])
            policy = _policy(arn, self._clients.region, resources_id)
            client.put_role_policy(
                RoleName=name, PolicyName=_POLICY, PolicyDocument=json.dumps(policy)
            )
        return arn

    def _create(self, client: Any, name: str, resources_id: str) -> Any:
        try:
            return client.create_role(
                RoleName=name,
                AssumeRolePolicyDocument=json.dumps(_TRUST),
                Description="What functions deployed by sebs may do",
                Tags=[*tag_list(resources_id), {"Key": REGION, "Value": self._clients.region}],
            )["Role"]
        except client.exceptions.EntityAlreadyExistsException:
            # Another process made it just now.
            return client.get_role(RoleName=name)["Role"]


def role_name(resources_id: str) -> str:
    """Return the name of a deployment's role: 64 characters at most, of which 41 are the id's."""
    return f"sebs-lambda-{resources_id}"


def _policy(role_arn: str, region: str, resources_id: str) -> dict[str, Any]:
    """Return what functions may do: write their log, use their buckets, tables and each other."""
    _, partition, _, _, account, *_ = role_arn.split(":")
    buckets = f"arn:{partition}:s3:::sebs-*-{resources_id}"
    tables = f"arn:{partition}:dynamodb:{region}:{account}:table/{deployment_prefix(resources_id)}*"
    functions = f"arn:{partition}:lambda:{region}:{account}:function:sebs-{resources_id}-*"
    logs = f"arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/*"
    statements = [
        (["logs:CreateLogStream", "logs:PutLogEvents"], [f"{logs}:*"]),
        (["lambda:InvokeFunction"], [functions]),
        (["s3:ListBucket"], [buckets]),
        (["s3:GetObject", "s3:PutObject"], [f"{buckets}/*"]),
        (
            [
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
                "dynamodb:Query",
            ],
            [tables],
        ),
    ]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": resources}
            for actions, resources in statements
        ],
    }


def _pages(client: Any, operation: str, key: str, role: str) -> list[Any]:
    pages = client.get_paginator(operation).paginate(RoleName=role)
    return [item for page in pages for item in page[key]]
