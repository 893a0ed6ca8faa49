"""Draws what a command prints in a terminal: ``python docs/picture.py FILE.svg COMMAND...``.

The command runs for real, in a pseudo-terminal of that width; what it wrote becomes the picture.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import os
import re
import shlex
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text


def run_in_terminal(command: list[str], columns: int) -> str:
    """Return everything that a command wrote to its terminal."""
    terminal, inner = os.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    # Progress bars go to standard error, and erase themselves.
    process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=subprocess.DEVNULL)
    os.close(inner)
    written = bytearray()
    while chunk := read(terminal):
        written += chunk
    if process.wait() != 0:
        sys.exit(f"{shlex.join(command)} failed:\n{written.decode()}")
    return written.decode().replace("\r\n", "\n")


def read(terminal: int) -> bytes:
    """Return what is there; nothing at the end, of which Linux makes an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def offline(svg: str) -> str:
    """Return a picture without the fonts that rich has it load from elsewhere."""
    without = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)
    without = re.sub(r" *<!-- Generated.*?-->\n", "", without)
    return without.replace("Fira Code,", "DejaVu Sans Mono, Menlo, Consolas,")


def main() -> int:
    parser = argparse.ArgumentParser(description="Draw what a command prints.")
    parser.add_argument("file", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    parser.add_argument("--columns", type=int, default=92)
    arguments = parser.parse_args()
    shown = run_in_terminal(arguments.command, arguments.columns)
    console = Console(record=True, width=arguments.columns, file=io.StringIO())
    console.print(Text.from_ansi(f"$ {shlex.join(arguments.command)}\n{shown.rstrip()}"))
    arguments.file.write_text(offline(console.export_svg(title="sebs")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
