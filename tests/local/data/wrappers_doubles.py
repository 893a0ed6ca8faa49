"""The wrappers as tests reach them: Python's as modules, those of Node.js in a process."""

import importlib.util
import json
import shutil
import subprocess
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
    """Return a wrapper for Python, fresh."""
    path = WRAPPERS / "python" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"wrapper_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class NodeKeys:
    """The rule for keys as the wrapper for Node.js has it."""

    def __init__(self, node):
        self._process = subprocess.Popen(
            [node, "-e", _ANSWERS, str(WRAPPERS / "nodejs" / "storage.js")],
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
