"""The wrappers as tests reach them: Python's as modules, those of Node.js in a process."""

import importlib
import json
import shutil
import subprocess
import sys
import types
import uuid
from pathlib import Path

import sebs.local

WRAPPERS = Path(sebs.local.__file__).parent / "wrappers"
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
