"""What of this machine may show in the figures."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Any

_CLOCK_SOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")


def describe_machine() -> dict[str, Any]:
    """Return processors, memory, kernel, load and clocks; ``None`` where the system tells none."""
    return {
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "processor": _processor(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "load": os.getloadavg()[0],
        "kernel": platform.release(),
        "system": platform.platform(),
        "clock": time.get_clock_info("monotonic").implementation,
        "clock_source": _clock_source(),
    }


def _processor() -> str:
    """Return the processor's name; Linux tells it in a file, others with the platform."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _clock_source() -> str | None:
    """Return what the kernel reads the time from: a slow source costs every measurement."""
    try:
        return _CLOCK_SOURCE.read_text(encoding="utf-8").strip()
    except OSError:
        return None
