"""Environments come, serve, wait and go as on a platform."""

import threading

import pytest

SLEEP = "import time\ndef handler(event):\n    time.sleep(event or 0)\n    return event\n"
NAME = "import os\ndef handler(event):\n    return os.environ.get('NAME')\n"


def together(gateway, count, event):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(gateway.invoke(event))) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_cold_then_warm(gateway):
    gateway.deploy(SLEEP)
    cold, warm = gateway.invoke(), gateway.invoke()
    assert cold.json["is_cold"] is True
    assert cold.json["init_time"] > 1000
    assert cold.json["benchmark_including_imports"] > 0
    assert cold.report["cold"] == 1
    assert cold.report["init"] == cold.json["init_time"]
    assert warm.json["is_cold"] is False
    assert "init_time" not in warm.json
    assert (warm.report["cold"], warm.report["init"]) == (0, 0)
    assert warm.json["environment_id"] == cold.json["environment_id"]
    assert warm.headers["x-sebs-environment"] == warm.json["environment_id"]
    assert warm.json["begin"] <= warm.json["end"]


def test_simultaneous_requests_get_an_environment_each(gateway):
    gateway.deploy(SLEEP)
    answers = together(gateway, 4, 0.5)
    assert len({answer.json["environment_id"] for answer in answers}) == 4
    assert all(answer.json["is_cold"] for answer in answers)


def test_the_most_recently_used_environment_serves(gateway):
    gateway.deploy(SLEEP)
    together(gateway, 3, 0.4)
    assert len({gateway.invoke().json["environment_id"] for _ in range(5)}) == 1


def test_over_the_limit_requests_wait_in_turn(gateway):
    gateway.deploy(SLEEP, config={"max_environments": 2})
    answers = together(gateway, 6, 0.2)
    assert [answer.status for answer in answers] == [200] * 6
    assert len({answer.json["environment_id"] for answer in answers}) == 2
    queued = [record["queue"] for record in gateway.records()]
    assert sum(1 for wait in queued if wait > 100_000) >= 3


def test_over_the_queue_requests_are_throttled(gateway):
    gateway.deploy(SLEEP, config={"max_environments": 1, "queue": False})
    answers = together(gateway, 3, 0.5)
    assert sorted(answer.status for answer in answers) == [200, 429, 429]
    throttled = next(answer for answer in answers if answer.status == 429)
    assert throttled.error["type"] == "Throttled"
    statuses = [record["status"] for record in gateway.records()]
    assert sorted(statuses) == ["Throttled", "Throttled", "ok"]


def test_a_crash_passes_the_queue_on(gateway):
    source = "import os, time\ndef handler(event):\n    time.sleep(0.2); os._exit(1)\n"
    gateway.deploy(source, config={"max_environments": 1})
    answers = together(gateway, 3, None)
    assert [answer.error["type"] for answer in answers] == ["EnvironmentCrashed"] * 3


def test_one_environment_may_serve_many_at_once(gateway):
    gateway.deploy(SLEEP, config={"max_environments": 1, "concurrency": 4})
    answers = together(gateway, 4, 0.5)
    assert len({answer.json["environment_id"] for answer in answers}) == 1
    assert sum(answer.json["is_cold"] for answer in answers) == 1
    assert all(answer.report["duration"] < 1_900_000 for answer in answers)
    assert all(record["queue"] < 400_000 for record in gateway.records())


def test_idle_environments_end_after_their_time(gateway, wait_for):
    gateway.deploy(SLEEP, config={"keep_alive": 0.3})
    gateway.invoke()
    wait_for(lambda: gateway.environments() == [])
    assert gateway.invoke().json["is_cold"] is True


def test_use_prolongs_the_life_of_an_environment(gateway):
    gateway.deploy(SLEEP, config={"keep_alive": 1})
    first = gateway.invoke().json["environment_id"]
    for _ in range(4):
        assert gateway.invoke(0.4).json["environment_id"] == first


def test_recycling_forces_cold_starts(gateway, alive):
    gateway.deploy(SLEEP)
    together(gateway, 3, 0.3)
    old = gateway.environments()
    assert gateway.call("POST", "/-/functions/f/recycle").json == {"retired": 3}
    assert not any(alive(environment["pid"]) for environment in old)
    answer = gateway.invoke()
    assert answer.json["is_cold"] is True
    assert answer.json["environment_id"] not in {environment["id"] for environment in old}


def test_recycling_lets_busy_environments_finish(gateway, wait_for):
    gateway.deploy(SLEEP, config={"max_environments": 1})
    answers = []
    busy = threading.Thread(target=lambda: answers.append(gateway.invoke(1)))
    busy.start()
    wait_for(lambda: [each["state"] for each in gateway.environments()] == ["busy"])
    old = gateway.environments()[0]["id"]
    assert gateway.call("POST", "/-/functions/f/recycle").json == {"retired": 1}
    fresh = gateway.invoke()
    assert fresh.json["is_cold"] is True
    assert fresh.json["environment_id"] != old
    busy.join()
    assert answers[0].json["environment_id"] == old
    wait_for(lambda: old not in {each["id"] for each in gateway.environments()})


def test_a_changed_function_starts_anew(gateway):
    gateway.deploy(NAME, environment={"NAME": "one"})
    assert gateway.invoke().result == "one"
    changed = gateway.call("PATCH", "/-/functions/f", {"environment": {"NAME": "two"}})
    assert changed.json["version"] == 2
    answer = gateway.invoke()
    assert (answer.result, answer.json["is_cold"]) == ("two", True)
    gateway.deploy("def handler(event):\n    return 'three'\n")
    assert gateway.invoke().result == "three"
    assert [record["version"] for record in gateway.records()] == [1, 2, 3]


@pytest.mark.parametrize("change", [{"memory": 300}, {"timeout": 7}, {"config": {"keep_alive": 5}}])
def test_a_patch_keeps_the_rest(gateway, change):
    before = gateway.deploy(NAME, environment={"NAME": "one"}, config={"concurrency": 2})
    after = gateway.call("PATCH", "/-/functions/f", change).json
    expected = {
        **before,
        **change,
        "version": 2,
        "config": {**before["config"], **change.get("config", {})},
    }
    assert after == expected
