"""HTTP APIs of API Gateway: another address of one function, signed requests only unless public.

An API has the function's name and the deployment's tags, by which it is found again. Each of its
parts is looked for before it is made, so whoever was killed on the way is continued by the next.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.aws.faults import explained
from sebs.aws.permissions import permit, statement_id
from sebs.aws.waiting import wait_for
from sebs.errors import PlatformError
from sebs.faas.tags import owner, tags

if TYPE_CHECKING:
    from sebs.aws.clients import Clients

#: Seconds until API Gateway gives up an invocation; it cannot be raised.
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
LONGEST = 30

#: Seconds that the deployment of a stage may take.
_DEPLOYED_WITHIN = 60.0

_ROUTE, _STAGE = "POST /", "$default"

_SIGNED, _PUBLIC = "AWS_IAM", "NONE"


def ensure_http_api(
    clients: Clients, function: str, arn: str, resources_id: str, public: bool
) -> str:
    """Return the URL of a function's HTTP API; what it lacks is made.

    Args:
        clients: The deployment's clients.
        function: The function's name, which is the API's as well.
        arn: The function's ARN.
        resources_id: The deployment.
        public: Whether everybody may call it.

    Raises:
        PlatformError: AWS refused.
    """
    client = clients.control("apigatewayv2")
    with explained(f"Making the HTTP API of the function {function}"):
        api = _find(clients, function, resources_id) or client.create_api(
            Name=function, ProtocolType="HTTP", Tags=tags(resources_id)
        )
        api_id = api["ApiId"]
        _ensure_route(client, api_id, _ensure_integration(client, api_id, arn), public)
        _ensure_stage(client, api_id)
        _wait_until_deployed(client, api_id)
    _, partition, _, region, account, *_ = arn.split(":")
    permit(
        clients,
        function,
        statement_id("http-api", api_id),
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:{partition}:execute-api:{region}:{account}:{api_id}/*",
    )
    return str(api["ApiEndpoint"]) + "/"


def close_http_api(clients: Clients, function: str, resources_id: str) -> None:
    """Let nobody call a function by its HTTP API without a signature; harmless without one.

    Raises:
        PlatformError: AWS refused.
    """
    client = clients.control("apigatewayv2")
    with explained(f"Looking whether the HTTP API of the function {function} is public"):
        api = _find(clients, function, resources_id)
        for route in _pages(client, "get_routes", ApiId=api["ApiId"]) if api else ():
            if route.get("AuthorizationType") != _SIGNED:
                client.update_route(
                    ApiId=api["ApiId"], RouteId=route["RouteId"], AuthorizationType=_SIGNED
                )


def http_apis(clients: Clients, resources_id: str) -> dict[str, str]:
    """Return the HTTP APIs that a deployment has: identifier to name.

    Raises:
        PlatformError: AWS refused.
    """
    with explained("Listing the HTTP APIs"):
        return {
            api["ApiId"]: api["Name"]
            for api in _pages(clients.control("apigatewayv2"), "get_apis")
            if owner(api.get("Tags")) == resources_id
        }


def delete_http_api(clients: Clients, api_id: str) -> None:
    """Delete an HTTP API and all its parts; harmless where there is none.

    Raises:
        PlatformError: AWS refused.
    """
    client = clients.control("apigatewayv2")
    with explained(f"Deleting the HTTP API {api_id}"):
        try:
            client.delete_api(ApiId=api_id)
        except client.exceptions.NotFoundException:
            return


def _find(clients: Clients, function: str, resources_id: str) -> Any:
    """Return the deployment's API of that name; names of APIs are not unique."""
    found = (
        api
        for api in _pages(clients.control("apigatewayv2"), "get_apis")
        if api["Name"] == function and owner(api.get("Tags")) == resources_id
    )
    return min(found, key=lambda api: str(api["ApiId"]), default=None)


def _ensure_integration(client: Any, api_id: str, arn: str) -> str:
    for found in _pages(client, "get_integrations", ApiId=api_id):
        if found.get("IntegrationUri") == arn:
            return str(found["IntegrationId"])
    made = client.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=arn,
        PayloadFormatVersion="2.0",
        TimeoutInMillis=LONGEST * 1000,
    )
    return str(made["IntegrationId"])


def _ensure_route(client: Any, api_id: str, integration: str, public: bool) -> None:
    wanted = {
        "AuthorizationType": _PUBLIC if public else _SIGNED,
        "Target": f"integrations/{integration}",
    }
    for found in _pages(client, "get_routes", ApiId=api_id):
        if found["RouteKey"] == _ROUTE:
            if any(found.get(key) != value for key, value in wanted.items()):
                client.update_route(ApiId=api_id, RouteId=found["RouteId"], **wanted)
            return
    client.create_route(ApiId=api_id, RouteKey=_ROUTE, **wanted)


def _ensure_stage(client: Any, api_id: str) -> None:
    stages = _pages(client, "get_stages", ApiId=api_id)
    if not any(stage["StageName"] == _STAGE for stage in stages):
        client.create_stage(ApiId=api_id, StageName=_STAGE, AutoDeploy=True)


def _wait_until_deployed(client: Any, api_id: str) -> None:
    """Wait until the stage has its routes; before, it answers 404."""

    def ask() -> bool | None:
        states = {
            found["DeploymentStatus"]: found.get("DeploymentStatusMessage", "")
            for found in _pages(client, "get_deployments", ApiId=api_id)
        }
        if "FAILED" in states:
            raise PlatformError(f"The HTTP API {api_id} was not deployed: {states['FAILED']}")
        return None if "PENDING" in states else True

    wait_for(f"The deployment of the HTTP API {api_id}", ask, _DEPLOYED_WITHIN)


def _pages(client: Any, operation: str, **arguments: Any) -> Any:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page["Items"]
