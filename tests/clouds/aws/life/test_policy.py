"""The policy that a user of AWS needs, enforced: a server evaluates it at every call.

The server is told to evaluate policies (``AUTH=true``); the user that signs in has the documented
policy and nothing else. So a permission that is missing fails here as it does at AWS. The other
direction is tested by the calls that were made: what no call needs must not be in the policy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_rig import ACCOUNT, VERSIONS, Recorder, section
from aws_servers import REGION, Server

from sebs import SeBS
from sebs.errors import AccessDeniedError
from sebs.faas.system import System
from sebs.faas.trigger import Trigger
from sebs.sebs_types import Language, StorageBucketType

POLICY = json.loads(
    (Path(__file__).parents[4] / "docs" / "platforms" / "aws-policy.json").read_text()
)

#: Operation of the SDK to the actions that it needs, where the names differ or there are several:
#: https://docs.aws.amazon.com/service-authorization/latest/reference/
ACTIONS: dict[str, set[str]] = {
    "sts.GetCallerIdentity": set(),  # needs no permission
    "lambda.Invoke": {"lambda:InvokeFunction"},
    "lambda.CreateFunction": {"lambda:CreateFunction", "lambda:TagResource", "iam:PassRole"},
    "lambda.UpdateFunctionConfiguration": {"lambda:UpdateFunctionConfiguration", "iam:PassRole"},
    "iam.CreateRole": {"iam:CreateRole", "iam:TagRole"},
    "logs.CreateLogGroup": {"logs:CreateLogGroup", "logs:TagResource"},
    "s3.ListBuckets": {"s3:ListAllMyBuckets"},
    "s3.ListObjectsV2": {"s3:ListBucket"},
    "s3.ListObjectVersions": {"s3:ListBucketVersions"},
    "s3.ListMultipartUploads": {"s3:ListBucketMultipartUploads"},
    "s3.HeadObject": {"s3:GetObject"},
    "s3.HeadBucket": {"s3:ListBucket"},
    "s3.CreateMultipartUpload": {"s3:PutObject"},
    "s3.UploadPart": {"s3:PutObject"},
    "s3.CompleteMultipartUpload": {"s3:PutObject"},
    "s3.DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "s3.GetBucketNotificationConfiguration": {"s3:GetBucketNotification"},
    "s3.PutBucketNotificationConfiguration": {"s3:PutBucketNotification"},
    "s3.PutPublicAccessBlock": {"s3:PutBucketPublicAccessBlock"},
    "dynamodb.CreateTable": {"dynamodb:CreateTable", "dynamodb:TagResource"},
    "apigatewayv2.CreateApi": {"apigateway:POST", "apigateway:TagResource"},
    "apigatewayv2.CreateIntegration": {"apigateway:POST"},
    "apigatewayv2.CreateRoute": {"apigateway:POST"},
    "apigatewayv2.CreateStage": {"apigateway:POST"},
    "apigatewayv2.GetApis": {"apigateway:GET"},
    "apigatewayv2.GetIntegrations": {"apigateway:GET"},
    "apigatewayv2.GetRoutes": {"apigateway:GET"},
    "apigatewayv2.GetStages": {"apigateway:GET"},
    "apigatewayv2.GetStage": {"apigateway:GET"},
    "apigatewayv2.GetDeployment": {"apigateway:GET"},
    "apigatewayv2.GetDeployments": {"apigateway:GET"},
    "apigatewayv2.UpdateRoute": {"apigateway:PATCH"},
    "apigatewayv2.UpdateIntegration": {"apigateway:PATCH"},
    "apigatewayv2.DeleteApi": {"apigateway:DELETE"},
    "ecr.CreateRepository": {"ecr:CreateRepository", "ecr:TagResource"},
    "resourcegroupstaggingapi.GetResources": {"tag:GetResources"},
}

#: What the life below does without the SDK: signed URLs, and a registry's own protocol.
#: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
BEYOND_THE_SDK = {
    "lambda:InvokeFunctionUrl",
    "execute-api:Invoke",
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
}

#: What only happens in states that this life does not come into: another process was killed, or
#: made the same at once; a trigger is replaced by one of another kind; images are deployed.
RARE = {
    "apigateway:PATCH",
    "lambda:DeleteFunctionUrlConfig",
    "logs:ListTagsForResource",
    "iam:DetachRolePolicy",
    "s3:AbortMultipartUpload",
    "lambda:RemovePermission",
    "lambda:UpdateFunctionUrlConfig",
    "logs:FilterLogEvents",
    "logs:StopQuery",
    "ecr:DescribeImages",
    "ecr:GetAuthorizationToken",
    "ecr:DeleteRepository",
    "ecr:SetRepositoryPolicy",
    "ecr:ListTagsForResource",
    "ecr:CreateRepository",
    "ecr:TagResource",
}


#: What this server judges without looking for the resource in the request's body.
BLIND = [
    "dynamodb:ListTagsOfResource",
    "lambda:CreateFunction",
    "ecr:CreateRepository",
    "ecr:DeleteRepository",
    "ecr:DescribeImages",
    "ecr:DescribeRepositories",
]


def as_judged(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy as the server needs it: the blind actions, if permitted at all, on everything."""
    actions = sorted(set(BLIND) & granted(policy))
    if not actions:
        return policy
    blind = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return {**policy, "Statement": [*policy["Statement"], blind]}


def granted(policy: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for statement in policy["Statement"]:
        actions = statement["Action"]
        found |= {actions} if isinstance(actions, str) else set(actions)
    return found


def without(action: str) -> dict[str, Any]:
    """The policy without one action."""
    statements = []
    for statement in POLICY["Statement"]:
        actions = statement["Action"]
        listed = [actions] if isinstance(actions, str) else actions
        left = [each for each in listed if each != action]
        if left:
            statements.append({**statement, "Action": left})
    return {**POLICY, "Statement": statements}


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server("ministack", tmp_path_factory.mktemp("guarded") / "log", AUTH="true")
    yield server
    server.close()


def sign_up(server: Server, policy: dict[str, Any]) -> dict[str, str]:
    """Make a user that may do what the policy says; return the credentials."""
    iam = server.client("iam", ACCOUNT)
    name = f"user-{len(iam.list_users()['Users'])}"
    iam.create_user(UserName=name)
    arn = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(as_judged(policy)))[
        "Policy"
    ]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


class Life:
    """A deployment of a user, from its first call to its last."""

    def __init__(self, client: SeBS, server: Server, policy: dict[str, Any], **more: Any) -> None:
        own = section(server, **more) | {"credentials": sign_up(server, policy)}
        self.client = client
        self.system: System = client.get_deployment({"name": "aws", "aws": own})
        self.experiment = client.get_experiment_config(
            {"runtime": {"language": "python", "version": VERSIONS[Language.PYTHON]}}
        )

    def deploy(self, name: str) -> tuple[Any, Any, dict[str, Any]]:
        benchmark = self.client.get_benchmark(name, self.system, self.experiment)
        payload = benchmark.prepare_input(self.system.system_resources, "test")
        return benchmark, self.system.get_function(benchmark), payload

    def run(self) -> None:
        system = self.system
        system.initialize()
        benchmark, function, payload = self.deploy("311.compression")
        for kind in (
            Trigger.TriggerType.LIBRARY,
            Trigger.TriggerType.HTTP,
            Trigger.TriggerType.STORAGE,
        ):
            found = function.triggers(kind)
            trigger = found[0] if found else system.create_trigger(function, kind)
            result = trigger.sync_invoke(payload)
            assert not result.stats.failure, result.error
            storage = system.system_resources.get_storage()
            assert benchmark.validate_output(payload, result.output, storage) is None
        system.enforce_cold_start([function], benchmark)
        benchmark.benchmark_config.memory = 512
        self.experiment.update_code = True
        benchmark, function, payload = self.deploy("311.compression")
        result = function.triggers(Trigger.TriggerType.LIBRARY)[0].sync_invoke(payload)
        requests = {result.request_id: result}
        moment = int(result.times.client_begin.timestamp())
        system.download_metrics(function.name, moment - 60, moment + 60, requests, {})
        system.system_resources.get_storage().get_bucket(StorageBucketType.DEPLOYMENT)
        nosql = system.system_resources.get_nosql_storage()
        nosql.create_benchmark_tables("311.compression", "table", "key")
        nosql.write_to_table("311.compression", "table", {"value": 1}, ("key", "a"))
        nosql.clear_table(nosql.get_tables("311.compression")["table"])
        system.attach_function(function.name)

    def close(self) -> dict[str, list[str]]:
        self.system.cleanup_resources()
        return self.system.cleanup_resources(dry_run=True)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[SeBS]:
    with SeBS(tmp_path / "cache", tmp_path / "output") as made:
        yield made


def test_the_policy_permits_the_whole_life_and_nothing_that_no_call_needs(
    guarded: Server, client: SeBS, recorder: Recorder, tmp_path: Path
) -> None:
    life = Life(client, guarded, POLICY)
    life.run()
    assert not any(life.close().values())
    with SeBS(tmp_path / "second", tmp_path / "output") as second:
        # The same with HTTP APIs, and a large package through S3.
        life = Life(second, guarded, POLICY, resources={"use-function-url": False})
        life.run()
        assert not any(life.close().values())
    needed = set(BEYOND_THE_SDK)
    for call in set(recorder.calls):
        service, _, operation = call.partition(".")
        needed |= ACTIONS.get(call, {f"{service}:{operation}"})
    assert needed - granted(POLICY) == set()
    assert granted(POLICY) - needed <= RARE


@pytest.mark.parametrize(
    "action",
    [
        "lambda:CreateFunction",
        "iam:CreateRole",
        "logs:CreateLogGroup",
        "s3:CreateBucket",
        "lambda:CreateFunctionUrlConfig",
        "s3:PutBucketNotification",
    ],
)
def test_a_denied_action_is_named_and_what_was_made_can_be_cleaned_up(
    guarded: Server, client: SeBS, action: str
) -> None:
    life = Life(client, guarded, without(action))
    with pytest.raises(AccessDeniedError) as caught:
        life.run()
    assert caught.value.action == action
    assert action in str(caught.value)
    assert "aws-policy.json" in str(caught.value)
    assert not any(life.close().values())


def test_functions_may_use_their_own_deployment_and_no_other(guarded: Server, client: SeBS) -> None:
    life = Life(client, guarded, POLICY)
    life.system.initialize()
    _, function, payload = life.deploy("311.compression")
    foreign = guarded.client("s3", ACCOUNT)
    foreign.create_bucket(
        Bucket="sebs-benchmarks-foreign", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    payload["bucket"]["bucket"] = "sebs-benchmarks-foreign"
    result = function.triggers(Trigger.TriggerType.LIBRARY)[0].sync_invoke(payload)
    assert result.stats.failure
    assert "AccessDenied" in (result.error or "")
    life.close()
