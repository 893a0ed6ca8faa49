"""ONNX models, written as they grow, one node after the other.

The file is a message of protocol buffers, whose fields are those of ``onnx.proto``:
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

_IR_VERSION = 8
_OPERATORS = 13

_FLOAT = 1
_ATTRIBUTE_INT, _ATTRIBUTE_INTS = 2, 7


class Graph:
    """A graph of operators, with the weights that they use."""

    def __init__(self):
        self._nodes = []
        self._weights = []
        self._tensors = 0

    def new_name(self):
        """Return a name that no tensor has."""
        self._tensors += 1
        return f"t{self._tensors}"

    def hold(self, name, shape, content):
        """Add weights, and return their name.

        Args:
            name: How nodes call them.
            shape: A size for each dimension.
            content: 32-bit floats, little-endian.
        """
        described = b"".join(_number(1, dimension) for dimension in shape)
        described += _number(2, _FLOAT) + _text(8, name)
        self._weights.append(_nested(5, [described, _key(9, 2) + _varint(len(content)), content]))
        return name

    def node(self, operator, inputs, outputs, **attributes):
        """Add a node; attributes are whole numbers, or tuples of them."""
        content = b"".join(_text(1, name) for name in inputs)
        content += b"".join(_text(2, name) for name in outputs)
        content += _text(4, operator)
        content += b"".join(_field(5, _attribute(*item)) for item in attributes.items())
        self._nodes.append(_field(1, content))

    def add(self, operator, *inputs, **attributes):
        """Add a node with one output, and return that."""
        output = self.new_name()
        self.node(operator, inputs, [output], **attributes)
        return output

    def model(self, picture, scores, labels=()):
        """Yield the parts of the model's file.

        Args:
            picture: Shape of its input, which is called ``picture``.
            scores: Shape of its output, which is called ``scores``.
            labels: What its classes are called.
        """
        graph = [
            *self._nodes,
            _text(2, "network"),
            *(part for tensor in self._weights for part in tensor),
            _field(11, _value("picture", picture)),
            _field(12, _value("scores", scores)),
        ]
        yield _number(1, _IR_VERSION)
        yield _text(2, "sebs")
        yield _field(8, _number(2, _OPERATORS))
        if labels:
            yield _field(14, _text(1, "labels") + _text(2, "\n".join(labels)))
        yield from _nested(7, graph)


def _value(name, shape):
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
