"""The engine's API, spoken with a server of the test's own; no Docker is needed."""

import asyncio
import contextlib
import json
import os

import pytest

from sebs.local.gateway.container_spec import Place, cpu_share, describe, user
from sebs.local.gateway.containers import ContainerSandbox
from sebs.local.gateway.engine import Engine, EngineError, engine_socket
from sebs.local.gateway.functions import Container, DefinitionError, parse_definition
from sebs.local.gateway.sandbox import Order


@contextlib.asynccontextmanager
async def answering(path, answer):
    """Serve one answer for every request; yield the requests."""
    requests = []

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        requests.append((head.split(b"\r\n")[0].decode(), await reader.readexactly(length)))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield requests
    finally:
        server.close()
        await server.wait_closed()


def ask(tmp_path, answer, use, patience=5.0):
    """Return what a use of the engine gives, and what was requested."""

    async def run():
        path = str(tmp_path / "engine")
        async with answering(path, answer) as requests:
            return await use(Engine(path, patience)), requests

    return asyncio.run(run())


def http(status, body=b""):
    return f"HTTP/1.0 {status} x\r\nA: b\r\n\r\n".encode() + body


def test_a_container_is_created(tmp_path):
    identity, requests = ask(
        tmp_path, http(201, b'{"Id": "abc", "Warnings": []}'), lambda e: e.create("n", {"a": "ü"})
    )
    assert identity == "abc"
    assert requests == [
        ("POST /containers/create?name=n HTTP/1.0", json.dumps({"a": "ü"}).encode())
    ]


def test_containers_are_found_by_their_label(tmp_path):
    found, requests = ask(
        tmp_path, http(200, b'[{"Id": "a"}, {"Id": "b"}]'), lambda e: e.labelled('x=it\'s "ü" & co')
    )
    assert found == ["a", "b"]
    assert requests[0][0].isascii()
    assert requests[0][0].count(" ") == 2


@pytest.mark.parametrize("status", [204, 404, 409])
def test_a_container_that_is_gone_or_going_is_removed(tmp_path, status):
    assert ask(tmp_path, http(status, b'{"message": "no"}'), lambda e: e.remove("a"))[0] is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (http(404, b'{"message": "No such image: x"}'), "No such image: x"),
        (http(500, b"not JSON"), "not JSON"),
        (http(500), "HTTP 500"),
        (http(201, b"not JSON"), "no JSON"),
        (http(201, b'{"other": 1}'), "without Id"),
        (http(201, b"[]"), "without Id"),
        (http(201), "without Id"),
        (b"", "without an answer"),
        (b"gibberish\r\n\r\n", "without an answer"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(tmp_path, answer, message):
    with pytest.raises(EngineError, match=message):
        ask(tmp_path, answer, lambda e: e.create("n", {}))


def test_an_engine_that_goes_away_while_a_container_runs_is_an_error(tmp_path):
    async def use(engine):
        return await (await engine.removal("a"))

    assert ask(tmp_path, http(200, b'{"StatusCode": 7}'), use)[0] == 7
    with pytest.raises(EngineError, match="without StatusCode"):
        ask(tmp_path, http(200), use)


def test_a_silent_engine_is_not_waited_for_without_end(tmp_path):
    async def run():
        async def serve(reader, writer):
            await reader.read()
            writer.close()

        path = str(tmp_path / "engine")
        server = await asyncio.start_unix_server(serve, path)
        try:
            await Engine(path, patience=0.05).start("a")
        finally:
            server.close()

    with pytest.raises(EngineError, match=r"did not answer POST /containers/a/start within 0.05 s"):
        asyncio.run(run())


def test_no_engine_is_an_error_that_names_where_it_was_looked_for(tmp_path):
    with pytest.raises(EngineError, match="No Docker engine answers at /nonexistent"):
        asyncio.run(Engine("/nonexistent/socket").start("a"))


@pytest.mark.parametrize(
    ("host", "path"),
    [(None, "/var/run/docker.sock"), ("", "/var/run/docker.sock"), ("unix:///a b", "/a b")],
)
def test_the_engine_is_the_one_of_dockers_own_tools(host, path):
    assert engine_socket({} if host is None else {"DOCKER_HOST": host}) == path


@pytest.mark.parametrize("host", ["tcp://1.2.3.4:2375", "ssh://u@h", "unix://relative", "x"])
def test_an_engine_elsewhere_is_refused(host):
    with pytest.raises(EngineError, match="an engine of this machine only"):
        engine_socket({"DOCKER_HOST": host})


def test_a_gateway_without_an_engine_says_so(start, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine")
    gateway = start()
    runtime = {"language": "python", "version": "", "executable": "python3"}
    gateway.deploy("handler = len\n", runtime=runtime, container={"image": "x"})
    answer = gateway.invoke()
    assert (answer.status, answer.error["type"]) == (500, "EnvironmentCrashed")
    assert f"No Docker engine answers at {tmp_path}/no-engine" in answer.error["message"]
    assert list((gateway.home / "tmp").iterdir()) == []


def test_a_predecessors_containers_are_told_where_they_cannot_be_removed(
    start, monkeypatch, tmp_path
):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine")
    (tmp_path / "home").mkdir()
    record = tmp_path / "home" / "containers"
    record.touch()
    gateway = start()
    assert "there may be containers of a predecessor" in (gateway.home / "gateway.log").read_text()
    assert record.exists()


def test_no_engine_is_asked_where_there_were_no_containers(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://nowhere")
    assert asyncio.run(ContainerSandbox(tmp_path, asyncio.Protocol).sweep()) == 0


@pytest.mark.parametrize(
    ("memory", "share"), [(1769, 1.0), (3538, 2.0), (884, 884 / 1769), (10_240, 4), (1, 0.01)]
)
def test_processors_grow_with_the_memory(memory, share):
    assert cpu_share(memory, 4) == pytest.approx(share)


def test_a_gateway_of_root_runs_nothing_as_root(monkeypatch):
    monkeypatch.setattr(os, "getegid", lambda: 5)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert user() == "1000:5"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert user() == "65532:5"


def order(tmp_path, **environment):
    body = {
        "sha256": "0" * 64,
        "runtime": {"language": "nodejs", "version": "", "executable": "node"},
        "memory": 512,
        "timeout": 1,
        "container": {"image": "i"},
        "environment": environment,
    }
    definition = parse_definition("f", body)
    return Order("e", definition, tmp_path / "p", tmp_path / "t", 2, {"SECRET": "x"}, 5)


def test_only_the_log_and_buckets_can_be_written_to(tmp_path):
    place = Place(tmp_path, tmp_path / "service")
    without = describe(order(tmp_path), Container("i", "bridge"), place, 8)
    storage = {"SEBS_LOCAL_STORAGE": str(tmp_path / "storage")}
    with_buckets = describe(order(tmp_path, **storage), Container("i"), place, 8)
    elsewhere = describe(order(tmp_path, SEBS_LOCAL_STORAGE="/etc"), Container("i"), place, 8)

    def writable(description):
        mounts = description["HostConfig"]["Mounts"]
        return {each["Source"] for each in mounts if not each["ReadOnly"]}

    log = str(tmp_path / "logs" / "f.log")
    assert writable(without) == writable(elsewhere) == {log}
    assert writable(with_buckets) == {log, storage["SEBS_LOCAL_STORAGE"]}
    assert "SEBS_LOCAL_STORAGE=/sebs/storage" in with_buckets["Env"]
    assert "SEBS_LOCAL_STORAGE=/etc" in elsewhere["Env"]
    networks = [each["HostConfig"]["NetworkMode"] for each in (without, with_buckets)]
    assert networks == ["bridge", "none"]
    assert without["Cmd"] == ["node", "--max-old-space-size=512", "/sebs/worker/node_worker.js"]


@pytest.mark.parametrize(
    ("container", "field"),
    [
        ("image", "container"),
        ({}, "container.image"),
        ({"image": 1}, "container.image"),
        ({"image": "i", "network": None}, "container.network"),
        ({"image": "i", "privileged": True}, "container.privileged"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(container, field):
    runtime = {"language": "python", "version": "", "executable": "python3"}
    body = {"sha256": "0" * 64, "runtime": runtime, "memory": 1, "timeout": 1}
    with pytest.raises(DefinitionError, match=f"^{field}: "):
        parse_definition("f", {**body, "container": container})
