"""411.image-recognition: networks and pictures are always the same, and only one class is right."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
from suite_doubles import Fed

from sebs.benchmark import pictures

NAME = "411.image-recognition"
BUCKET = "sebs-benchmarks-suite"
MODELS, PICTURES = f"{NAME}-0-input", f"{NAME}-1-input"
CLASSES = {"test": 398, "small": 359, "large": 617}

#: Of network and picture; another digest needs another version in their names.
DIGESTS = {
    "test": (
        "a45ab43f607bf7780485dc5e31b59a65e19f2cbbebcbb20052c37f7450b503df",
        "aef8da96efdbba7fcb29d3d313a53315044e64dad12485920b2a531d5d5fcd50",
    ),
    "small": (
        "12ccbc258285a8e2b8ae0664301bda4c2a5e6a6a31f0e50d28a71cc057932733",
        "e86303fa8dc0286516c9bfbac4dd16e0f2e0cd0c049f2ae4c4fa85e5ad476b21",
    ),
    "large": (
        "7275846fc631c318db1384aa3754c1f97c83d1c3c70081f6f589c1e7b43a392c",
        "a1be15004cc8f744100c249116223cf47713a3ac6c7ce0fa813b37ef79a08563",
    ),
}


def clean(benchmark: Fed) -> None:
    """pytest keeps the directories of several runs."""
    shutil.rmtree(benchmark.data_dir)
    benchmark.storage.clean_bucket(BUCKET)


@pytest.mark.parametrize("size", DIGESTS)
def test_network_and_picture_are_always_the_same(fed: Any, tmp_path: Path, size: str) -> None:
    benchmark = fed(NAME)
    event = benchmark.event(size)
    names = {"model": f"network-v1-{size}.onnx", "input": f"picture-v1-{size}.jpg"}
    assert event == {
        "object": names,
        "bucket": {"bucket": BUCKET, "model": MODELS, "input": PICTURES},
    }
    found = []
    for prefix, name in ((MODELS, names["model"]), (PICTURES, names["input"])):
        stored = tmp_path / "stored"
        benchmark.storage.download(BUCKET, f"{prefix}/{name}", str(stored))
        found.append(hashlib.sha256(stored.read_bytes()).hexdigest())
        stored.unlink()
    assert tuple(found) == DIGESTS[size]
    assert {path.name for path in benchmark.data_dir.iterdir()} == set(names.values())
    before = (benchmark.data_dir / names["model"]).stat()
    benchmark.event(size)
    assert (benchmark.data_dir / names["model"]).stat().st_mtime_ns == before.st_mtime_ns
    clean(benchmark)


@pytest.mark.registry
def test_pictures_are_recognized(fed: Any, recognize: Any) -> None:
    benchmark = fed(NAME)
    events = [event for size in CLASSES for event in [benchmark.event(size)] * 2]
    outputs = recognize(benchmark, events)
    for event, output in zip(events, outputs, strict=True):
        assert benchmark.judge(event, output) is None
        assert all(isinstance(value, int) for value in output["measurement"].values())
    for number, first, again in zip(CLASSES.values(), outputs[::2], outputs[1::2], strict=True):
        assert first["result"] == again["result"] == {"idx": number, "class": f"class {number}"}
        measured = first["measurement"]
        assert measured["download_time"] > measured["model_download_time"] > 0
        assert measured["compute_time"] > measured["model_time"] > 0
        # It stays loaded, until another one is asked for.
        assert again["measurement"]["model_time"] == 0
        assert again["measurement"]["model_download_time"] == 0
    clean(benchmark)


@pytest.mark.registry
def test_another_picture_or_network_is_noticed(fed: Any, recognize: Any, tmp_path: Path) -> None:
    benchmark = fed(NAME)
    right = {size: benchmark.event(size) for size in CLASSES}
    changed: list[tuple[str, dict[str, str]]] = []
    # An untrained network has few answers, so not every other picture has another one.
    for size, number in itertools.product(CLASSES, (0, 3)):
        parts = pictures.encode(f"1/{size}/{number}", 800, 512)
        (tmp_path / "other").write_bytes(b"".join(parts))
        name = f"other-{size}-{number}.jpg"
        benchmark.storage.upload(BUCKET, str(tmp_path / "other"), f"{PICTURES}/{name}")
        changed.append((size, {"input": name}))
    for size in CLASSES:
        others = (right[other]["object"]["model"] for other in CLASSES if other != size)
        changed += [(size, {"model": model}) for model in others]
    events = [{**right[size], "object": {**right[size]["object"], **c}} for size, c in changed]
    outputs = recognize(benchmark, events)
    for (size, change), output in zip(changed, outputs, strict=True):
        assert "is of the class" in str(benchmark.judge(right[size], output)), (size, change)
    clean(benchmark)


@pytest.mark.registry
def test_a_trained_network_takes_its_place(fed: Any, recognize: Any) -> None:
    benchmark = fed(NAME)
    benchmark.event("test")
    data = benchmark.data_dir
    (data / "model").mkdir()
    (data / "fake-resnet").mkdir()
    # Here the one that is made stands in for it; it has another name.
    (data / "network-v1-test.onnx").rename(data / "model" / "resnet50.onnx")
    (data / "picture-v1-test.jpg").rename(data / "fake-resnet" / "car.jpg")
    listed = data / "fake-resnet" / "val_map.txt"
    listed.write_text("car.jpg 398\nbird.jpg 13\n")
    (data / "fake-resnet" / "bird.jpg").write_bytes(b"")
    for size, picture in {"small": "bird.jpg", "large": "car.jpg", "test": "car.jpg"}.items():
        event = benchmark.event(size)
        assert event["object"] == {"model": "resnet50.onnx", "input": picture}
    (output,) = recognize(benchmark, [event])
    assert benchmark.judge(event, output) is None
    listed.write_text("car.jpg 817\n")
    assert "is of the class 817" in str(benchmark.judge(event, output))
    assert {path.name for path in data.rglob("*")} == {
        "model", "resnet50.onnx", "fake-resnet", "val_map.txt", "car.jpg", "bird.jpg"
    }  # fmt: skip


def test_half_of_what_a_trained_network_needs_is_an_error(fed: Any) -> None:
    from sebs.errors import InputGenerationError

    benchmark = fed(NAME)
    listed = benchmark.data_dir / "fake-resnet" / "val_map.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("car.jpg 817\n")
    with pytest.raises(InputGenerationError, match=r"has no network \*\.onnx"):
        benchmark.event("test")
    (benchmark.data_dir / "model").mkdir()
    (benchmark.data_dir / "model" / "resnet50.onnx").write_bytes(b"")
    listed.write_text("\n")
    with pytest.raises(InputGenerationError, match=r"lists none"):
        benchmark.event("test")


# --- the verdict ---


@pytest.fixture
def answered(fed: Any) -> tuple[Fed, dict[str, Any], dict[str, Any]]:
    """The benchmark, its event, and a right output."""
    benchmark = fed(NAME)
    output = {
        "result": {"idx": 398, "class": "class 398"},
        "measurement": {
            "download_time": 3, "compute_time": 2.5, "model_time": 2, "model_download_time": 1,
        },
    }  # fmt: skip
    return benchmark, benchmark.event("test"), output


def test_the_right_class_passes(answered: Any) -> None:
    benchmark, event, output = answered
    assert benchmark.judge(event, output) is None
    assert benchmark.judge(event, output, stored=False) is None


@pytest.mark.parametrize(
    "result",
    [
        {"idx": 397}, {"idx": 399}, {"idx": "398"}, {"idx": 398.0}, {"idx": True}, {"idx": None},
        {"idx": [398]},
        {"class": "class 397"}, {"class": None}, {"class": 398}, {"class": ""},
        {"idx": 359, "class": "class 359"},
    ],
)  # fmt: skip
def test_another_class_is_noticed(answered: Any, result: Any) -> None:
    benchmark, event, output = answered
    output["result"].update(result)
    assert "is of the class 398, 'class 398'" in str(benchmark.judge(event, output))


@pytest.mark.parametrize("output", [None, [], "", {}, {"result": 398}])
def test_an_output_that_is_none_is_noticed(answered: Any, output: Any) -> None:
    benchmark, event, _ = answered
    assert "should say which class it is" in str(benchmark.judge(event, output))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("download_time", -1, "download_time should be"),
        ("compute_time", None, "compute_time should be"),
        ("model_time", True, "model_time should be"),
        ("download_time", 0, "download_time should be more than 0"),
        ("compute_time", 0, "compute_time should be more than 0"),
        ("model_time", 2.5, "a part of compute_time"),
        ("model_download_time", 3, "a part of download_time"),
        ("model_time", 0, "should both be 0, or neither"),
        ("model_download_time", 0, "should both be 0, or neither"),
    ],
)
def test_measurements_that_cannot_be_are_noticed(
    answered: Any, name: str, value: Any, reason: str
) -> None:
    benchmark, event, output = answered
    output["measurement"][name] = value
    assert reason in str(benchmark.judge(event, output))
    del output["measurement"]
    assert "the measurement should be an object" in str(benchmark.judge(event, output))
