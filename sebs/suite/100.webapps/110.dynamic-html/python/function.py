"""Fill a template with random numbers."""

from datetime import datetime
from pathlib import Path
from random import sample
from time import perf_counter_ns

from jinja2 import Environment

TEMPLATE = Path(__file__).with_name("templates") / "template.html"

# Compiled templates are not kept: reading and compiling one is part of what is measured.
environment = Environment(autoescape=True)


def handler(event):
    begin = perf_counter_ns()
    html = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        username=event["username"],
        cur_time=datetime.now(),
        random_numbers=sample(range(1_000_000), event["random_len"]),
    )
    return {
        "result": html,
        "measurement": {"compute_time": (perf_counter_ns() - begin) // 1000},
    }
