"""Where this machine has credentials for AWS, found without the SDK and without asking AWS."""

from __future__ import annotations

import configparser
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from sebs.aws.session import REMEDY
from sebs.faas.config import SignIn

#: Variables of the SDK's chain besides an access key, and what they tell of.
#: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
_IDENTITIES = {
    "AWS_WEB_IDENTITY_TOKEN_FILE": "a web identity",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "the container",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "the container",
}

#: Variables that name the SDK's files, and where they are without.
_FILES = {
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
    "AWS_CONFIG_FILE": "~/.aws/config",
}

#: Settings of a profile by which it signs in; others, such as a region, do not.
_SIGNING_IN = frozenset(
    {
        "aws_access_key_id",
        "credential_process",
        "login_session",
        "role_arn",
        "sso_session",
        "sso_start_url",
        "web_identity_token_file",
    }
)

_NOT_LOOKED_FOR = "The role of an EC2 instance counts as well, and was not looked for."


def find_credentials(environment: Mapping[str, str]) -> SignIn:
    """Return where the SDK's default chain would find credentials; they are not read or tried.

    Args:
        environment: The environment variables.
    """
    key, secret = (
        environment.get(f"AWS_{part}") for part in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
    )
    if key and secret:
        return SignIn("the environment (AWS_ACCESS_KEY_ID)")
    if key:
        return SignIn("", "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not.")
    for variable, what in _IDENTITIES.items():
        if environment.get(variable):
            return SignIn(f"{what} ({variable})")
    chosen = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE")
    profile, unreadable = chosen or "default", ""
    for variable, usual in _FILES.items():
        path = environment.get(variable) or usual
        try:
            if profile in _profiles(Path(path).expanduser()):
                return SignIn(f"the profile {profile!r} ({path})")
        except (OSError, ValueError, configparser.Error) as error:
            unreadable += f"{path} cannot be read: {type(error).__name__}. "
    missing = f"The profile {chosen!r} has none. " if chosen else ""
    return SignIn("", f"{unreadable}{missing}{REMEDY} {_NOT_LOOKED_FOR}")


def _profiles(path: Path) -> Iterator[str]:
    """Yield the names of a file's profiles that sign in.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no text.
        configparser.Error: It has another format.
    """
    if not path.exists():
        return
    parser = configparser.RawConfigParser(default_section="")
    parser.read_string(path.read_text(encoding="utf-8"))
    for section in parser.sections():
        if _SIGNING_IN & set(parser.options(section)):
            yield _name(section)


def _name(section: str) -> str:
    """Return a profile's name: that of its section, after ``profile`` where the file says so."""
    kind, _, rest = section.partition(" ")
    return " ".join(shlex.split(rest)) if kind == "profile" and rest else section
