"""What is seen in a result, compared with what ffmpeg makes of the same video here.

Frames are compared by the means of their blocks, in brightness and in both colours, since neither a
video nor a GIF keeps single pixels; the first frame of videos that are made here, which is grey,
pixel by pixel.
"""

import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from operator import sub
from pathlib import Path
from tempfile import TemporaryDirectory

import containers

from sebs.benchmark.dependencies import install_here
from sebs.errors import DependencyError

HERE = Path(__file__).parent
WATERMARK = HERE / "python" / "watermark.png"

#: What each operation does with a video and the watermark.
OPERATIONS = {
    "watermark": "overlay=(main_w-overlay_w)/2:(main_h-overlay_h)/2",
    "extract-gif": "fps=10,scale=320:-1:flags=lanczos,split[a][b];"
    "[a]palettegen[palette];[b][palette]paletteuse",
}

#: How far from what is right the blocks of a frame may be, any of them and on average. Seen were 11
#: and 1.4 of videos, 2 and 0.6 of GIFs.
FARTHEST, AVERAGE = 20, 3

#: What ffmpeg does with a video whose frames are not equally long: newer versions leave them so,
#: older ones repeat some.
MODES = ("vfr", "cfr")

#: Makes one pixel of a block of 8 by 8; light is from 16 to 235, wherever it came from.
BLOCKS = "scale=max(1\\,trunc(iw/8)):max(1\\,trunc(ih/8)):flags=area:out_range=tv,format=yuv444p"

#: The planes of a frame, one after the other.
PLANES = ("brightness", "blue", "red")

#: Pixels across and down of the watermark.
MARK_WIDTH, MARK_HEIGHT = 96, 64

#: What the grey frame is where nothing is laid over it.
GREY = bytes(range(120, 137))

#: How far from what is right the watermark's pixels may be on average; seen were 2.
MARK = 20


@dataclass
class Frames:
    """What a file shows.

    Attributes:
        shape: Its width and height in pixels.
        times: When each frame begins, in seconds.
        tick: To how many seconds they are exact.
        blocks: The means of all blocks, plane by plane, frame by frame.
    """

    shape: tuple[int, int]
    times: list[Fraction]
    tick: Fraction
    blocks: bytes


@contextmanager
def decoder():
    """Yield an ffmpeg from where the function has it, built for this machine.

    Raises:
        DependencyError: It cannot be installed.
    """
    with TemporaryDirectory(prefix="video-judge-") as directory:
        install_here(HERE / "python" / "requirements.txt", Path(directory))
        built = Path(directory).glob("imageio_ffmpeg/binaries/ffmpeg-*")
        program = next(built, None) or shutil.which("ffmpeg")
        if program is None:
            raise DependencyError(
                "There is no ffmpeg to look at the result with: imageio-ffmpeg has none for this "
                "machine.",
                remedy="Install ffmpeg with the system's packages.",
            )
        yield Decoder(program)


class Decoder:
    """Decodes with ffmpeg.

    Args:
        program: Its path.
    """

    def __init__(self, program):
        self._program = program

    def frames(self, path, filters, *options):
        """Return what a file shows after filters, which may use the watermark as a second input.

        Raises:
            DamagedError: It cannot be decoded.
        """
        with TemporaryDirectory(prefix="video-judge-") as directory:
            listed = Path(directory, "frames")
            blocks = self._run(
                "-i", path, "-i", WATERMARK,
                "-filter_complex", f"{filters},split[whole][copy];[copy]{BLOCKS}[blocks]",
                "-map", "[whole]", *options, "-f", "framecrc", listed,
                "-map", "[blocks]", *options, "-f", "rawvideo", "-",
            )  # fmt: skip
            return _listed(listed.read_text(), blocks)

    def pixels(self, path, kind):
        """Return the first frame's pixels."""
        return self._run("-i", path, "-frames:v", "1", "-pix_fmt", kind, "-f", "rawvideo", "-")

    def _run(self, *arguments):
        command = [self._program, "-nostdin", "-v", "error", *arguments]
        done = subprocess.run(command, check=False, capture_output=True)
        if done.returncode != 0:
            raise containers.DamagedError(done.stderr.decode(errors="replace").strip())
        return done.stdout


def _listed(text, blocks):
    """Read a list of frames: https://ffmpeg.org/ffmpeg-formats.html#framecrc."""
    lines = text.splitlines()
    facts = dict(line[1:].split(": ", 1) for line in lines if line.startswith("#"))
    if "tb 0" not in facts:
        raise containers.DamagedError("it shows nothing")
    tick = Fraction(facts["tb 0"])
    across, down = map(int, facts["dimensions 0"].split("x"))
    times = [int(line.split(",")[2]) * tick for line in lines if not line.startswith("#")]
    return Frames((across, down), times, tick, blocks)


def judge(decode, result, source, operation, duration):
    """Return what is wrong with what a result shows of a video.

    Args:
        decode: What :func:`decoder` yields.
        result: The result's path.
        source: The video's.
        operation: What was to be done with it.
        duration: With how many seconds of it.
    """
    found = decode.frames(result, "null", "-fps_mode", "passthrough")
    for mode in MODES:
        wanted = decode.frames(
            source, OPERATIONS[operation], "-fps_mode", mode, "-t", str(duration)
        )
        if len(found.times) == len(wanted.times):
            break
    if found.shape != wanted.shape:
        return f"it should have {wanted.shape} pixels, not {found.shape}"
    if len(found.times) != len(wanted.times):
        return f"it should have {len(wanted.times)} frames, and has {len(found.times)}"
    # Both were rounded.
    exact = (found.tick + wanted.tick) / 2
    for number, (one, other) in enumerate(zip(found.times, wanted.times, strict=True)):
        if abs(one - other) > exact:
            return f"frame {number} should begin at {float(other)} s, and does at {float(one)} s"
    return judge_blocks(found, wanted)


def judge_blocks(found, wanted):
    """Return which frame shows something else than it should, by the means of its blocks."""
    planes = len(PLANES) * len(wanted.times)
    size = len(wanted.blocks) // planes
    for plane in range(planes):
        at = slice(plane * size, (plane + 1) * size)
        off = list(map(abs, map(sub, found.blocks[at], wanted.blocks[at])))
        if max(off) > FARTHEST or sum(off) / size > AVERAGE:
            number, colour = divmod(plane, len(PLANES))
            return (
                f"frame {number} shows something else: its {PLANES[colour]} is up to {max(off)} "
                f"levels off, {sum(off) / size:.1f} on average"
            )
    return None


def judge_first(decode, result, shape):
    """Return what the first frame shows but a watermark in the middle of grey."""
    frame, mark = decode.pixels(result, "gray"), decode.pixels(WATERMARK, "rgba")
    width, height = shape
    left, top = (width - MARK_WIDTH) // 2, (height - MARK_HEIGHT) // 2
    off = 0
    for y in range(height):
        row = frame[y * width : (y + 1) * width]
        if top <= y < top + MARK_HEIGHT:
            shown = row[left : left + MARK_WIDTH]
            row = row[:left] + row[left + MARK_WIDTH :]
            begin = (y - top) * MARK_WIDTH
            for x, found in enumerate(shown, begin):
                opacity, light = over(mark, x)
                off += abs(found - light - (1 - opacity) * 128)
        if row.translate(None, GREY):
            return f"the first frame should be grey around its middle, and is not in row {y}"
    if (mean := off / (MARK_WIDTH * MARK_HEIGHT)) > MARK:
        return f"the watermark should be in the middle: what is there is {mean:.0f} levels off"
    return None


def over(mark, pixel):
    """Return how opaque a pixel of the watermark is, and what light it adds.

    ffmpeg lays it over the frames with light from 16 to 235, as videos have it.
    """
    red, green, blue, alpha = mark[4 * pixel : 4 * pixel + 4]
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return alpha / 255, alpha / 255 * (16 + light * 219 / 255)
