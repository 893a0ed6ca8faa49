"""411.image-recognition: a network from object storage says what a picture there shows.

Picture and network are made here, always the same ones; see ``sebs.benchmark.pictures`` and
``network.py``. Nobody trained the network, so what it says is no name of what is seen, but which of
its classes is the right answer for a picture is certain.

Where the data directory has a trained network in ``model``, as SeBS's data repository has, that is
used for every size, with another one of the pictures that ``fake-resnet/val_map.txt`` lists with
their classes. What PyTorch saved, ``*.pth``, becomes an ONNX model on the way; see ``trained.py``.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import network
import trained

from sebs.benchmark import pictures
from sebs.benchmark.judging import judge_measurement, judge_work

#: The network's blocks and width, the number of the picture, and the class of that: the most likely
#: one by far, so that neither decoders nor processors that round otherwise make it another one, and
#: not the one that most pictures have.
size_generators = {
    "test": ((1, 1, 1, 1), 16, 2, 398),
    "small": ((2, 2, 2, 2), 32, 4, 359),
    "large": ((3, 4, 6, 3), 64, 8, 617),
}

#: Another version makes other networks and pictures, so they must not meet those of an earlier one.
VERSION = 1

#: Pixels of the picture.
WIDTH, HEIGHT = 800, 512

#: What is measured, and what of it only once.
MEASURED, ONCE = ("download_time", "compute_time"), ("model_download_time", "model_time")


def buckets_count():
    return 2, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    with TemporaryDirectory(prefix="recognition-") as workspace:
        model, picture = given_files(data_dir, size, workspace) or made_files(data_dir, size)
        upload_func(0, model.name, str(model))
        upload_func(1, picture.name, str(picture))
    return {
        "object": {"model": model.name, "input": picture.name},
        "bucket": {
            "bucket": benchmarks_bucket,
            "model": input_paths[0],
            "input": input_paths[1],
        },
    }


def validate_output(data_dir, input_config, output, language, storage=None):
    result = output.get("result") if isinstance(output, dict) else None
    if not isinstance(result, dict):
        return f"the result should say which class it is, and is {result!r}"
    number, label = right_class(data_dir, input_config["object"], result.get("class"))
    found = result.get("idx"), result.get("class")
    # Neither 398.0 nor True, which is 1 in Python, is a number of a class.
    if found != (number, label) or type(found[0]) is not int or not isinstance(label, str):
        return (
            f"the picture is of the class {number}, {label!r}, and not {found[0]!r}, {found[1]!r}"
        )
    reason = judge_work(output, MEASURED) or judge_measurement(output, ONCE)
    return reason or judge_parts(output["measurement"])


def right_class(data_dir, names, answered):
    """Return the number of the class that is right, and what that is called.

    A given ONNX network may call it anything, so of its labels any is right.
    """
    size = next((size for size in size_generators if model_name(size) == names["model"]), None)
    if size is not None:
        number = size_generators[size][-1]
        return number, network.label_of(number)
    number = dict(given_pictures(data_dir))[names["input"]]
    has_labels = Path(data_dir, "model", names["model"]).is_file()
    return number, answered if has_labels else str(number)


def judge_parts(measurement):
    """Return which time cannot be a part of that which it is a part of."""
    for part, whole in zip(ONCE, MEASURED, strict=True):
        if measurement[part] >= measurement[whole]:
            return f"{part} should be a part of {whole}, and is not shorter"
    if bool(measurement[ONCE[0]]) != bool(measurement[ONCE[1]]):
        return f"{ONCE[0]} and {ONCE[1]} should both be 0, or neither"
    return None


def given_files(data_dir, size, workspace):
    """Return a trained network and a picture, or ``None`` where neither is given.

    Raises:
        FileNotFoundError: One is given without the other.
        UnusableError: The network cannot be converted.
    """
    directory = Path(data_dir, "model")
    models = sorted(directory.glob("*.onnx")) or sorted(directory.glob("*.pth"))
    given = given_pictures(data_dir)
    if not models and not given:
        return None
    if not models:
        raise FileNotFoundError(
            f"{str(directory)!r} has no network *.onnx or *.pth for the pictures in fake-resnet; "
            "SeBS's data repository has resnet50-19c8e357.pth there"
        )
    if not given:
        raise FileNotFoundError(
            f"{str(Path(data_dir, 'fake-resnet', 'val_map.txt'))!r} should list pictures and their "
            f"classes for {models[0].name}, and lists none"
        )
    name, _ = given[list(size_generators).index(size) % len(given)]
    return converted(models[0], workspace), Path(data_dir, "fake-resnet", name)


def converted(model, workspace):
    """Return an ONNX model; of what PyTorch saved one is made, beside the user's own files."""
    if model.suffix == ".onnx":
        return model
    path = Path(workspace, f"{model.stem}-v{VERSION}.onnx")
    write(path, trained.encode(model))
    return path


def given_pictures(data_dir):
    """Return the names of given pictures, and the number of the class of each."""
    listed = Path(data_dir, "fake-resnet", "val_map.txt")
    if not listed.is_file():
        return []
    lines = (line.split() for line in listed.read_text(encoding="utf-8").splitlines())
    return [(line[0], int(line[1])) for line in lines if line]


def made_files(data_dir, size):
    blocks, width, number, _ = size_generators[size]
    model, picture = Path(data_dir, model_name(size)), Path(data_dir, picture_name(size))
    write(model, network.encode(f"{VERSION}/{size}", blocks, width))
    write(picture, pictures.encode(f"{VERSION}/{size}/{number}", WIDTH, HEIGHT))
    return model, picture


def model_name(size):
    return f"network-v{VERSION}-{size}.onnx"


def picture_name(size):
    return f"picture-v{VERSION}-{size}.jpg"


def write(path, parts):
    """Write a file, unless it is there: under another name first, as another process may, too."""
    if path.exists():
        return
    temporary = path.with_suffix(f".{os.getpid()}")
    with open(temporary, "wb") as target:
        target.writelines(parts)
    os.replace(temporary, path)
