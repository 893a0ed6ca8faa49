"""411.image-recognition with SeBS's data: of what PyTorch saved a network is made."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch_files
from residual_oracle import Weights, random_weights, scores
from suite_doubles import Fed
from torch_files import named, plain, whole, write_stream, write_tar, write_zip

from sebs.benchmark import pictures
from sebs.benchmark.dependencies import PYTHON_PACKAGES
from sebs.errors import InputGenerationError
from sebs.sebs_types import Language

NAME = "411.image-recognition"
BUCKET = "sebs-benchmarks-suite"
MODELS = f"{NAME}-0-input"
PICTURES = {"red.jpg": 3, "green.jpg": 7, "blue.jpg": 3}
CLASSES = 10
FORMATS = [write_tar, write_stream, write_zip]

Write = Callable[[Path, Weights], None]


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    """Those of a network as deep as none of the made ones, in which no two stages are alike."""
    return random_weights(blocks=(1, 3, 2, 1), width=4, classes=CLASSES)


@pytest.fixture
def given(fed: Any) -> Fed:
    """The benchmark with a directory as SeBS's data repository has it; the network is missing."""
    benchmark: Fed = fed(NAME)
    data = benchmark.data_dir
    (data / "model").mkdir(parents=True)
    (data / "fake-resnet").mkdir()
    for number, name in enumerate(PICTURES):
        parts = pictures.encode(str(number), 320, 256)
        (data / "fake-resnet" / name).write_bytes(b"".join(parts))
    listed = "".join(f"{name} {number}\n" for name, number in PICTURES.items())
    (data / "fake-resnet" / "val_map.txt").write_text(listed)
    return benchmark


def saved(given: Fed) -> Path:
    return given.data_dir / "model" / "resnet50-19c8e357.pth"


def converted(given: Fed, target: Path) -> bytes:
    """Return the network that the function gets."""
    key = f"{MODELS}/{given.event('test')['object']['model']}"
    given.storage.download(BUCKET, key, str(target))
    given.storage.clean_bucket(BUCKET)
    return target.read_bytes()


#: Shows a network one picture, in a process that has the function's packages.
SCORER = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy, onnxruntime
network = onnxruntime.InferenceSession(sys.argv[2], providers=["CPUExecutionProvider"])
(found,) = network.run(["scores"], {"picture": numpy.load(sys.argv[3])[numpy.newaxis]})
numpy.save(sys.argv[3], found[0])
"""


@pytest.mark.registry
def test_the_network_computes_what_torchvisions_does(
    given: Fed, weights: Weights, tmp_path: Path
) -> None:
    write_zip(saved(given), weights)
    converted(given, tmp_path / "network.onnx")
    package = given.package(Language.PYTHON, tmp_path / "function") / PYTHON_PACKAGES
    picture = np.random.default_rng(2).normal(size=(3, 224, 224)).astype("<f4")
    np.save(tmp_path / "picture.npy", picture)
    command = ["-c", SCORER, package, tmp_path / "network.onnx", tmp_path / "picture.npy"]
    subprocess.run([sys.executable, *command], check=True)
    found, right = np.load(tmp_path / "picture.npy"), scores(weights, picture)
    assert found.shape == right.shape == (CLASSES,)
    assert np.ptp(right) > 1
    assert np.abs(found - right).max() < 1e-4


def test_every_format_gives_the_same_network(given: Fed, weights: Weights, tmp_path: Path) -> None:
    networks = set()
    for write in FORMATS:
        write(saved(given), weights)
        networks.add(converted(given, tmp_path / "network.onnx"))
    assert len(networks) == 1


@pytest.mark.registry
def test_given_pictures_are_recognized(given: Fed, weights: Weights, recognize: Any) -> None:
    # What is seen changes little in a network that nobody trained.
    certain = {**weights, "fc.bias": np.eye(1, CLASSES, 3, dtype="<f4")[0] * 1000}
    write_tar(saved(given), certain)
    before = {path: path.stat().st_mtime_ns for path in given.data_dir.rglob("*")}
    events = [given.event(size) for size in ("test", "small", "large")]
    assert [event["object"]["input"] for event in events] == list(PICTURES)
    assert {event["object"]["model"] for event in events} == {"resnet50-19c8e357-v1.onnx"}
    right, wrong, also_right = recognize(given, events)
    assert right["result"] == {"idx": 3, "class": "3"}
    assert given.judge(events[0], right) is None
    assert "is of the class 7, '7', and not 3, '3'" in str(given.judge(events[1], wrong))
    assert given.judge(events[2], also_right) is None
    right["result"]["class"] = "sports car"
    assert "is of the class 3, '3', and not 3, 'sports car'" in str(given.judge(events[0], right))
    assert {path: path.stat().st_mtime_ns for path in given.data_dir.rglob("*")} == before


# --- what is refused ---


def refused(given: Fed) -> str:
    with pytest.raises(InputGenerationError) as caught:
        given.event("test")
    assert "Take resnet50-19c8e357.pth of SeBS's data repository, or" in str(caught.value)
    assert given.storage.list_bucket(BUCKET) == []
    return str(caught.value)


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("posix", "system"), ("builtins", "eval"), ("torch.hub", "load")],
)
def test_nothing_in_a_file_is_run(
    given: Fed, weights: Weights, tmp_path: Path, write: Any, module: str, name: str
) -> None:
    trace = tmp_path / "trace"
    call = named(module, name) + plain(f"open({str(trace)!r}, 'w')#; touch {trace}") + b"\x85R"
    write(saved(given), {}, whole(call))
    assert f"it names {module}.{name}, which" in refused(given)
    assert not trace.exists()


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.9])
def test_a_torn_file_is_refused(given: Fed, weights: Weights, write: Write, share: float) -> None:
    write(saved(given), weights)
    content = saved(given).read_bytes()
    saved(given).write_bytes(content[: int(share * len(content))])
    reason = refused(given)
    assert "damaged, or no file of torch.save" in reason or "it is cut short" in reason


def test_a_file_without_its_last_byte_is_refused(given: Fed, weights: Weights) -> None:
    write_stream(saved(given), weights)
    saved(given).write_bytes(saved(given).read_bytes()[:-1])
    assert "it is cut short" in refused(given)


def test_a_flipped_bit_is_refused(given: Fed, weights: Weights) -> None:
    write_zip(saved(given), weights)
    content = bytearray(saved(given).read_bytes())
    content[content.index(weights["fc.weight"].tobytes()) + 99] ^= 1
    saved(given).write_bytes(content)
    assert "Bad CRC-32 for file 'archive/data/fc.weight'" in refused(given)


@pytest.mark.parametrize(
    "content",
    [b"version https://git-lfs.github.com/spec/v1\n", pickle.dumps({"fc.weight": 1}), bytes(1000)],
)
def test_what_torch_did_not_write_is_refused(given: Fed, content: bytes) -> None:
    saved(given).write_bytes(content)
    assert "no file of torch.save" in refused(given)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fc.bias": None}, "no weights 'fc.bias'"),
        ({"conv1.weight": None}, "no weights 'conv1.weight'"),
        ({"layer2.1.bn2.running_var": None}, "no weights 'layer2.1.bn2.running_var'"),
        ({"layer4.0.conv1.weight": None}, "'fc.weight' should have the shape (10, 64)"),
        ({"layer4.0.conv4.weight": np.zeros((1, 1), "<f4")}, "no weights 'layer4.0.conv4.weight'"),
        ({"fc.weight": np.zeros((10, 64), "<f4")}, "should have the shape (10, 128), and has (10"),
        ({"fc.bias": np.zeros(CLASSES, "<i8")}, "no weights 'fc.bias'"),
        ({"fc.weight": np.zeros((128, CLASSES), "<f4").T}, "not in the order of its dimensions"),
    ],
)
def test_other_networks_are_refused(
    given: Fed, weights: Weights, change: dict[str, Any], reason: str
) -> None:
    changed = {**weights, **change}
    write_zip(saved(given), {name: v for name, v in changed.items() if v is not None})
    assert reason in refused(given)


def test_numbers_of_another_kind_are_refused(
    given: Fed, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(torch_files.KINDS, "f", "Half")
    write_zip(saved(given), weights)
    assert "it names torch.HalfStorage, which 32-bit weights do not need" in refused(given)


@pytest.mark.parametrize("write", [write_tar, write_stream])
def test_numbers_in_another_order_are_refused(
    given: Fed, weights: Weights, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(torch_files.SYSTEM, "little_endian", False)
    write(saved(given), weights)
    assert "its numbers begin with their high bytes" in refused(given)


@pytest.mark.parametrize("write", FORMATS)
def test_more_than_weights_is_refused(given: Fed, weights: Weights, write: Any) -> None:
    write(saved(given), {}, pickle.dumps({"epoch": 3}, 2))
    assert "there is more in it than tensors" in refused(given)


@pytest.mark.parametrize("place", [-1, 1, 10**6])
def test_elements_that_are_not_there_are_refused(given: Fed, weights: Weights, place: int) -> None:
    write_zip(saved(given), weights)
    with zipfile.ZipFile(saved(given)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    pickled = parts["archive/data.pkl"]
    # After its storage comes where a tensor begins in that.
    assert b"tQ" + plain(0) in pickled
    parts["archive/data.pkl"] = pickled.replace(b"tQ" + plain(0), b"tQ" + plain(place), 1)
    with zipfile.ZipFile(saved(given), "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert "a tensor has more elements than there are" in refused(given)
