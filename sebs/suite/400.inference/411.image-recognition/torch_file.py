"""Weights that PyTorch's ``torch.save`` wrote, read without PyTorch.

They are pickles, and a pickle runs what it names. Here it can name a few constructors that weights
need and nothing else, so nothing that is in a file is run.

PyTorch has had three formats, and reads all of them to this day: an archive of tar, as the older
networks of torchvision still are; a stream of pickles, from early 2017 on; and an archive of zip,
since version 1.6. Source: https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
"""

import io
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict
from copy import copy
from dataclasses import dataclass
from math import prod
from pathlib import Path

#: What a stream begins with: two numbers, each a pickle.
_MAGIC = [0x1950A86A20F9469CFC6C, 1001]

#: Bytes of an element: of weights, and of how many batches a normalization has seen.
_WIDTHS = {"Float": 4, "Long": 8}


class UnreadableError(ValueError):
    """This is no file of weights, not a whole one, or there is something else in it."""


@dataclass
class Tensor:
    """Numbers in the order of their dimensions, the last of which changes fastest.

    Attributes:
        shape: A size for each dimension.
        content: 32-bit floats, little-endian.
    """

    shape: tuple
    content: bytes


def read(path):
    """Return the weights in a file, by their names; what is no 32-bit float is left out.

    Raises:
        UnreadableError: They cannot be had.
    """
    content = Path(path).read_bytes()
    try:
        saved = _reader(content)(io.BytesIO(content))
        views = {name: getattr(value, "data", value) for name, value in saved.items()}
        if not all(isinstance(view, _View) for view in views.values()):
            raise UnreadableError("there is more in it than tensors")
        return {name: view.tensor() for name, view in views.items() if view.storage.is_float}
    except UnreadableError:
        raise
    except Exception as error:
        # A pickle that is damaged, or that is none, raises whatever its bytes make it raise.
        raise UnreadableError(f"it is damaged, or no file of torch.save ({error!r})") from error


def _reader(content):
    if content.startswith(b"PK"):
        return _read_zip
    return _read_tar if content[257:262] == b"ustar" else _read_stream


class _Storage:
    """Elements in a row."""

    def __init__(self, kind):
        self.is_float = kind == "Float"
        self.width = _WIDTHS[kind]
        self.content = b""

    def fill(self, file):
        """Take the elements from a file, where they come after their number."""
        (count,) = struct.unpack("<q", file.read(8))
        self.content = file.read(count * self.width)
        if len(self.content) != count * self.width:
            raise UnreadableError("it is cut short")

    def part(self, offset, count):
        """Return elements of it as a storage; both arguments are in elements."""
        part = copy(self)
        part.content = self.content[offset * self.width : (offset + count) * self.width]
        return part


@dataclass
class _View:
    """What a tensor has of a storage; offset and strides are in elements."""

    storage: _Storage
    offset: int
    shape: tuple
    strides: tuple

    def tensor(self):
        stride = 1
        for size, found in zip(self.shape[::-1], self.strides[::-1], strict=True):
            if size < 1 or (size > 1 and found != stride):
                raise UnreadableError("a tensor is not in the order of its dimensions")
            stride *= size
        begin, size = self.offset * self.storage.width, prod(self.shape) * self.storage.width
        content = self.storage.content[begin : begin + size]
        if begin < 0 or len(content) != size:
            raise UnreadableError("a tensor has more elements than there are")
        return Tensor(tuple(self.shape), content)


class _Parameter:
    """A tensor that was saved as a part of a module; it came with it, or in its state."""

    def __new__(cls, data=None, *_):
        parameter = super().__new__(cls)
        parameter.data = data
        return parameter

    def __setstate__(self, state):
        # Whether it is trained, and how; in the oldest files the tensor is before that.
        if len(state) > 3:
            self.data = state[0]


def _rebuild(storage, offset, shape, strides, *_):
    return _View(storage, offset, shape, strides)


_NAMES = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _rebuild,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
    ("torch._utils", "_rebuild_parameter"): _Parameter,
    ("torch.nn.parameter", "Parameter"): _Parameter,
    **{("torch", f"{kind}{what}"): kind for kind in _WIDTHS for what in ("Storage", "Tensor")},
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, persistent_load=None):
        super().__init__(file, encoding="utf-8")
        if persistent_load is not None:
            self.persistent_load = persistent_load

    def find_class(self, module, name):
        if (module, name) not in _NAMES:
            raise UnreadableError(f"it names {module}.{name}, which 32-bit weights do not need")
        return _NAMES[module, name]


def _load(file):
    return _Unpickler(file).load()


def _read_zip(file):
    with zipfile.ZipFile(file) as archive:
        (described,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        root = described.removesuffix("data.pkl")
        if f"{root}byteorder" in archive.namelist():
            _check_order(archive.read(f"{root}byteorder") == b"little")
        storages = {}

        def find(saved):
            _, kind, key, *_ = saved
            if key not in storages:
                storages[key] = _Storage(kind)
                storages[key].content = archive.read(f"{root}data/{key}")
            return storages[key]

        return _Unpickler(io.BytesIO(archive.read(described)), find).load()


def _read_stream(file):
    if [_load(file), _load(file)] != _MAGIC:
        raise UnreadableError("it is no file of torch.save")
    _check_order(_load(file)["little_endian"])
    storages = {}

    def find(saved):
        _, kind, key, _, _, view = saved
        if view is not None:
            raise UnreadableError("a storage is a part of another one")
        return storages.setdefault(key, _Storage(kind))

    saved = _Unpickler(file, find).load()
    for key in _load(file):
        storages[key].fill(file)
    return saved


def _read_tar(file):
    with tarfile.open(fileobj=file, mode="r:") as archive:
        names = ("sys_info", "storages", "tensors", "pickle")
        system, stored, described, saved = (
            io.BytesIO(archive.extractfile(name).read()) for name in names
        )
    _check_order(_load(system)["little_endian"])
    storages, views = {}, {}
    for _ in range(_load(stored)):
        key, _, kind = _load(stored)
        storages[key] = _Storage(kind)
        storages[key].fill(stored)
    for key, whole, offset, count in _load(stored):
        storages[key] = storages[whole].part(offset, count)
    for _ in range(_load(described)):
        key, storage, _ = _load(described)
        # The number of dimensions has had eight bytes once.
        (count,) = struct.unpack("<i4x", described.read(8))
        shape, strides = (struct.unpack(f"<{count}q", described.read(8 * count)) for _ in range(2))
        (offset,) = struct.unpack("<q", described.read(8))
        views[key] = _View(storages[storage], offset, shape, strides)
    return _Unpickler(saved, lambda key: views[int(key)]).load()


def _check_order(is_little):
    if not is_little:
        raise UnreadableError("its numbers begin with their high bytes")
