"""The layers that all residual networks with bottlenecks have, whatever their weights are.

With the blocks (3, 4, 6, 3) and the width 64 it is ResNet-50
(https://arxiv.org/abs/1512.03385, table 1), whose strides are where torchvision has them: in the
convolutions of 3 by 3.
"""

#: Width and height of what the network is shown, in pixels.
SIDE = 224

#: How many times more channels a block has outside than in its bottleneck.
EXPANSION = 4


def add_stages(graph, convolve, blocks, width):
    """Add everything from the picture to what the last stage makes of it.

    Args:
        graph: An ``onnx_file.Graph``.
        convolve: Adds a convolution with its normalization, and returns its output:
            ``(tensor, name, channels, filters, kernel=1, stride=1)``, named as in torchvision.
        blocks: How many blocks each stage has.
        width: Channels in the bottlenecks of the first stage; every other stage has twice as many.

    Returns:
        The last stage's output, and how many channels that has.
    """
    tensor = convolve("picture", "conv1", 3, width, kernel=7, stride=2)
    tensor = graph.add(
        "MaxPool",
        graph.add("Relu", tensor),
        kernel_shape=(3, 3),
        strides=(2, 2),
        pads=(1, 1, 1, 1),
    )
    channels = width
    for stage, count in enumerate(blocks):
        for number in range(count):
            name = f"layer{stage + 1}.{number}"
            stride = 2 if stage and number == 0 else 1
            tensor = _add_block(graph, convolve, name, tensor, channels, width << stage, stride)
            channels = EXPANSION * width << stage
    return tensor, channels


def add_convolution(graph, tensor, weights, kernel, stride):
    """Add a convolution, and return its output; ``kernel`` and ``stride`` are in pixels."""
    return graph.add(
        "Conv",
        tensor,
        weights,
        kernel_shape=(kernel, kernel),
        strides=(stride, stride),
        pads=(kernel // 2,) * 4,
    )


def _add_block(graph, convolve, name, tensor, channels, width, stride):
    """Add a block; only the first of a stage has a convolution on its shortcut."""
    outside = EXPANSION * width
    shortcut = tensor
    if channels != outside:
        shortcut = convolve(tensor, f"{name}.downsample.0", channels, outside, stride=stride)
    tensor = graph.add("Relu", convolve(tensor, f"{name}.conv1", channels, width))
    tensor = convolve(tensor, f"{name}.conv2", width, width, kernel=3, stride=stride)
    tensor = convolve(graph.add("Relu", tensor), f"{name}.conv3", width, outside)
    return graph.add("Relu", graph.add("Add", tensor, shortcut))
