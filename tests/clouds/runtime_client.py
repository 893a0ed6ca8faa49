"""Packages that bring the official runtime interface client, ``awslambdaric``, as their runtime."""

import sys
import zipfile

BOOTSTRAP = f'#!/bin/sh\nexec "{sys.executable}" -m awslambdaric "$_HANDLER"\n'


def with_bootstrap(archive):
    """Add to a package, a file or its path, what starts the client."""
    with zipfile.ZipFile(archive, "a") as package:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        package.writestr(entry, BOOTSTRAP)
