"""Residual networks that are a function of a seed, as ONNX models.

They have the layers of ResNets with bottlenecks: with the blocks (3, 4, 6, 3) and the width 64 it
is ResNet-50 (https://arxiv.org/abs/1512.03385, table 1), whose batch normalizations are part
of its convolutions, as they are before inference. Nobody trained them, and the mean of what such a
network finds in a picture is nearly the same for all pictures. So classes are told apart by the
difference between a picture's left and its right half, which is not.

The file is a message of protocol buffers, whose fields are those of ``onnx.proto``:
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

import struct
from hashlib import shake_256
from math import prod, sqrt

CLASSES = 1000

#: Width and height of what the network is shown, in pixels.
SIDE = 224

#: How many times more channels a block has outside than in its bottleneck.
EXPANSION = 4

_IR_VERSION = 8
_OPERATORS = 13

_FLOAT = 1
_ATTRIBUTE_INT, _ATTRIBUTE_INTS = 2, 7


def label_of(number):
    """Return what a class is called."""
    return f"class {number}"


def encode(seed, blocks, width):
    """Yield the parts of a network's file.

    Args:
        seed: What its weights are a function of.
        blocks: How many blocks each stage has.
        width: Channels in the bottlenecks of the first stage; every other stage has twice as many.
    """
    network = _Network(seed)
    tensor = network.convolve("picture", 3, width, kernel=7, stride=2)
    tensor = network.add(
        "MaxPool", network.rectify(tensor), kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)
    )
    channels = width
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if stage and number == 0 else 1
            tensor = network.block(tensor, channels, width << stage, stride)
            channels = EXPANSION * width << stage
    # Of 7 columns the left and the right 3.
    halves = network.add("AveragePool", tensor, kernel_shape=(7, 3), strides=(1, 4))
    network.node("Split", [halves], ["left", "right"], axis=3)
    features = network.add("Flatten", network.add("Sub", "left", "right"))
    weights = network.weights(CLASSES, channels)
    network.node("Gemm", [features, weights], ["scores"], transB=1)
    yield from network.model()


class _Network:
    """A graph that grows, one node after the other."""

    def __init__(self, seed):
        self._seed = seed
        self._nodes = []
        self._weights = []
        self._tensors = 0

    def model(self):
        """Yield the parts of its file."""
        labels = "\n".join(map(label_of, range(CLASSES)))
        graph = [
            *self._nodes,
            _text(2, "network"),
            *(part for tensor in self._weights for part in tensor),
            _field(11, _value("picture", 1, 3, SIDE, SIDE)),
            _field(12, _value("scores", 1, CLASSES)),
        ]
        yield _number(1, _IR_VERSION)
        yield _text(2, "sebs")
        yield _field(8, _number(2, _OPERATORS))
        yield _field(14, _text(1, "labels") + _text(2, labels))
        yield from _nested(7, graph)

    def node(self, operator, inputs, outputs, **attributes):
        content = b"".join(_text(1, name) for name in inputs)
        content += b"".join(_text(2, name) for name in outputs)
        content += _text(4, operator)
        content += b"".join(_field(5, _attribute(*item)) for item in attributes.items())
        self._nodes.append(_field(1, content))

    def add(self, operator, *inputs, **attributes):
        """Add a node with one output, and return that."""
        output = self._new_name()
        self.node(operator, inputs, [output], **attributes)
        return output

    def rectify(self, tensor):
        return self.add("Relu", tensor)

    def convolve(self, tensor, channels, filters, kernel=1, stride=1):
        return self.add(
            "Conv",
            tensor,
            self.weights(filters, channels, kernel, kernel),
            kernel_shape=(kernel, kernel),
            strides=(stride, stride),
            pads=(kernel // 2,) * 4,
        )

    def block(self, tensor, channels, width, stride):
        """Add a block; only the first of a stage has a convolution on its shortcut."""
        outside = EXPANSION * width
        shortcut = tensor
        if channels != outside:
            shortcut = self.convolve(tensor, channels, outside, stride=stride)
        tensor = self.rectify(self.convolve(tensor, channels, width))
        tensor = self.rectify(self.convolve(tensor, width, width, kernel=3, stride=stride))
        tensor = self.convolve(tensor, width, outside)
        return self.rectify(self.add("Add", tensor, shortcut))

    def weights(self, *shape):
        """Add random weights: uniform ones, of which a rectified layer keeps the variance.

        Source: https://arxiv.org/abs/1502.01852, equation 10.
        """
        name = self._new_name()
        limit = sqrt(6 / prod(shape[1:]))
        values = [struct.pack("<f", limit * (2 * byte - 255) / 255) for byte in range(256)]
        noise = shake_256(f"{self._seed}/{name}".encode()).digest(prod(shape))
        content = bytearray(4 * len(noise))
        for plane in range(4):
            content[plane::4] = noise.translate(bytes(value[plane] for value in values))
        described = b"".join(_number(1, dimension) for dimension in shape)
        described += _number(2, _FLOAT) + _text(8, name)
        self._weights.append(_nested(5, [described, _key(9, 2) + _varint(len(content)), content]))
        return name

    def _new_name(self):
        self._tensors += 1
        return f"t{self._tensors}"


def _value(name, *shape):
    dimensions = b"".join(_field(1, _number(1, dimension)) for dimension in shape)
    tensor = _number(1, _FLOAT) + _field(2, dimensions)
    return _text(1, name) + _field(2, _field(1, tensor))


def _attribute(name, value):
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _ATTRIBUTE_INT)
    numbers = b"".join(_number(8, number) for number in value)
    return _text(1, name) + numbers + _number(20, _ATTRIBUTE_INTS)


def _nested(number, parts):
    """Return the parts of a field that is a message of these parts, without copying them."""
    return [_key(number, 2) + _varint(sum(map(len, parts))), *parts]


def _field(number, content):
    return _key(number, 2) + _varint(len(content)) + content


def _text(number, text):
    return _field(number, text.encode())


def _number(number, value):
    return _key(number, 0) + _varint(value)


def _key(number, kind):
    return _varint(number << 3 | kind)


def _varint(value):
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
