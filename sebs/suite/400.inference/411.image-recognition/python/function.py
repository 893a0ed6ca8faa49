"""Say what a picture in object storage shows, with a network that is there, too.

The network is fetched and loaded once for each environment; later invocations find it loaded.
"""

import io
import os
from tempfile import TemporaryDirectory
from time import perf_counter_ns

import numpy
import onnxruntime
from PIL import Image

from . import storage

client = storage.storage.get_instance()

#: The network that was used last, by its place.
loaded = {}

#: What networks for ImageNet are shown: pixels, and the channels' means and standard deviations.
RESIZED, SIDE = 256, 224
MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def handler(event):
    bucket, names = event["bucket"], event["object"]
    picture, picture_time = timed(
        client.download_stream, bucket["bucket"], f"{bucket['input']}/{names['input']}"
    )
    place = bucket["bucket"], f"{bucket['model']}/{names['model']}"
    model_download_time = model_time = 0
    if place not in loaded:
        loaded.clear()
        loaded[place], model_download_time, model_time = fetch(*place)
    (number, label), recognition_time = timed(recognize, loaded[place], picture)
    return {
        "result": {"idx": number, "class": label},
        "measurement": {
            "download_time": picture_time + model_download_time,
            "compute_time": recognition_time + model_time,
            "model_time": model_time,
            "model_download_time": model_download_time,
        },
    }


def fetch(bucket, key):
    """Return a network, and how long it took to fetch and to load it."""
    with TemporaryDirectory(prefix="recognition-") as workspace:
        path = os.path.join(workspace, "network.onnx")
        _, download_time = timed(client.download, bucket, key, path)
        network, load_time = timed(load, path)
    return network, download_time, load_time


def load(path):
    options = onnxruntime.SessionOptions()
    # Otherwise threads are bound to processors, which sandboxes forbid.
    options.intra_op_num_threads = os.cpu_count() or 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def recognize(network, content):
    """Return the number of the most likely class, and its label where the network has labels."""
    (scores,) = network.run(None, {network.get_inputs()[0].name: prepare(content)})
    number = int(scores[0].argmax())
    labels = network.get_modelmeta().custom_metadata_map.get("labels")
    return number, labels.split("\n")[number] if labels else str(number)


def prepare(content):
    """Return the middle of a picture as a batch of one: its channels, normalized.

    Sizes and places are rounded as torchvision's ``Resize`` and ``CenterCrop`` do.
    """
    with Image.open(io.BytesIO(content)) as opened:
        image = opened.convert("RGB")
    width, height = (RESIZED * pixels // min(image.size) for pixels in image.size)
    left, top = round((width - SIDE) / 2), round((height - SIDE) / 2)
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels = numpy.asarray(image.crop((left, top, left + SIDE, top + SIDE)), numpy.float32) / 255
    normalized = (pixels - numpy.float32(MEANS)) / numpy.float32(DEVIATIONS)
    return numpy.ascontiguousarray(normalized.transpose(2, 0, 1)[numpy.newaxis])


def timed(function, *arguments):
    """Return what a function returns, and how many microseconds it took."""
    begin = perf_counter_ns()
    result = function(*arguments)
    return result, (perf_counter_ns() - begin) // 1000
