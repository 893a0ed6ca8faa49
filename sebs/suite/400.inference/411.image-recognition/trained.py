"""Residual networks with the weights that PyTorch saved of torchvision's, as ONNX models.

The weights are passed on as they are: nothing is computed, and PyTorch is not needed.
"""

from itertools import count, takewhile

import torch_file
from onnx_file import Graph
from residual import SIDE, add_convolution, add_stages

#: What a batch normalization has for every channel, in the order of the operator's inputs. Its
#: epsilon is 1e-5 in torchvision's networks, as it is in ONNX where nothing is said.
STATISTICS = ("weight", "bias", "running_mean", "running_var")

STAGES = range(1, 5)


class UnusableError(ValueError):
    """The weights cannot be read, or are not those of a residual network with bottlenecks."""


def encode(path):
    """Yield the parts of the ONNX file of a network of which PyTorch saved the weights.

    Raises:
        UnusableError: It is not such a file.
    """
    try:
        network = _Network(torch_file.read(path))
        parts = network.model()
        network.check_empty()
    except (torch_file.UnreadableError, UnusableError) as error:
        raise UnusableError(
            f"{str(path)!r} cannot be used as the weights of a ResNet-50: {error}. "
            "Take resnet50-19c8e357.pth of SeBS's data repository, or put a network *.onnx beside "
            "it, as sebs/suite/README.md shows"
        ) from error
    yield from parts


class _Network:
    """A graph that grows, and the weights that are not in it yet."""

    def __init__(self, weights):
        self._weights = weights
        self._graph = Graph()

    def model(self):
        width, *_ = self._shape_of("conv1.weight")
        tensor, channels = add_stages(
            self._graph, self._convolve, [self._blocks(stage) for stage in STAGES], width
        )
        classes, *_ = self._shape_of("fc.weight")
        features = self._graph.add("Flatten", self._graph.add("GlobalAveragePool", tensor))
        last = self._take("fc.weight", classes, channels), self._take("fc.bias", classes)
        self._graph.node("Gemm", [features, *last], ["scores"], transB=1)
        return self._graph.model((1, 3, SIDE, SIDE), (1, classes))

    def check_empty(self):
        for name in self._weights:
            raise UnusableError(f"that has no weights {name!r}")

    def _blocks(self, stage):
        """Return how many blocks there are weights of."""
        names = (f"layer{stage}.{number}.conv1.weight" for number in count())
        return sum(1 for _ in takewhile(self._weights.__contains__, names))

    def _convolve(self, tensor, name, channels, filters, kernel=1, stride=1):
        weights = self._take(f"{name}.weight", filters, channels, kernel, kernel)
        tensor = add_convolution(self._graph, tensor, weights, kernel, stride)
        normalization = name.replace("conv", "bn").replace("downsample.0", "downsample.1")
        statistics = (self._take(f"{normalization}.{part}", filters) for part in STATISTICS)
        return self._graph.add("BatchNormalization", tensor, *statistics)

    def _shape_of(self, name):
        if name not in self._weights:
            raise UnusableError(f"there are no weights {name!r}")
        return self._weights[name].shape

    def _take(self, name, *shape):
        """Move weights into the graph, and return their name."""
        if (found := self._shape_of(name)) != shape:
            raise UnusableError(f"{name!r} should have the shape {shape}, and has {found}")
        return self._graph.hold(name, shape, self._weights.pop(name).content)
