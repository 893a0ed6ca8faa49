"""Draws what passing data between functions costs: ``python docs/chain_picture.py FILE.png``.

The benchmark 604.chain runs for real, on the local platform, in a cache of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import vl_convert

REPETITIONS = 10
WAYS = {"inline": "in the invocation", "storage": "through object storage"}

SIZE = {
    "field": "size",
    "type": "quantitative",
    "title": "size of what is passed",
    "scale": {"type": "log", "domain": [0.8, 65536], "nice": False},
    "axis": {
        "values": [1, 16, 256, 1024, 4096],
        "labelExpr": "datum.value < 1024 ? datum.value + ' KiB' : datum.value / 1024 + ' MiB'",
        "grid": False,
    },
}
COLOUR = {
    "field": "way",
    "legend": None,
    "scale": {"domain": list(WAYS.values()), "range": ["#1f6feb", "#c2410c"]},
}
#: What a turn takes that passes nothing.
FLOOR = [
    {"mark": {"type": "rule", "strokeDash": [4, 4], "color": "#8c959f"}},
    {
        "mark": {"type": "text", "align": "right", "dy": -8, "fontSize": 12, "color": "#57606a"},
        "encoding": {"x": SIZE, "text": {"field": "what"}},
    },
]
SEBS = "import sys; from sebs.cli.main import entry; sys.exit(entry())"


def run() -> tuple[list[int], list[dict[str, Any]]]:
    """Return the sizes that are passed, in bytes, and what each warm invocation measured, in µs."""
    with tempfile.TemporaryDirectory() as directory:
        line = ["benchmark", "invoke", "604.chain", "large", "--output-dir", directory, "--json"]
        done = subprocess.run(
            [sys.executable, "-c", SEBS, *line, "--repetitions", str(REPETITIONS + 1)],
            env={**os.environ, "SEBS_CACHE_DIR": str(Path(directory, "cache"))},
            stdout=subprocess.PIPE,
            check=True,
        )
    warm = [
        each for each in json.loads(done.stdout)["invocations"] if not each["stats"]["cold_start"]
    ]
    outputs = [each["output"] for each in warm]
    passed = outputs[0]["result"]["passed"]
    sizes = sorted({each["size"] for each in passed if each["way"] == "inline"})
    return sizes, [each["measurement"] for each in outputs]


def turns(sizes: list[int], measured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the milliseconds of a turn with data: the median, the least and the most."""
    rows = []
    for way, shown in WAYS.items():
        # The extremes of both ways are shown side by side.
        beside = 0.96 if way == "inline" else 1.04
        for number, size in enumerate(sizes):
            times = [each[f"{way}_time"][number] / 1000 for each in measured]
            row = {"median": median(times), "least": min(times), "most": max(times)}
            kib = size / 1024
            rows.append({"way": shown, "size": kib, "beside": kib * beside, **row})
    return rows


def chart(rows: list[dict[str, Any]], empty: float) -> dict[str, Any]:
    """Return its Vega-Lite: light, both axes logarithmic, each line labelled at its end."""
    time = {
        "field": "median",
        "type": "quantitative",
        "title": "invoked, taken over, answered: ms",
        "scale": {"type": "log", "nice": True},
        "axis": {"values": [0.1, 1, 10, 100, 1000], "gridColor": "#e6e9ec"},
    }
    nothing = [{"size": 65536, "median": empty, "what": "nothing passed"}]
    return {
        "width": 560,
        "height": 300,
        "padding": 18,
        "background": "white",
        "title": {
            "text": "What passing data to another function costs",
            "subtitle": "604.chain, size large, local platform: "
            f"medians and extremes of {REPETITIONS} warm invocations",
            "anchor": "start",
            "fontSize": 16,
            "subtitleFontSize": 12,
            "subtitleColor": "#57606a",
            "offset": 14,
        },
        "config": {
            "view": {"stroke": None},
            "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"},
        },
        "layer": [
            {"data": {"values": nothing}, "encoding": {"y": time}, "layer": FLOOR},
            {
                "data": {"values": rows},
                "encoding": {"x": SIZE, "y": time, "color": COLOUR},
                "layer": courses(max(row["size"] for row in rows)),
            },
        ],
    }


def courses(last: float) -> list[dict[str, Any]]:
    """Return what is drawn of each way; its name stands where the size is the last one."""
    extremes = {
        "x": {**SIZE, "field": "beside"},
        "y": {"field": "least", "type": "quantitative"},
        "y2": {"field": "most"},
    }
    return [
        {"mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.35}, "encoding": extremes},
        {"mark": {"type": "line", "strokeWidth": 2, "point": {"size": 55}}},
        {
            "transform": [{"filter": f"datum.size == {last}"}],
            "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 13},
            "encoding": {"text": {"field": "way"}},
        },
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Draw what passing data between functions costs.")
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    sizes, measured = run()
    empty = median(each["empty_time"] for each in measured) / 1000
    drawn = chart(turns(sizes, measured), empty)
    file.write_bytes(vl_convert.vegalite_to_png(drawn, vl_version="5.21", ppi=144))
    return 0


if __name__ == "__main__":
    sys.exit(main())
