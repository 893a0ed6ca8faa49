"""The wrappers as tests reach them: Python's as modules, those of Node.js in a process."""

import atexit
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
import types
import uuid
from pathlib import Path

from sebs.local import Local
from sebs.sebs_types import Language

NODE = shutil.which("node")
_ANSWERS = """
const { objectPath } = require(process.argv[1]);
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  let answer = null;
  try {
    answer = objectPath(JSON.parse(line));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  console.log(JSON.stringify(answer));
});
"""


def _together():
    """Return a directory that has the wrappers as a package has them, below their language."""
    directory = tempfile.TemporaryDirectory(prefix="wrappers-")
    atexit.register(directory.cleanup)
    for language in (Language.PYTHON, Language.NODEJS):
        for source in Local.wrappers(language):
            target = Path(directory.name, language.value)
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
            )
    return Path(directory.name)


WRAPPERS = _together()


def load(name):
    """Return a wrapper for Python, fresh, in a package as functions have it."""
    package = types.ModuleType(f"wrappers_{uuid.uuid4().hex}")
    package.__path__ = [str(WRAPPERS / "python")]
    sys.modules[package.__name__] = package
    return importlib.import_module(f"{package.__name__}.{name}")


class NodeKeys:
    """The rule for keys as the wrapper for Node.js has it."""

    def __init__(self, node):
        self._process = subprocess.Popen(
            [node, "-e", _ANSWERS, str(WRAPPERS / "nodejs" / "storage_keys.js")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def object_path(self, key):
        """Return the names, ``None`` where the key is refused."""
        self._process.stdin.write(json.dumps(key) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
