"""130.crud-api: requests are answered from the table, and only right answers pass."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from suite_doubles import Fed, Handler

from sebs.local.gateway.tables import Tables
from sebs.local.nosql import TABLES_VARIABLE

NAME = "130.crud-api"

LANGUAGES = ["python", pytest.param("nodejs", marks=pytest.mark.node)]

#: What it answers to the sizes with one request, the cart's name aside.
GOTHIC = {"product_id": "game-gothic", "name": "Gothic Game", "price": 42, "quantity": 2}
CART = {
    "products": ["Gothic Game", "Gothic 2", "Mint Linux", "SeBS Benchmark"],
    "total_cost": 1184,
    "avg_price": 1184 / 11,
}


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fed]:
    """The benchmark, and its tables served as the gateway serves them."""
    tables = Tables(tmp_path / "tables")

    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = asyncio.run(tables.serve("POST", self.path, body.decode()))
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            pass

    benchmark = Fed(NAME, tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), Requests) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        prefix = benchmark.services.nosql.table_prefix(NAME)
        monkeypatch.setenv(TABLES_VARIABLE, prefix)
        monkeypatch.setenv("SEBS_LOCAL_DATA_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("SEBS_LOCAL_DATA_TOKEN", "token")
        yield benchmark
        server.shutdown()
    tables.close()


@pytest.fixture
def handler(request: pytest.FixtureRequest, served: Fed) -> Callable[[str], Handler]:
    return lambda language: request.getfixturevalue(f"{language}_handler")(served)


@pytest.mark.parametrize("language", LANGUAGES)
def test_requests_are_answered(served: Fed, handler: Any, language: str) -> None:
    serve = handler(language)
    event = served.event("test")
    output = serve(event)
    assert output == {"result": [{"cart_id": event["requests"][0]["body"]["cart"], **GOTHIC}]}
    assert served.judge(event, output, language) is None

    event = served.event("small")
    output = serve(event)
    assert output == {"result": [CART]}
    assert served.judge(event, output, language) is None

    event = served.event("large")
    first, again = serve(event), serve(event)
    assert first["result"][::2] == again["result"][::2] == [{}] * 5
    assert [len(cart["products"]) for cart in first["result"][1::2]] == [1, 2, 3, 4, 5]
    assert [len(cart["products"]) for cart in again["result"][1::2]] == [5] * 5
    assert first["result"][-1] == {
        "products": [f"Test Item {number}" for number in range(5)],
        "total_cost": 1000,
        "avg_price": 100.0,
    }
    assert served.judge(event, first, language) is None
    assert served.judge(event, again, language) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_there_is_null_and_no_route_is_an_error(
    served: Fed, handler: Any, language: str
) -> None:
    serve = handler(language)
    event = served.event("test")
    event["requests"][0]["path"]["id"] = "absent"
    assert serve(event) == {"result": [None]}
    event["requests"][0]["route"] = "DELETE /cart"
    with pytest.raises((KeyError, AssertionError), match="DELETE /cart"):
        serve(event)


def test_events_are_alike_but_for_the_cart(fed: Any) -> None:
    for size, count in (("test", 1), ("small", 1), ("large", 10)):
        one, other = fed(NAME).event(size), fed(NAME).event(size)
        carts = [
            {request["body"]["cart"] for request in event["requests"]} for event in (one, other)
        ]
        assert len(carts[0]) == len(carts[1]) == 1
        assert carts[0] != carts[1]
        assert json.dumps(one).replace(*carts[0], "") == json.dumps(other).replace(*carts[1], "")
        assert len(one["requests"]) == count


# --- the verdict ---


def grown(counts: list[int]) -> list[Any]:
    """What the size ``large`` is answered by a cart that has so many products at each reading."""
    answers: list[Any] = []
    for count in counts:
        cost, quantity = 100 * sum(range(count)), sum(range(count))
        cart = {
            "products": [f"Test Item {number}" for number in range(count)],
            "total_cost": cost,
            "avg_price": cost / quantity if quantity else 0,
        }
        answers += [{}, cart]
    return answers


@pytest.mark.parametrize("counts", [[1, 2, 3, 4, 5], [5, 5, 5, 5, 5], [1, 4, 4, 4, 5]])
def test_others_may_be_ahead(fed: Any, counts: list[int]) -> None:
    benchmark = fed(NAME)
    assert benchmark.judge(benchmark.event("large"), {"result": grown(counts)}) is None


@pytest.mark.parametrize(
    "result",
    [
        grown([0, 1, 2, 3, 4]),
        grown([1, 2, 3, 4, 4]),
        grown([1, 4, 3, 4, 5]),
        grown([1, 2, 3, 4, 6]),
        grown([1, 2, 3, 4, 5])[:-1],
        [*grown([1, 2, 3, 4, 5]), {}],
        [None, *grown([1, 2, 3, 4, 5])[1:]],
        [{}] * 10,
        [{}, {**grown([1])[1], "total_cost": False}, *grown([1, 2, 3, 4, 5])[2:]],
        [{}, {**grown([1])[1], "avg_price": False}, *grown([1, 2, 3, 4, 5])[2:]],
    ],
    ids=[
        "nothing added",
        "one lost",
        "shrinks",
        "too many",
        "short",
        "long",
        "no answer",
        "none",
        "false for a cost of nothing",
        "false for a price of nothing",
    ],
)
def test_a_cart_that_grows_otherwise_is_noticed(fed: Any, result: Any) -> None:
    benchmark = fed(NAME)
    assert benchmark.judge(benchmark.event("large"), {"result": result}) is not None


@pytest.mark.parametrize(
    "result",
    [
        None,
        {},
        [],
        [CART, CART],
        [None],
        [{**CART, "products": CART["products"][:3]}],
        [{**CART, "products": CART["products"][::-1]}],
        [{**CART, "total_cost": 1183}],
        [{**CART, "avg_price": 107}],
        [{**CART, "total_cost": True}],
        [{name: value for name, value in CART.items() if name != "avg_price"}],
    ],
)
def test_another_cart_is_noticed(fed: Any, result: Any) -> None:
    benchmark = fed(NAME)
    event = benchmark.event("small")
    assert benchmark.judge(event, {"result": [CART]}) is None
    assert "should be" in str(benchmark.judge(event, {"result": result}))


@pytest.mark.parametrize(
    "change", [{"price": 43}, {"quantity": 3}, {"cart_id": "other"}, {"more": 1}, {"name": None}]
)
def test_another_product_is_noticed(fed: Any, change: dict[str, Any]) -> None:
    benchmark = fed(NAME)
    event = benchmark.event("test")
    item = {"cart_id": event["requests"][0]["body"]["cart"], **GOTHIC}
    assert benchmark.judge(event, {"result": [item]}) is None
    assert "should be" in str(benchmark.judge(event, {"result": [{**item, **change}]}))
    assert "should be" in str(benchmark.judge(event, {"result": [None]}))


@pytest.mark.parametrize("output", [None, [], "", {}])
def test_an_output_that_is_none_is_noticed(fed: Any, output: Any) -> None:
    benchmark = fed(NAME)
    assert "should be a list of 1" in str(benchmark.judge(benchmark.event("test"), output))
