"""What torchvision's residual networks with bottlenecks compute, once more, with NumPy alone.

Source: He et al., "Deep residual learning for image recognition", https://arxiv.org/abs/1512.03385,
with the strides in the convolutions of 3 by 3, as torchvision has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Weights = Mapping[str, np.ndarray]

#: What a batch normalization adds to a variance.
EPSILON = 1e-5


def random_weights(blocks: Sequence[int], width: int, classes: int) -> dict[str, np.ndarray]:
    """Return weights under torchvision's names, always the same ones."""
    random = np.random.default_rng(1)
    weights: dict[str, np.ndarray] = {}

    def convolution(name: str, norm: str, filters: int, channels: int, kernel: int) -> None:
        scale = (2 / (channels * kernel**2)) ** 0.5
        weights[f"{name}.weight"] = random.normal(0, scale, (filters, channels, kernel, kernel))
        weights[f"{norm}.weight"] = random.uniform(0.5, 1, filters)
        weights[f"{norm}.bias"] = random.normal(0, 0.1, filters)
        weights[f"{norm}.running_mean"] = random.normal(0, 0.1, filters)
        weights[f"{norm}.running_var"] = random.uniform(0.5, 1.5, filters)
        weights[f"{norm}.num_batches_tracked"] = np.array(100)

    convolution("conv1", "bn1", width, 3, 7)
    channels = width
    for stage, count in enumerate(blocks):
        inside = width << stage
        for number in range(count):
            name = f"layer{stage + 1}.{number}"
            convolution(f"{name}.conv1", f"{name}.bn1", inside, channels, 1)
            convolution(f"{name}.conv2", f"{name}.bn2", inside, inside, 3)
            convolution(f"{name}.conv3", f"{name}.bn3", 4 * inside, inside, 1)
            if number == 0:
                shortcut = f"{name}.downsample"
                convolution(f"{shortcut}.0", f"{shortcut}.1", 4 * inside, channels, 1)
            channels = 4 * inside
    weights["fc.weight"] = random.normal(0, channels**-0.5, (classes, channels))
    weights["fc.bias"] = random.normal(0, 0.1, classes)
    types = {"f": np.dtype("<f4"), "i": np.dtype("<i8")}
    return {name: values.astype(types[values.dtype.kind]) for name, values in weights.items()}


def scores(weights: Weights, picture: np.ndarray) -> np.ndarray:
    """Return the score of each class for a picture, whose axes are channel, row and column."""
    layer = np.maximum(normalized(weights, "conv1", "bn1", picture, stride=2), 0)
    around = np.pad(layer, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    layer = sliding_window_view(around, (3, 3), axis=(1, 2))[:, ::2, ::2].max(axis=(3, 4))
    for stage in range(1, 5):
        number = 0
        while f"layer{stage}.{number}.conv1.weight" in weights:
            stride = 2 if stage > 1 and number == 0 else 1
            layer = block(weights, f"layer{stage}.{number}", layer, stride)
            number += 1
    return weights["fc.weight"] @ layer.mean(axis=(1, 2)) + weights["fc.bias"]


def block(weights: Weights, name: str, layer: np.ndarray, stride: int) -> np.ndarray:
    shortcut = layer
    if f"{name}.downsample.0.weight" in weights:
        names = f"{name}.downsample.0", f"{name}.downsample.1"
        shortcut = normalized(weights, *names, layer, stride)
    layer = np.maximum(normalized(weights, f"{name}.conv1", f"{name}.bn1", layer), 0)
    layer = np.maximum(normalized(weights, f"{name}.conv2", f"{name}.bn2", layer, stride), 0)
    return np.maximum(normalized(weights, f"{name}.conv3", f"{name}.bn3", layer) + shortcut, 0)


def normalized(
    weights: Weights, name: str, norm: str, layer: np.ndarray, stride: int = 1
) -> np.ndarray:
    """Return a convolution with its batch normalization."""
    kernel = weights[f"{name}.weight"]
    size = kernel.shape[-1]
    around = np.pad(layer, ((0, 0), (size // 2,) * 2, (size // 2,) * 2))
    windows = sliding_window_view(around, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    found = np.tensordot(kernel, windows, axes=((1, 2, 3), (0, 3, 4)))
    scale, shift, mean, variance = (
        weights[f"{norm}.{part}"][:, np.newaxis, np.newaxis]
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    return (found - mean) / np.sqrt(variance + EPSILON) * scale + shift
