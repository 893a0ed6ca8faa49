"""The shape of the section ``deployment.aws``; apart, since it imports pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, StringConstraints

from sebs.aws.endpoints import SERVICES, Endpoints
from sebs.config import unknown_key
from sebs.config_schema import Strict, check
from sebs.errors import Problem
from sebs.s3.connection import endpoint_fault

_SECTION = "deployment.aws"
_RESOURCES_ID = r"^[a-z0-9][a-z0-9-]{0,40}$"

_Role = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")]

#: SeBS's files have an empty string where there is none.
_RoleOrNone = Annotated[_Role | None, BeforeValidator(lambda value: value or None)]


class CredentialsOptions(Strict):
    """``credentials``: how we sign in; without it, the SDK's default chain.

    Attributes:
        profile: Profile of the SDK's configuration.
        access_key: An access key, with its secret; better left to the default chain.
        secret_key: Its secret.
        session_token: The token of temporary credentials.
        role_arn: A role that is assumed with the credentials found.
        external_id: What the role's owner asks for, if anything.
        account_id: The account, as the cache of SeBS has it; asked of AWS here.
    """

    profile: str | None = Field(default=None, min_length=1)
    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    session_token: SecretStr | None = None
    role_arn: _Role | None = None
    external_id: str | None = Field(default=None, min_length=2)
    account_id: str | None = None


class ResourcesOptions(Strict):
    """``resources``: which deployment is taken up, and what it may use that exists already.

    The keys with a dash are those of SeBS's files.

    Attributes:
        resources_id: The deployment.
        storage_buckets: Its buckets.
        lambda_role: ARN of a role for the functions; without it, the deployment makes one.
        http_apis: SeBS's memory of its HTTP APIs; not used.
        container_repository: Name of an ECR repository that exists; without it, one is made.
        docker: SeBS's registry settings; not used, the SDK tells them.
        use_function_url: Whether HTTP triggers are function URLs; else they are HTTP APIs.
        function_url_auth_type: Who may call: signed requests only, or everybody.
    """

    resources_id: str | None = Field(default=None, pattern=_RESOURCES_ID)
    storage_buckets: dict[str, str] = Field(default_factory=dict)
    lambda_role: _RoleOrNone = Field(default=None, alias="lambda-role")
    http_apis: dict[str, Any] | None = Field(default=None, alias="http-apis")
    container_repository: str | None = Field(default=None, alias="container-repository")
    docker: dict[str, Any] | None = None
    use_function_url: bool = Field(default=True, alias="use-function-url")
    function_url_auth_type: Literal["AWS_IAM", "NONE"] = Field(
        default="AWS_IAM", alias="function-url-auth-type"
    )


class AWSOptions(Strict):
    """The section itself.

    Attributes:
        region: Where functions are deployed; without it, the SDK's default chain tells.
        endpoint_url: Where all services are, if not with Amazon.
        endpoint_urls: Where single services are; wins over ``endpoint_url``.
        log_format: How functions write their log.
        base_images: Images that container images of functions are built upon, by language;
            ``{version}`` and ``{architecture}`` in them are replaced.
        lambda_role: Where SeBS's own example has it; that of ``resources`` wins.
    """

    name: Literal["aws"] = "aws"
    region: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]*$")
    credentials: CredentialsOptions = Field(default_factory=CredentialsOptions)
    endpoint_url: str | None = None
    endpoint_urls: dict[str, str] = Field(default_factory=dict)
    log_format: Literal["Text", "JSON"] = "Text"
    base_images: dict[Literal["python", "nodejs"], str] = Field(default_factory=dict)
    resources: ResourcesOptions = Field(default_factory=ResourcesOptions)
    lambda_role: _RoleOrNone = Field(default=None, alias="lambda-role")

    def endpoints(self) -> Endpoints:
        """Return where the services are."""
        return Endpoints(self.endpoint_url, dict(self.endpoint_urls))


def problems(section: Mapping[str, Any]) -> list[Problem]:
    """Return everything that is wrong with the section."""
    if found := check(_SECTION, AWSOptions, section):
        return found
    options = AWSOptions.model_validate(dict(section))
    return [*_endpoint_problems(options), *_credential_problems(options.credentials)]


def _endpoint_problems(options: AWSOptions) -> list[Problem]:
    found = [
        unknown_key(f"{_SECTION}.endpoint_urls.{service}", service, SERVICES)
        for service in options.endpoint_urls
        if service not in SERVICES
    ]
    given = {f"endpoint_urls.{service}": url for service, url in options.endpoint_urls.items()}
    if options.endpoint_url is not None:
        given["endpoint_url"] = options.endpoint_url
    for key, url in given.items():
        if fault := endpoint_fault(url):
            found.append(Problem(f"{_SECTION}.{key}", fault))
    return found


def _credential_problems(credentials: CredentialsOptions) -> list[Problem]:
    path = f"{_SECTION}.credentials"
    key, secret = credentials.access_key, credentials.secret_key
    if (key is None) != (secret is None):
        missing = "secret_key" if secret is None else "access_key"
        return [Problem(f"{path}.{missing}", "must be given with the other half of the pair")]
    if credentials.session_token is not None and key is None:
        return [Problem(f"{path}.session_token", "belongs to an access_key, which is missing")]
    if key is not None and credentials.profile is not None:
        return [Problem(f"{path}.profile", "cannot be given together with an access_key")]
    if credentials.external_id is not None and credentials.role_arn is None:
        return [Problem(f"{path}.external_id", "has a meaning for a role_arn only")]
    return []
