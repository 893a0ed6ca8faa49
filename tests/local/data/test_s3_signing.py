"""Signatures of the functions' clients, compared with those of the SDK."""

import calendar
import hashlib
import time
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st
from s3_doubles import NodeClient
from wrappers_doubles import load

SIGNING = load("aws_sigv4")
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

CREDENTIALS = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TOKENS = st.sampled_from(["", "IQoJb3JpZ2luX2VjE/+==", "t" * 400])
ODD = st.sampled_from([*"+%~'()*!&=?#:@$,;\\ /ü", "//", "%2F", "💥", "..", "\n"])
KEYS = st.lists(ODD | st.text(max_size=3), min_size=1, max_size=6).map("".join)
KEYS = KEYS.filter(bool)
MOMENTS = st.integers(0, 2**32)


class Caught(Exception):  # noqa: N818 - no error
    """A request of the SDK, signed and not sent."""


def credentials_with(token):
    access_key, secret_key = CREDENTIALS
    return {"access_key": access_key, "secret_key": secret_key, "token": token}


def requests_of_the_sdk(endpoint, region, token):
    """Return a client of the SDK that raises what it would send."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=CREDENTIALS[0],
        aws_secret_access_key=CREDENTIALS[1],
        aws_session_token=token or None,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"max_attempts": 0},
            response_checksum_validation="when_required",
        ),
    )

    def catch(request, **_):
        raise Caught(request)

    client.meta.events.register("before-send.s3", catch)
    return client


CLIENTS = {
    (endpoint, token): requests_of_the_sdk(endpoint, "eu-south-2", token)
    for endpoint in ("http://127.0.0.1:9000", "http://storage.example", "http://[::1]:9")
    for token in ("", "IQoJb3JpZ2luX2VjE/+==", "t" * 400)
}


@pytest.fixture(scope="module")
def node():
    with NodeClient({}) as client:
        yield client


def sign_in_python(**given):
    path = SIGNING.encode_path(given.pop("path"))
    query = SIGNING.encode_query(given.pop("query"))
    credentials = SIGNING.Credentials(**given.pop("credentials"))
    scope = SIGNING.Scope(**given.pop("scope"))
    signed = SIGNING.sign(path=path, query=query, credentials=credentials, scope=scope, **given)
    return path, query, signed


def sign_in_node(node, payload_hash, credentials, **given):
    access_key, secret_key, token = credentials.values()
    names = {"accessKey": access_key, "secretKey": secret_key, "token": token}
    return tuple(node("sign", payloadHash=payload_hash, credentials=names, **given))


def compare(sign, operation, path, query, endpoint, token, **given):
    """Compare with the SDK's request: what is sent, and how it is signed."""
    client = CLIENTS[endpoint, token]
    with pytest.raises(Caught) as caught:
        getattr(client, operation)(**given)
    sent = caught.value.args[0]
    headers = {name.lower(): value for name, value in sent.headers.items()}
    headers = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in headers.items()
    }
    moment = time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    encoded, search, signed = sign(
        method="GET",
        path=path,
        query=query,
        headers={"host": urlsplit(endpoint).netloc},
        payload_hash=EMPTY,
        credentials=credentials_with(token),
        scope={"region": "eu-south-2", "service": "s3"},
        now=calendar.timegm(moment),
    )
    url = urlsplit(sent.url)
    assert encoded == url.path
    # The SDK sends the arguments in any order and signs them sorted.
    assert search.split("&") == sorted(url.query.split("&"))
    host = signed.pop("host")
    assert host == url.netloc
    assert signed == {name: headers[name] for name in signed}


ENDPOINTS = st.sampled_from(sorted({endpoint for endpoint, _ in CLIENTS}))


@given(key=KEYS, token=TOKENS, endpoint=ENDPOINTS)
@example(key="a//b", token="", endpoint="http://storage.example")
def test_objects_in_python(key, token, endpoint):
    path = f"/bucket/{key}"
    compare(sign_in_python, "get_object", path, {}, endpoint, token, Bucket="bucket", Key=key)


@given(prefix=KEYS, token=TOKENS, page=KEYS, endpoint=ENDPOINTS)
def test_lists_in_python(prefix, token, page, endpoint):
    compare(
        sign_in_python,
        "list_objects_v2",
        "/bucket",
        {
            "list-type": "2",
            "prefix": prefix,
            "continuation-token": page,
            "encoding-type": "url",
        },
        endpoint,
        token,
        Bucket="bucket",
        Prefix=prefix,
        ContinuationToken=page,
    )


@given(body=st.binary(max_size=20), token=TOKENS, now=MOMENTS, region=st.sampled_from(["r-1", "x"]))
def test_other_services_in_python(body, token, now, region):
    headers = {"host": "127.0.0.1:8000", "content-type": "a/b", "x-amz-target": "Service.Call"}
    _, _, signed = sign_in_python(
        method="POST",
        path="/",
        query={},
        headers=headers,
        payload_hash=hashlib.sha256(body).hexdigest(),
        credentials=credentials_with(token),
        scope={"region": region, "service": "dynamodb"},
        now=now,
    )
    authorization = signed.pop("authorization")
    request = AWSRequest("POST", "http://127.0.0.1:8000/", dict(signed), body)
    request.context["timestamp"] = signed["x-amz-date"]
    signer = SigV4Auth(Credentials(*CREDENTIALS, token or None), "dynamodb", region)
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    assert authorization.endswith(f"Signature={signer.signature(to_sign, request)}")
    assert f"Credential={signer.scope(request)}," in authorization


@pytest.mark.node
@given(
    path=KEYS.map(lambda key: f"/{key}"),
    query=st.dictionaries(KEYS | st.sampled_from(["prefix", "prefix-x", "prefix="]), KEYS),
    token=TOKENS,
    now=MOMENTS,
    region=st.sampled_from(["us-east-1", "eu-south-2"]),
    service=st.sampled_from(["s3", "dynamodb"]),
    headers=st.sampled_from([{}, {"content-type": "a/b", "x-amz-target": "T.Call"}]),
    payload_hash=st.binary(min_size=32, max_size=32).map(bytes.hex),
    method=st.sampled_from(["GET", "PUT"]),
)
@example("/a", {"prefix": "a", "prefix-x": "b"}, "", 0, "r", "s3", {}, EMPTY, "GET")
def test_node_signs_as_python(
    node, path, query, token, now, region, service, headers, payload_hash, method
):
    given = {
        "method": method,
        "path": path,
        "query": query,
        "headers": {"host": "127.0.0.1:9000", **headers},
        "payload_hash": payload_hash,
        "credentials": credentials_with(token),
        "scope": {"region": region, "service": service},
        "now": now,
    }
    assert sign_in_node(node, **given) == sign_in_python(**given)
