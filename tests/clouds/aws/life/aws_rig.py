"""AWS as the contract looks at it: what was asked of a server, and what the server has."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_servers import REGION, Server

from sebs.aws import clients
from sebs.faas.registry import load_system
from sebs.sebs_types import Language
from sebs.testing import Capability, SystemRig, system_factory

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLESECRET"
ACCOUNT = "123456789012"

#: Versions that a server on this machine can run.
VERSIONS = {
    Language.PYTHON: f"{sys.version_info.major}.{sys.version_info.minor}",
    Language.NODEJS: "20",
}

CONTROL_PLANE = frozenset(
    {
        Capability.HTTP,
        Capability.LIBRARY,
        Capability.STORAGE_TRIGGER,
        Capability.COLD_START,
        Capability.METRICS,
        Capability.STORAGE,
        Capability.DELETE,
        Capability.CLEANUP,
        Capability.CONTAINERS,
    }
)

#: How operations begin that change nothing, or change only what a running function does.
_READING = (
    "Get",
    "List",
    "Describe",
    "Head",
    "Filter",
    "StartQuery",
    "StopQuery",
    "Invoke",
    "AssumeRole",
)
_UPLOADS = ("lambda.CreateFunction", "lambda.UpdateFunctionCode", "s3.PutObject")


@dataclass
class Recorder:
    """Every call that the SDK makes, as ``service.Operation``, oldest first."""

    calls: list[str] = field(default_factory=list)

    @property
    def mutations(self) -> Sequence[str]:
        return [call for call in self.calls if not call.partition(".")[2].startswith(_READING)]

    def install(self, monkeypatch: pytest.MonkeyPatch) -> Recorder:
        original = clients.open_session

        def open_session(*arguments: Any) -> Any:
            session = original(*arguments)
            session.events.register("before-call", self._note)
            return session

        monkeypatch.setattr(clients, "open_session", open_session)
        return self

    def _note(self, model: Any, **_: Any) -> None:
        self.calls.append(f"{model.service_model.service_name}.{model.name}")


def section(server: Server, **more: Any) -> dict[str, Any]:
    """The section ``deployment.aws`` for a server."""
    return {
        "region": REGION,
        "endpoint_url": server.url,
        "credentials": {"access_key": ACCOUNT, "secret_key": SECRET},
        **more,
    }


def inventory(server: Server, resources_id: str) -> set[str]:
    """What a server has of a deployment: functions by name, all else by what it is and its name."""
    functions = server.client("lambda")
    own = {
        each["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if functions.list_tags(Resource=each["FunctionArn"])["Tags"].get("sebs:resource-id")
        == resources_id
    }
    return own | {
        f"{kind} {name}" for kind, name in others(server) if _belongs(name, resources_id, own)
    }


def _belongs(name: str, resources_id: str, functions: set[str]) -> bool:
    """Whether something is named after a deployment, or after one of its functions."""
    last = name.rpartition("/")[2].rpartition(" ")[2]
    return (
        last in functions or re.fullmatch(rf"sebs-(\w+-)?{resources_id}(__.*)?", last) is not None
    )


def log_groups(server: Server) -> list[str]:
    pages = server.client("logs").get_paginator("describe_log_groups").paginate()
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]


def others(server: Server) -> list[tuple[str, str]]:
    """Everything that is no function, whoever it belongs to."""
    found = [("log", name) for name in log_groups(server)]
    buckets = server.client("s3").list_buckets()["Buckets"]
    found += [("bucket", bucket["Name"]) for bucket in buckets]
    for page in server.client("iam").get_paginator("list_roles").paginate():
        found += [("role", role["RoleName"]) for role in page["Roles"]]
    for page in server.client("dynamodb").get_paginator("list_tables").paginate():
        found += [("table", name) for name in page["TableNames"]]
    apis = server.client("apigatewayv2").get_apis()["Items"]
    found += [("api", f"{api['ApiId']} {api['Name']}") for api in apis]
    for page in server.client("ecr").get_paginator("describe_repositories").paginate():
        found += [("repository", each["repositoryName"]) for each in page["repositories"]]
    return found


def count_invocations(server: Server, name: str) -> int:
    """Count how often Lambda's log says that the handler was started."""
    client = server.client("logs")
    group = f"/aws/lambda/{name}"
    if group not in log_groups(server):
        return 0
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group)
    events = [event["message"] for page in pages for event in page["events"]]
    return sum(message.startswith("START RequestId") for message in events)


def aws_rig(
    server: Server,
    recorder: Recorder,
    capabilities: frozenset[Capability],
    language: Language = Language.PYTHON,
) -> SystemRig:
    return SystemRig(
        make_system=system_factory(load_system("aws"), section(server)),
        capabilities=capabilities,
        inventory=lambda resources_id: inventory(server, resources_id),
        mutations=lambda: recorder.mutations,
        is_upload=lambda call: call in _UPLOADS,
        delete_function=lambda name: server.client("lambda").delete_function(FunctionName=name),
        count_invocations=lambda name: count_invocations(server, name),
        secrets=lambda: [SECRET],
        language=language,
        language_version=VERSIONS[language],
    )
