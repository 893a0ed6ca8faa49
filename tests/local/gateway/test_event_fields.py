"""What the workers put into an event: the invocation's id, and when it came in."""

import time

import pytest

ECHO = {
    "python": "def handler(event):\n    return event\n",
    "nodejs": "exports.handler = async (event) => event;\n",
}

#: As SeBS's own network benchmarks use them: text that becomes bytes, and a number of seconds.
USERS = {
    "python": (
        "def handler(event):\n"
        "    message = event['request-id'].encode('utf-8')\n"
        "    return [len(message), round(event['income-timestamp'], 3) > 1.7e9]\n"
    ),
    "nodejs": (
        "exports.handler = async (event) => [Buffer.from(event['request-id']).length,\n"
        "  Number(event['income-timestamp'].toFixed(3)) > 1.7e9];\n"
    ),
}


@pytest.fixture(params=["python", pytest.param("nodejs", marks=pytest.mark.node)])
def language(request):
    return request.param


def test_the_event_says_which_invocation_it_is_and_when_it_began(gateway, language):
    """As SeBS's wrappers have it, over whatever the event says itself."""
    gateway.deploy(ECHO[language], language=language)
    before = time.time()
    seen = []
    for _ in range(2):
        answer = gateway.invoke({"a": 1, "request-id": "another", "income-timestamp": 7})
        event = answer.result
        assert event.pop("request-id") == answer.json["request_id"]
        seen.append(event.pop("income-timestamp"))
        # The clock of Node.js has milliseconds.
        assert before - 0.001 <= seen[-1] <= answer.json["begin"]
        assert event == {"a": 1}
    assert seen[0] <= seen[1]


def test_an_empty_request_has_them_too(gateway, language):
    gateway.deploy(ECHO[language], language=language)
    answer = gateway.call("POST", "/functions/f", b"")
    assert set(answer.result) == {"request-id", "income-timestamp"}


@pytest.mark.parametrize("event", [[], ["a"], "text", 7, None])
def test_an_event_that_is_no_object_has_nothing_put_into_it(gateway, language, event):
    gateway.deploy(ECHO[language], language=language)
    answer = gateway.call("POST", "/functions/f", event if event is not None else b"null")
    assert answer.result == event


def test_code_that_relies_on_them_works(gateway, language):
    gateway.deploy(USERS[language], language=language)
    assert gateway.invoke({}).result == [32, True]
