"""Which idle environments end, and when, against the closed forms of the policies."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.local.gateway.clock import nanoseconds
from sebs.local.gateway.functions import Scaling
from sebs.local.gateway.keepalive import FixedTtl, HalfLife, policy_of

SECOND = 10**9
PERIOD = 380 * SECOND
TOGETHER = SECOND


class Idle:
    """The idle environments of a function, as a pool has them: each is the time it counts from."""

    def __init__(self, policy):
        self.policy = policy
        self.since = []

    def begin(self, *moments):
        self.since += [self.policy.begin(moment) for moment in moments]

    def review(self, now):
        ended, wait = self.policy.review(self.since, now)
        assert len(set(ended)) == len(ended)
        self.since = [since for at, since in enumerate(self.since) if at not in set(ended)]
        assert not self.since or wait > 0
        return wait


ages = st.integers(0, 8 * PERIOD)
counts = st.integers(1, 64)


@given(st.lists(st.integers(0, 100 * SECOND), min_size=1), st.integers(0, 50 * SECOND))
def test_a_fixed_time_ends_exactly_those_past_it(since, ttl):
    now = 100 * SECOND
    idle = Idle(FixedTtl(ttl))
    idle.begin(*sorted(since))
    wait = idle.review(now)
    assert idle.since == sorted(each for each in since if now - each < ttl)
    if idle.since:
        assert now + wait == idle.since[0] + ttl


@given(counts, st.data(), st.lists(ages, min_size=1))
def test_of_a_burst_so_many_are_warm_as_the_model_says_however_often_one_looks(
    count, data, moments
):
    burst = data.draw(st.lists(st.integers(0, TOGETHER), min_size=count, max_size=count))
    first = min(burst)
    idle = Idle(HalfLife(PERIOD, TOGETHER))
    idle.begin(*sorted(burst))
    for age in sorted(moments):
        idle.review(first + TOGETHER + age)
        periods = (TOGETHER + age) // PERIOD
        assert len(idle.since) == math.floor(count * 2.0**-periods)


@given(counts, st.integers(1, 10**12), ages)
def test_reviews_when_the_last_one_said_end_them_at_the_very_moment(count, period, begin):
    idle = Idle(HalfLife(period, 0))
    idle.begin(*[begin] * count)
    now = begin + idle.review(begin)
    for periods in range(1, count.bit_length() + 1):
        assert now == begin + periods * period
        now += idle.review(now)
        assert len(idle.since) == count // 2**periods
    assert idle.since == []


EVENTS = st.one_of(
    st.tuples(st.just("idle"), st.integers(1, 20)),
    st.tuples(st.just("work"), st.integers(1, 20)),
    st.tuples(st.just("pass"), st.integers(0, 8).map(lambda parts: parts * PERIOD // 4)),
)


@given(st.lists(EVENTS, max_size=40))
def test_groups_are_halved_each_by_its_own_periods_and_lose_those_that_work(events):
    """On a clock that stands between the events, as the virtual one does."""
    idle = Idle(HalfLife(PERIOD, 0))
    groups = {}
    now = 0
    for event, amount in events:
        if event == "idle":
            idle.begin(*[now] * amount)
            idle.review(now)
            groups[now] = groups.get(now, 0) + amount
        elif event == "work":
            for _ in range(min(amount, len(idle.since))):
                groups[idle.since.pop()] -= 1
        else:
            for since in groups:
                groups[since] >>= (now + amount - since) // PERIOD - (now - since) // PERIOD
            now += amount
            idle.review(now)
        assert idle.since == [since for since in sorted(groups) for _ in range(groups[since])]


def test_each_group_has_moments_of_its_own():
    idle = Idle(HalfLife(PERIOD, TOGETHER))
    later = PERIOD // 2
    idle.begin(*[0] * 8, *[later] * 8)
    for now, old, new in ((1.0, 4, 8), (1.5, 4, 4), (2.0, 2, 4), (3.6, 1, 1), (9.0, 0, 0)):
        idle.review(round(now * PERIOD))
        assert idle.since == [0] * old + [later] * new


def test_one_that_becomes_idle_later_is_of_another_group():
    idle = Idle(HalfLife(PERIOD, TOGETHER))
    idle.begin(0, TOGETHER, TOGETHER + 1)
    assert idle.since == [0, 0, TOGETHER + 1]
    assert idle.review(PERIOD) == TOGETHER + 1
    assert idle.since == [0, TOGETHER + 1]


@given(st.floats(1e-9, 1e9))
def test_a_group_is_younger_than_its_first_period(seconds):
    policy = policy_of(Scaling(keep_alive=seconds, keep_alive_policy="half-life"))
    begin = policy.begin(0)
    later = nanoseconds(seconds)
    assert begin == 0
    assert policy.begin(later) == later


@pytest.mark.parametrize(
    ("clock", "keep_alive", "together"),
    [("real", 380, SECOND), ("real", 3, SECOND * 3 // 10), ("virtual", 380, 0)],
)
def test_answers_to_one_burst_come_within_a_second_or_at_once(clock, keep_alive, together):
    half_life = Scaling(keep_alive=keep_alive, keep_alive_policy="half-life", clock=clock)
    idle = Idle(policy_of(half_life))
    idle.begin(0, together, together + 1)
    assert idle.since == [0, 0, together + 1]


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_a_function_has_the_policy_that_it_is_configured_with(clock):
    ended = {}
    for policy in ("fixed", "half-life"):
        idle = Idle(policy_of(Scaling(keep_alive=380, keep_alive_policy=policy, clock=clock)))
        idle.begin(0, 0, 0, 0)
        idle.review(PERIOD - 1)
        assert len(idle.since) == 4
        idle.review(PERIOD)
        ended[policy] = 4 - len(idle.since)
    assert ended == {"fixed": 4, "half-life": 2}


@given(st.integers(0, 10**9), st.integers(0, 999_999))
def test_decimal_seconds_are_whole_nanoseconds(whole, micros):
    assert nanoseconds(whole + micros / 1e6) == pytest.approx(
        whole * SECOND + micros * 1000, abs=200 if whole > 10**6 else 1
    )


def test_periods_add_up_where_floats_do_not():
    assert 0.1 + 0.1 + 0.1 != 0.3
    assert 3 * nanoseconds(0.1) == nanoseconds(0.3)
    assert nanoseconds(1e300) == int(1e300) * SECOND
    assert nanoseconds(86_400) == 86_400 * SECOND
