"""The package index that this machine uses, told to uv in its own words.

uv does not read pip's configuration. Where uv itself is told nothing, what pip is told holds:
``PIP_*`` variables first, then the configuration files
(https://pip.pypa.io/en/stable/topics/configuration/).
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path

#: pip's setting, uv's variable, what stands between several values for uv.
_SETTINGS = (
    ("index-url", "UV_DEFAULT_INDEX", " "),
    ("extra-index-url", "UV_INDEX", " "),
    ("find-links", "UV_FIND_LINKS", ","),
    ("cert", "SSL_CERT_FILE", " "),
)
#: Older names of uv's variables: whoever sets one of these has told uv.
_OLDER = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}


def uv_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment to run uv in."""
    result = {key: value for key, value in environment.items() if key not in _CONFUSING}
    configured = _read_files(environment)
    for setting, variable, separator in _SETTINGS:
        if variable in result or _OLDER.get(variable) in result:
            continue
        name = f"PIP_{setting.upper().replace('-', '_')}"
        values = (environment.get(name) or configured.get(setting, "")).split()
        if setting == "find-links":
            values = list(filter(_is_there, values))
        if values:
            result[variable] = separator.join(values)
    return result


def _is_there(place: str) -> bool:
    """Return whether links may be found there; pip goes on without a directory, uv does not."""
    return "://" in place or os.path.exists(place)


#: They name the environment of this program, not of the function.
_CONFUSING = frozenset({"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON"})


def _read_files(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what pip's files say; later ones win, and ``install`` over ``global``."""
    home = Path(environment.get("HOME") or Path.home())
    configuration = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    own = environment.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return {}
    paths = [
        Path("/etc/pip.conf"),
        home / ".pip" / "pip.conf",
        configuration / "pip" / "pip.conf",
        *([Path(own)] if own else []),
    ]
    settings: dict[str, str] = {}
    for path in paths:
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            # pip itself reports a file that it cannot parse; here it only means no settings.
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                settings.update(parser.items(section))
    return settings
