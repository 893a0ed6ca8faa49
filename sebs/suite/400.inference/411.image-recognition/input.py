"""411.image-recognition: a network from object storage says what a picture there shows.

Picture and network are made here, always the same ones; see ``sebs.benchmark.pictures`` and
``network.py``. Nobody trained the network, so what it says is no name of what is seen, but which of
its classes is the right answer for a picture is certain.

Where the data directory has a trained network ``model/*.onnx``, that is used for every size, with
the first of the pictures that ``fake-resnet/val_map.txt`` lists with their classes, as SeBS's data
repository has them.
"""

import os
from pathlib import Path

import network

from sebs.benchmark import pictures
from sebs.benchmark.judging import judge_measurement

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

MEASURED = ("download_time", "compute_time", "model_time", "model_download_time")


def buckets_count():
    return 2, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    model, picture = given_files(data_dir) or made_files(data_dir, size)
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
    names = input_config["object"]
    size = next((size for size in size_generators if model_name(size) == names["model"]), None)
    if size is None:
        number, label = dict(given_pictures(data_dir))[names["input"]], result.get("class")
    else:
        number = size_generators[size][-1]
        label = network.label_of(number)
    found = result.get("idx"), result.get("class")
    # True is 1 in Python, but no number of a class.
    if found != (number, label) or not isinstance(label, str) or isinstance(found[0], bool):
        return (
            f"the picture is of the class {number}, {label!r}, and not {found[0]!r}, {found[1]!r}"
        )
    return judge_measurement(output, MEASURED) or judge_sums(output["measurement"])


def judge_sums(measurement):
    """Return which time cannot be a part of that which it is a part of."""
    for part, whole in (("model_download_time", "download_time"), ("model_time", "compute_time")):
        if measurement[part] > measurement[whole]:
            return f"{part} should be a part of {whole}, and is longer"
    return None


def given_files(data_dir):
    """Return a trained network and a picture, or ``None`` where neither is given.

    Raises:
        FileNotFoundError: One is given without the other.
    """
    models = sorted(Path(data_dir, "model").glob("*.onnx"))
    given = given_pictures(data_dir)
    if not models and not given:
        return None
    if not models:
        raise FileNotFoundError(
            f"{Path(data_dir, 'model')} has no network *.onnx for the pictures in fake-resnet; "
            "sebs/suite/README.md says how one is made from PyTorch's"
        )
    if not given:
        raise FileNotFoundError(
            f"{Path(data_dir, 'fake-resnet', 'val_map.txt')} should list pictures and their "
            f"classes for {models[0].name}, and lists none"
        )
    return models[0], Path(data_dir, "fake-resnet", given[0][0])


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
