"""Environments end by a clock that is moved: real gateway, real workers."""

import threading
import time

import pytest

PERIOD = 380

#: Sleep until a moment, so that a burst is answered at once, however long its cold starts take.
HANDLER = """
import time
def handler(event):
    time.sleep(max(0, event - time.time()))
    return event
"""


def burst(gateway, count, seconds=0.5, name="f"):
    """Invoke at the same time, each in an environment of its own; return the answers."""
    answers = []
    until = time.time() + seconds
    threads = [
        threading.Thread(target=lambda: answers.append(gateway.invoke(until, name=name)))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * count
    assert len({answer.json["environment_id"] for answer in answers}) == count
    return answers


def warm(answers):
    return len({each.json["environment_id"] for each in answers if not each.json["is_cold"]})


def advance(gateway, seconds, name="f"):
    return gateway.call("POST", f"/-/functions/{name}/advance", {"seconds": seconds})


def deploy(gateway, policy="half-life", name="f", **config):
    given = {"keep_alive_policy": policy, "keep_alive": PERIOD, "clock": "virtual", **config}
    return gateway.deploy(HANDLER, name=name, config=given)


@pytest.mark.parametrize(
    ("policy", "count", "periods", "expected"),
    [
        ("half-life", 8, 0.5, 8),
        ("half-life", 8, 1, 4),
        ("half-life", 8, 2.5, 2),
        ("half-life", 7, 1, 3),
        ("fixed", 8, 0.5, 8),
        ("fixed", 8, 1, 0),
        ("fixed", 8, 2.5, 0),
    ],
)
def test_so_many_are_warm_as_the_model_says(gateway, policy, count, periods, expected):
    deploy(gateway, policy)
    assert warm(burst(gateway, count)) == 0
    answer = advance(gateway, periods * PERIOD)
    assert (answer.status, answer.json) == (200, {"retired": count - expected})
    assert len(gateway.environments()) == expected
    assert warm(burst(gateway, count)) == expected


def test_time_adds_up_and_a_day_ends_all(gateway, alive):
    deploy(gateway, keep_alive=0.3)
    burst(gateway, 8)
    old = gateway.environments()
    left = []
    for seconds in (0.1, 0.1, 0.1, 0.299, 0.001, 86_400):
        assert advance(gateway, seconds).status == 200
        left.append(len(gateway.environments()))
    assert left == [8, 8, 4, 4, 2, 0]
    assert not any(alive(environment["pid"]) for environment in old)


def test_nothing_but_an_advance_moves_it(gateway):
    deploy(gateway, keep_alive=0.05)
    first = gateway.invoke(0).json["environment_id"]
    time.sleep(0.3)
    assert [each["id"] for each in gateway.environments()] == [first]
    assert advance(gateway, 0).json == {"retired": 0}
    assert gateway.invoke(0).json["environment_id"] == first


def test_an_environment_that_works_again_counts_anew(gateway):
    deploy(gateway)
    burst(gateway, 4)
    advance(gateway, 0.75 * PERIOD)
    assert warm(burst(gateway, 2)) == 2
    assert advance(gateway, 0.25 * PERIOD).json == {"retired": 1}  # one of the other two
    assert advance(gateway, 0.75 * PERIOD).json == {"retired": 1}  # one of those that worked
    assert advance(gateway, 0.25 * PERIOD).json == {"retired": 1}  # the other of the others


def test_the_one_used_last_is_warm_the_longest(gateway):
    deploy(gateway)
    burst(gateway, 3)
    last = gateway.invoke(0).json["environment_id"]
    assert advance(gateway, PERIOD).json == {"retired": 2}
    assert [each["id"] for each in gateway.environments()] == [last]


def test_a_busy_environment_does_not_notice(gateway, wait_for):
    deploy(gateway)
    answers = []
    moment = time.time() + 4
    busy = threading.Thread(target=lambda: answers.append(gateway.invoke(moment)))
    busy.start()
    wait_for(lambda: [each["state"] for each in gateway.environments()] == ["busy"])
    assert advance(gateway, 86_400).json == {"retired": 0}
    busy.join()
    assert answers[0].status == 200
    again = gateway.invoke(0).json
    assert again["is_cold"] is False
    assert again["environment_id"] == answers[0].json["environment_id"]
    assert all(record["duration"] < 20e6 for record in gateway.records())


def test_what_ended_makes_room(gateway):
    deploy(gateway, "fixed", max_environments=2, queue=0)
    burst(gateway, 2)
    assert advance(gateway, PERIOD).json == {"retired": 2}
    assert warm(burst(gateway, 2)) == 0


def test_environments_need_not_stay_at_all(gateway, wait_for):
    deploy(gateway, "fixed", keep_alive=0)
    for _ in range(2):
        assert gateway.invoke(0).json["is_cold"] is True
        wait_for(lambda: gateway.environments() == [])


def test_a_clock_is_of_one_function(gateway):
    for name in ("f", "g"):
        deploy(gateway, name=name)
        gateway.invoke(0, name=name)
    assert advance(gateway, 86_400, name="g").json == {"retired": 1}
    assert gateway.environments("g") == []
    assert gateway.invoke(0).json["is_cold"] is False


def test_it_is_the_same_after_the_gateway_was_killed(start):
    first = start()
    deploy(first)
    burst(first, 2)
    assert advance(first, PERIOD / 2).status == 200
    first.close()
    second = start()
    assert warm(burst(second, 4)) == 0
    assert advance(second, PERIOD / 2).json == {"retired": 0}
    assert advance(second, PERIOD / 2).json == {"retired": 2}


def test_another_clock_begins_with_another_version(gateway):
    deploy(gateway)
    burst(gateway, 2)
    change = {"config": {"clock": "real"}}
    assert gateway.call("PATCH", "/-/functions/f", change).json["config"]["clock"] == "real"
    gateway.invoke(0)
    assert advance(gateway, PERIOD).error["type"] == "RealClock"
    change = {"config": {"clock": "virtual", "keep_alive_policy": "fixed"}}
    gateway.call("PATCH", "/-/functions/f", change)
    burst(gateway, 2)
    assert advance(gateway, PERIOD).json == {"retired": 2}


def test_the_real_clock_is_not_moved(gateway):
    gateway.deploy(HANDLER)
    first = gateway.invoke(0).json["environment_id"]
    answer = advance(gateway, 86_400)
    assert (answer.status, answer.error["type"]) == (409, "RealClock")
    assert "'f'" in answer.error["message"]
    assert gateway.invoke(0).json["environment_id"] == first


@pytest.mark.parametrize(
    "seconds", [-1, -1e-9, "3", True, None, [3], float("nan"), float("inf"), -float("inf")]
)
def test_what_is_no_time_is_refused(gateway, seconds):
    deploy(gateway)
    gateway.invoke(0)
    answer = advance(gateway, seconds)
    assert answer.status == 400
    assert answer.error["message"].startswith("seconds:")
    for body in (b"{}", b"[3]", b"3 s"):
        assert gateway.call("POST", "/-/functions/f/advance", body).status == 400
    assert len(gateway.environments()) == 1


def test_what_is_not_there_is_not_moved(gateway):
    answer = advance(gateway, 1, name="nothing")
    assert (answer.status, answer.error["type"]) == (404, "FunctionNotFound")
    assert gateway.call("GET", "/-/functions/f/advance").status == 405


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"keep_alive_policy": "quarter-life"}, "config.keep_alive_policy"),
        ({"keep_alive_policy": 2}, "config.keep_alive_policy"),
        ({"keep_alive_policy": ["fixed"]}, "config.keep_alive_policy"),
        ({"keep_alive": 0}, "config.keep_alive"),
        ({"keep_alive": -1}, "config.keep_alive"),
        ({"keep_alive": float("inf")}, "config.keep_alive"),
        ({"keep_alive": "half-life"}, "config.keep_alive"),
        ({"clock": "atomic"}, "config.clock"),
        ({"clock": None}, "config.clock"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(gateway, config, field):
    before = deploy(gateway)
    answer = gateway.call("PATCH", "/-/functions/f", {"config": config})
    assert (answer.status, answer.error["type"]) == (400, "InvalidDefinition")
    assert answer.error["message"].startswith(f"{field}:")
    definition = gateway.definition(HANDLER, config={**before["config"], **config})
    assert gateway.call("PUT", "/-/functions/f", definition).status == 400
    assert gateway.call("GET", "/-/functions/f").json == before


def test_halves_end_by_themselves_on_the_real_clock(gateway):
    deploy(gateway, clock="real", keep_alive=3)
    burst(gateway, 8, seconds=3)
    seen = [8]
    deadline = time.monotonic() + 30
    while seen[-1] > 2 and time.monotonic() < deadline:
        left = sum(each["state"] == "idle" for each in gateway.environments())
        if left != seen[-1]:
            seen.append(left)
        time.sleep(0.02)
    assert seen == [8, 4, 2]


def test_a_longest_time_is_none_at_all(gateway):
    gateway.deploy(HANDLER, config={"keep_alive": 1e300})
    assert gateway.invoke(0).json["is_cold"] is True
    assert gateway.invoke(0).json["is_cold"] is False
    assert "Traceback" not in (gateway.home / "gateway.log").read_text()
