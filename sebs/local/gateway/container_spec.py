"""What a container is created with: its limits, what it may not do, what it sees of this machine.

Nothing of the machine can be written to but the function's log and, where the function has object
storage, the buckets. Without a network of the user's choice the container reaches nothing but the
gateway's data services, through a socket that is mounted.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from sebs.local.gateway.functions import Container
from sebs.local.gateway.logs import log_path
from sebs.local.gateway.sandbox import Order
from sebs.local.gateway.spawn import WORKERS, worker_command, worker_variables

#: The label by which the containers of a home are found, and the one that says which this is.
HOME_LABEL = "sebs.home"
ENVIRONMENT_LABEL = "sebs.environment"

#: The name of the worker's socket in the environment's directory.
CHANNEL = "channel"

#: The name of the socket of the gateway's data services in their directory.
SERVICE = "socket"

#: MB of memory for which AWS Lambda gives one vCPU, in proportion of which it gives less or more:
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MEMORY_OF_ONE_CPU = 1769

#: The least that the engine accepts.
_LEAST_CPUS = 0.01

#: Who runs functions for a gateway of root: nobody else on a usual machine has this number.
_STRANGER = 65532

# AWS Lambda's: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_PROCESSES = 1024
_DESCRIPTORS = 1024
_TEMPORARY_MIB = 512

_ROOT = "/sebs"
_STORAGE_VARIABLE = "SEBS_LOCAL_STORAGE"

#: The worker's output goes straight to the log, in order. The shell stays and is the container's
#: first process: that one would be spared by signals that end any other, and must bury orphans.
_SCRIPT = f'"$@" </dev/null >>{_ROOT}/log 2>&1; exit $?'


class Place(NamedTuple):
    """Directories of the local platform that containers see.

    Attributes:
        home: The platform's own.
        service: The one with the socket of the data services.
    """

    home: Path
    service: Path

    @property
    def storage(self) -> Path:
        """The directory of the buckets."""
        return self.home / "storage"


def cpu_share(memory: int, processors: int) -> float:
    """Return the processors that an environment gets: in proportion to its memory, as on Lambda.

    Args:
        memory: Its memory in MiB.
        processors: Processors of this machine, more than which nothing gets.
    """
    return min(max(memory / MEMORY_OF_ONE_CPU, _LEAST_CPUS), processors)


def user() -> str:
    """Return who runs functions: the gateway's user, or a stranger where that is root.

    The group is the gateway's: what it may do is to read and write what is mounted, no more.
    """
    return f"{os.geteuid() or _STRANGER}:{os.getegid()}"


def uses_storage(order: Order, place: Place) -> bool:
    """Return whether a function has its object storage in the platform's directory."""
    return order.definition.environment.get(_STORAGE_VARIABLE) == str(place.storage)


def describe(order: Order, container: Container, place: Place, processors: int) -> dict[str, Any]:
    """Return the description that the engine creates a container from.

    Args:
        order: What is launched in it.
        container: What the function says of its containers.
        place: What it sees of the local platform.
        processors: Processors of this machine.
    """
    definition = order.definition
    memory = definition.memory << 20
    mounts = [
        _mount(order.package, "package"),
        _mount(WORKERS, "worker"),
        _mount(order.temporary, "run"),
        _mount(place.service, "service"),
        _mount(log_path(place.home, definition.name), "log", writable=True),
    ]
    variables = {
        **worker_variables(order, f"{_ROOT}/package", "/tmp"),  # noqa: S108 - the container's own
        "SEBS_CHANNEL": f"{_ROOT}/run/{CHANNEL}",
        "SEBS_LOCAL_DATA_SOCKET": f"{_ROOT}/service/{SERVICE}",
    }
    if uses_storage(order, place):
        mounts.append(_mount(place.storage, "storage", writable=True))
        variables[_STORAGE_VARIABLE] = f"{_ROOT}/storage"
    return {
        "Image": container.image,
        "Entrypoint": ["/bin/sh", "-c", _SCRIPT, "sebs"],
        "Cmd": worker_command(definition, f"{_ROOT}/worker"),
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "WorkingDir": "/",
        "User": user(),
        "Labels": {HOME_LABEL: str(place.home), ENVIRONMENT_LABEL: order.environment_id},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "AutoRemove": True,
            "Memory": memory,
            "MemorySwap": memory,  # both together, so there is no swap
            "NanoCpus": int(cpu_share(definition.memory, processors) * 1e9),
            "PidsLimit": _PROCESSES,
            "Ulimits": [_limit("nofile", _DESCRIPTORS), _limit("core", 0)],
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "ReadonlyRootfs": True,
            "Tmpfs": {"/tmp": f"rw,exec,nosuid,nodev,size={_TEMPORARY_MIB}m,mode=1777"},  # noqa: S108 - the container's own
            "NetworkMode": container.network,
            "Mounts": mounts,
            "LogConfig": {"Type": "none"},
        },
    }


def _mount(source: Path, target: str, writable: bool = False) -> dict[str, Any]:
    return {
        "Type": "bind",
        "Source": str(source),
        "Target": f"{_ROOT}/{target}",
        "ReadOnly": not writable,
    }


def _limit(name: str, value: int) -> dict[str, Any]:
    return {"Name": name, "Soft": value, "Hard": value}
