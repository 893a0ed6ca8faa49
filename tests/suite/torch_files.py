"""Files as PyTorch's ``torch.save`` writes them, in each of its formats, without PyTorch."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

Weights = Mapping[str, np.ndarray]

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
SYSTEM = {"protocol_version": VERSION, "little_endian": True, "type_sizes": {"long": 4}}
KINDS = {"f": "Float", "i": "Long"}


def write_zip(path: Path, weights: Weights, pickled: bytes | None = None) -> None:
    """Write weights as PyTorch does since version 1.6, ``pickled`` in the place of their names."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled or state(weights, rebuilt))
        archive.writestr("archive/version", b"3\n")
        archive.writestr("archive/byteorder", b"little")
        for name, values in weights.items():
            archive.writestr(f"archive/data/{name}", values.tobytes())


def write_stream(path: Path, weights: Weights, pickled: bytes | None = None) -> None:
    """Write weights as PyTorch does since early 2017."""
    head = b"".join(pickle.dumps(value, 2) for value in (MAGIC, VERSION, SYSTEM))
    saved = pickled or state(weights, lambda name, values: rebuilt(name, values, plain(None)))
    stored = b"".join(struct.pack("<q", v.size) + v.tobytes() for v in weights.values())
    path.write_bytes(head + saved + pickle.dumps(list(weights), 2) + stored)


def write_tar(path: Path, weights: Weights, pickled: bytes | None = None) -> None:
    """Write weights as PyTorch did first; those of torchvision's oldest networks are so.

    Every tensor has a part of a storage, which begins behind the storage's first element.
    """
    places = {name: place for place, name in enumerate(weights, 1000)}
    stored = described = pickle.dumps(len(weights), 2)
    parts = []
    for name, values in weights.items():
        key, part, kind = places[name], places[name] + 1000, KINDS[values.dtype.kind]
        storage = plain(key) + plain("cpu") + named("torch", f"{kind}Storage")
        stored += whole(b"(" + storage + b"t")
        stored += struct.pack("<q", 1 + values.size) + bytes(values.itemsize) + values.tobytes()
        parts.append((part, key, 1, values.size))
        tensor = plain(-key) + plain(part) + named("torch", f"{kind}Tensor")
        described += whole(b"(" + tensor + b"t")
        described += struct.pack("<ii", values.ndim, 0)
        described += struct.pack(f"<{2 * values.ndim}q", *values.shape, *strides(values))
        described += struct.pack("<q", 0)
    stored += pickle.dumps(parts, 2)
    saved = state(weights, lambda name, values: parameter(name, plain(str(-places[name])) + b"Q"))
    members = {
        "sys_info": pickle.dumps(SYSTEM, 2),
        "pickle": pickled or saved,
        "tensors": described,
        "storages": stored,
    }
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def state(weights: Weights, tensor: Callable[[str, np.ndarray], bytes]) -> bytes:
    """Return the pickle of a module's state."""
    items = b"".join(plain(name) + tensor(name, values) for name, values in weights.items())
    return whole(EMPTY + b"(" + items + b"u")


def rebuilt(name: str, values: np.ndarray, further: bytes = b"") -> bytes:
    """Return what makes a tensor of a storage, whose key is the tensor's name."""
    kind = named("torch", f"{KINDS[values.dtype.kind]}Storage")
    parts = plain("storage") + kind + plain(name) + plain("cpu") + plain(values.size) + further
    shape = plain(0) + plain(values.shape) + plain(strides(values))
    return (
        named("torch._utils", "_rebuild_tensor_v2")
        + (b"((" + parts + b"tQ" + shape + plain(False) + EMPTY)
        + b"tR"
    )


def parameter(name: str, tensor: bytes) -> bytes:
    """Return a tensor as one was saved that is trained: in one of two ways, and others as it is."""
    trained = plain(True) + plain(False)
    if name.endswith(".weight"):
        return (
            named("torch.nn.parameter", "Parameter") + tensor + b"\x85R(" + trained + EMPTY + b"tb"
        )
    if name.endswith(".bias"):
        before = b"(" + tensor + plain(None) + EMPTY
        return named("torch.nn.parameter", "Parameter") + b")\x81" + before + trained + b"tb"
    return tensor


def strides(values: np.ndarray) -> tuple[int, ...]:
    return tuple(stride // values.itemsize for stride in values.strides)


def named(module: str, name: str) -> bytes:
    """Return the opcodes that look something up."""
    return f"c{module}\n{name}\n".encode()


def plain(value: object) -> bytes:
    """Return the opcodes of a value that names nothing."""
    return pickle.dumps(value, 2)[2:-1]


def whole(opcodes: bytes) -> bytes:
    """Return a pickle."""
    return b"\x80\x02" + opcodes + b"."


EMPTY = named(OrderedDict.__module__, OrderedDict.__name__) + b")R"
