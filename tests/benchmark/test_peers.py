"""Peers: what they answer, what they keep, and where they listen."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from sebs.benchmark.peers import TcpEcho, TcpReply, UdpEcho, parse_place, running
from sebs.errors import UsageError
from sebs.faas.config import Config
from sebs.invoke.peering import peer_event, peer_place


def test_datagrams_come_back_and_are_kept() -> None:
    with UdpEcho() as peer, socket.socket(type=socket.SOCK_DGRAM) as client:
        assert running("udp-echo", peer.port) is peer
        assert peer.event == {"server-address": "127.0.0.1", "server-port": peer.port}
        client.settimeout(5)
        client.connect((peer.host, peer.port))
        for text in (b"abc 7", b"stop", b"plain", b"x y", b"\xff"):
            client.send(text)
        assert [client.recv(100) for _ in range(4)] == [b"abc 7", b"plain", b"x y", b"\xff"]
        source = client.getsockname()
    assert running("udp-echo", peer.port) is None
    known = [(one.request_id, one.number) for one in peer.arrivals]
    assert known == [("abc", 7), ("plain", None), ("x", None), ("\ufffd", None)]
    for one in peer.arrivals:
        assert one.source == source
        assert one.received <= one.sent
        assert one.sent - one.received == pytest.approx(
            (one.sent_ns - one.received_ns) / 1e9, abs=1e-5
        )


def test_lines_come_back_on_several_connections() -> None:
    with TcpEcho() as peer:
        place = (peer.host, peer.port)
        with socket.create_connection(place, 5) as one, socket.create_connection(place, 5) as two:
            one.sendall(b"a 1\nb")
            assert one.recv(100) == b"a 1\n"
            two.sendall(b"c 1\n")
            assert two.recv(100) == b"c 1\n"
            one.sendall(b" 2\n")
            assert one.recv(100) == b"b 2\n"
        assert [one.text for one in peer.arrivals] == ["a 1", "c 1", "b 2"]


def test_every_connection_is_told_something_else() -> None:
    told = []
    with TcpReply() as peer:
        assert peer.event == {"ip-address": "127.0.0.1", "port": peer.port}
        for _ in range(3):
            with socket.create_connection((peer.host, peer.port), 5) as client:
                told.append(client.recv(1024).decode())
    assert [one.text for one in peer.arrivals] == told
    assert len(set(told)) == 3


def test_a_taken_port_and_an_unknown_host_are_told() -> None:
    with (
        UdpEcho() as peer,
        pytest.raises(UsageError, match=f"port {peer.port}"),
        UdpEcho("127.0.0.1", peer.port),
    ):
        pass
    with pytest.raises(UsageError, match="not known"), UdpEcho("no such host"):
        pass


def test_an_address_of_the_outside_is_announced() -> None:
    with UdpEcho("192.0.2.1") as peer, socket.socket(type=socket.SOCK_DGRAM) as client:
        assert peer.event["server-address"] == "192.0.2.1"
        client.settimeout(5)
        client.sendto(b"a", ("127.0.0.1", peer.port))
        assert client.recv(10) == b"a"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("host", ("host", 0)),
        ("192.0.2.1:12000", ("192.0.2.1", 12000)),
        ("::1", ("::1", 0)),
        ("[::1]", ("::1", 0)),
        ("[::1]:12000", ("::1", 12000)),
    ],
)
def test_places(text: str, place: tuple[str, int]) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize("text", ["", ":1", "host:", "host:0", "host:x", "host:65536", "[]:1"])
def test_no_places(text: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        parse_place(text)


class Elsewhere(Config):
    """A platform that is not on this machine."""

    credentials = resources = deserialize = None  # type: ignore[assignment]


def test_a_platform_elsewhere_needs_an_address() -> None:
    system = SimpleNamespace(config=Elsewhere("cloud"))
    benchmark = SimpleNamespace(benchmark_config=SimpleNamespace(peer="udp-echo"))
    with (
        pytest.raises(UsageError, match=r"functions on cloud.*--peer-address"),
        peer_event(benchmark, system, None),  # type: ignore[arg-type]
    ):
        pass
    assert peer_place(system, "192.0.2.1:9") == ("192.0.2.1", 9)  # type: ignore[arg-type]
    with peer_event(benchmark, system, "127.0.0.1") as event:  # type: ignore[arg-type]
        assert running("udp-echo", event["server-port"])
    benchmark.benchmark_config.peer = None
    with peer_event(benchmark, system, None) as event:  # type: ignore[arg-type]
        assert event == {}
