"""Containers stay warm as processes do."""

from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.docker

SOURCE = "import time\ndef handler(event):\n    time.sleep(event)\n"
CONFIG = {"keep_alive_policy": "half-life", "keep_alive": 380, "clock": "virtual"}


def test_half_of_them_end_with_every_period(gateway, contained, containers, wait_for):
    gateway.deploy(SOURCE, config=CONFIG, **contained())
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(gateway.invoke, [2] * 5))
    assert [answer.status for answer in answers] == [200] * 5
    left = []
    for seconds in (190, 190, 379, 1, 86_400):
        answer = gateway.call("POST", "/-/functions/f/advance", {"seconds": seconds})
        assert answer.status == 200
        left.append(len(gateway.environments()))
        wait_for(lambda: len(containers()) == left[-1])
    assert left == [5, 2, 2, 1, 0]
