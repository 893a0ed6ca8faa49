"""What earlier runs built and deployed, kept in one directory that many processes may share.

``cache.py`` is the face of it and ``deployed.py`` its part about code and functions. Below them
``store.py`` has the rules of what is written, ``tables.py`` and ``database.py`` all SQL,
``packages.py`` the code packages, ``locks.py`` the locks and ``guard.py`` the check for secrets.
"""

from __future__ import annotations

from sebs.cache.cache import Cache
from sebs.cache.functions import FunctionEntries

__all__ = ["Cache", "FunctionEntries"]
