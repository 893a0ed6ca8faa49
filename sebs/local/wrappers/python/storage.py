"""Object storage for functions on the local platform, wherever the deployment has it.

Part of a function's package, so it needs nothing but the standard library.
"""

from __future__ import annotations

import os

# One of them is imported, not both: a cold start is measured.
if "SEBS_LOCAL_STORAGE" in os.environ:
    from .storage_files import storage
else:
    from .storage_s3 import storage  # type: ignore[no-redef]  # has the same methods

__all__ = ["storage"]
