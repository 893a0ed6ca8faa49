"""The role of a deployment: made once, permitting little, and never somebody else's."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aws_answers import answer
from aws_rig import ACCOUNT, SECRET, Recorder
from aws_servers import REGION, Server

from sebs.aws.clients import Clients
from sebs.aws.config import AWSConfig, AWSCredentials, AWSResources
from sebs.aws.endpoints import Endpoints
from sebs.aws.roles import Roles, role_name
from sebs.errors import ConfigurationError, PlatformError

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:any"
Make = Callable[..., Roles]


@pytest.fixture
def iam(moto: Server) -> Any:
    return moto.client("iam")


@pytest.fixture
def rid() -> str:
    return f"roles-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def make(moto: Server, rid: str, recorder: Recorder) -> Iterator[Make]:
    """Makes what a process has of the deployment's role."""
    opened: list[Clients] = []

    def roles(lambda_role: str | None = None, region: str = REGION) -> Roles:
        resources = AWSResources(lambda_role)
        resources.resources_id = rid
        config = AWSConfig(AWSCredentials(ACCOUNT, SECRET), resources, region, Endpoints(moto.url))
        opened.append(Clients(region, config.credentials, config.endpoints))
        made = Roles(opened[-1], config)
        made.client = opened[-1].control("iam")  # type: ignore[attr-defined]
        return made

    yield roles
    for clients in opened:
        clients.close()


def policy(iam: Any, rid: str) -> dict[str, list[str]]:
    """Return action to resources, of the one policy that a deployment's role has."""
    name = role_name(rid)
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    (inline,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=inline)["PolicyDocument"]
    assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}
    return {
        action: statement["Resource"]
        for statement in document["Statement"]
        for action in statement["Action"]
    }


def test_the_role_is_tagged_and_only_lambda_may_take_it(make: Make, iam: Any, rid: str) -> None:
    arn = make().ensure()
    role = iam.get_role(RoleName=role_name(rid))["Role"]
    assert role["Arn"] == arn
    assert {"Key": "sebs:resource-id", "Value": rid} in role["Tags"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"


def test_the_role_permits_nothing_beyond_its_deployment(make: Make, iam: Any, rid: str) -> None:
    make().ensure()
    permitted = policy(iam, rid)
    assert set(permitted) == {
        "lambda:InvokeFunction",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:ListBucket",
        "s3:GetObject",
        "s3:PutObject",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
    }
    assert permitted["s3:ListBucket"] == [f"arn:aws:s3:::sebs-*-{rid}"]
    assert permitted["s3:GetObject"] == [f"arn:aws:s3:::sebs-*-{rid}/*"]
    (tables,) = permitted["dynamodb:Query"]
    assert tables.startswith(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/sebs-benchmarks-{rid}")
    (logs,) = permitted["logs:PutLogEvents"]
    assert logs.startswith(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/")


def test_many_threads_settle_it_once(make: Make, rid: str, recorder: Recorder) -> None:
    roles = make()
    recorder.calls.clear()
    with ThreadPoolExecutor(8) as threads:
        arns = set(threads.map(lambda _: roles.ensure(), range(16)))
    assert len(arns) == 1
    assert recorder.calls == ["iam.GetRole", "iam.CreateRole", "iam.PutRolePolicy"]
    assert roles.expected(FUNCTION) == arns.pop()


def test_a_later_process_takes_it_up_and_repairs_its_policy(make: Make, iam: Any, rid: str) -> None:
    arn = make().ensure()
    wanted = policy(iam, rid)
    (inline,) = iam.list_role_policies(RoleName=role_name(rid))["PolicyNames"]
    iam.delete_role_policy(RoleName=role_name(rid), PolicyName=inline)
    later = make()
    assert later.expected(FUNCTION) == arn
    assert later.ensure() == arn
    assert policy(iam, rid) == wanted


def test_a_process_that_comes_second_takes_what_the_first_made(make: Make, rid: str) -> None:
    roles, other = make(), make()
    arn = other.ensure()
    absent = "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>.</Message></Error></ErrorResponse>"  # noqa: E501 - one answer
    answer(roles.client, "GetRole", (404, absent))  # type: ignore[attr-defined]
    assert roles.ensure() == arn


def test_somebody_elses_role_of_that_name_stays_as_it_is(make: Make, iam: Any, rid: str) -> None:
    iam.create_role(RoleName=role_name(rid), AssumeRolePolicyDocument=TRUST)
    roles = make()
    with pytest.raises(PlatformError, match=rid) as caught:
        roles.ensure()
    assert "lambda-role" in (caught.value.remedy or "")
    assert iam.list_role_policies(RoleName=role_name(rid))["PolicyNames"] == []
    assert not roles.exists()


def test_a_deployment_in_another_region_keeps_its_role(make: Make, iam: Any, rid: str) -> None:
    make().ensure()
    permitted = policy(iam, rid)
    elsewhere = make(region="eu-west-1")
    with pytest.raises(ConfigurationError, match=rid) as caught:
        elsewhere.ensure()
    assert "'eu-west-1'" in str(caught.value)
    # Cleaning up there finds none, and so leaves it.
    assert not elsewhere.exists()
    assert policy(iam, rid) == permitted


def test_a_role_that_was_given_is_never_asked_for_nor_changed(
    make: Make, recorder: Recorder
) -> None:
    given = f"arn:aws:iam::{ACCOUNT}:role/given"
    roles = make(given)
    recorder.calls.clear()
    assert (roles.ensure(), roles.expected(FUNCTION)) == (given, given)
    assert recorder.calls == []


def test_it_is_deleted_with_all_that_was_attached(make: Make, iam: Any, rid: str) -> None:
    roles = make()
    roles.ensure()
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    attached = iam.create_policy(PolicyName=rid, PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role_name(rid), PolicyArn=attached)
    assert roles.exists()
    roles.delete()
    assert not roles.exists()
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=role_name(rid))
    roles.delete()  # which is harmless
    assert roles.ensure()  # and it can be made again
