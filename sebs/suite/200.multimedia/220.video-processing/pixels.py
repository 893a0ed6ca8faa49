"""What is seen in a result, compared with the video that it was made of; ffmpeg decodes both.

All is compared in grey. Frames are compared by the means of their blocks, since neither a video nor
a GIF keeps single pixels; the first frame of a video, which is grey, pixel by pixel.
"""

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sebs.benchmark.dependencies import install_here

HERE = Path(__file__).parent
WATERMARK = HERE / "python" / "watermark.png"

#: Pixels across and down of the watermark.
MARK_WIDTH, MARK_HEIGHT = 96, 64

#: Pixels across and down of a block. Videos and their middles are made of whole ones.
BLOCK = 8

#: What the grey frame is where nothing is laid over it.
GREY = bytes(range(120, 137))

#: How far from what is right the blocks of a frame may be, any of them and on average. Seen were 4
#: and 0.4 of a video, 7 and 2.9 of a GIF, whose colours are few.
VIDEO, GIF = (20, 3), (24, 6)

#: How far from what is right the watermark's pixels may be on average; seen were 2.
MARK = 20


@contextmanager
def decoder():
    """Yield a function that decodes a file into the bytes of grey frames.

    ffmpeg comes from where the function has it, built for this machine.

    Raises:
        DependencyError: It cannot be installed.
    """
    with TemporaryDirectory(prefix="video-judge-") as directory:
        install_here(HERE / "python" / "requirements.txt", Path(directory))
        built = Path(directory).glob("imageio_ffmpeg/binaries/ffmpeg-*")
        program = next(built, None) or shutil.which("ffmpeg")
        if program is None:
            raise FileNotFoundError("neither imageio-ffmpeg nor this machine has an ffmpeg")

        def decode(path, *options, pixels="gray"):
            command = [program, "-nostdin", "-v", "error", "-i", path, *options]
            command += ["-pix_fmt", pixels, "-f", "rawvideo", "-"]
            return subprocess.run(command, check=True, capture_output=True).stdout

        yield decode


def judge_watermark(decode, result, source, shape, frames):
    """Return what is wrong with what a video shows that has a watermark in its middle.

    Args:
        decode: What :func:`decoder` yields.
        result: The video's path.
        source: That of what it was made of.
        shape: Width and height of both, in pixels.
        frames: How many the result has.
    """
    width, height = shape
    mark = decode(WATERMARK, pixels="rgba")
    first = decode(result, "-frames:v", "1")
    if (reason := judge_first(first, mark, width, height)) is not None:
        return reason
    found, given = (
        decode(path, "-frames:v", str(frames), "-vf", f"scale=iw/{BLOCK}:ih/{BLOCK}:flags=area")
        for path in (result, source)
    )
    across, down = width // BLOCK, height // BLOCK
    left, top = middle(across, down, MARK_WIDTH // BLOCK, MARK_HEIGHT // BLOCK)
    wanted = bytearray(given)
    for number, (opacity, light) in enumerate(mark_blocks(mark)):
        y, x = divmod(number, MARK_WIDTH // BLOCK)
        at = (top + y) * across + left + x
        for place in range(at, len(wanted), across * down):
            wanted[place] = round(light + (1 - opacity) * wanted[place])
    return judge_blocks(found, wanted, across * down, VIDEO)


def judge_first(frame, mark, width, height):
    """Return what the first frame shows but a watermark in the middle of grey."""
    left, top = middle(width, height, MARK_WIDTH, MARK_HEIGHT)
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


def judge_gif(decode, result, source, shape, rate, frames):
    """Return what is wrong with what a GIF shows of a video.

    Args:
        decode: What :func:`decoder` yields.
        result: The GIF's path.
        source: That of the video.
        shape: Width and height of the GIF, in pixels.
        rate: Its frames of a second.
        frames: How many it has.
    """
    across, down = (side // BLOCK for side in shape)
    count, scale = str(frames), f"scale={across}:{down}:flags=area"
    found = decode(result, "-frames:v", count, "-vf", scale)
    given = decode(source, "-frames:v", count, "-vf", f"fps={rate},{scale}")
    return judge_blocks(found, given, across * down, GIF)


def judge_blocks(found, wanted, blocks, limits):
    """Return which frame shows something else than it should, by the means of its blocks."""
    farthest, average = limits
    if len(found) != len(wanted):
        return f"it should show {len(wanted) // blocks} frames, and shows {len(found) // blocks}"
    for at in range(0, len(wanted), blocks):
        pairs = zip(found[at : at + blocks], wanted[at : at + blocks], strict=True)
        off = [abs(one - other) for one, other in pairs]
        if max(off) > farthest or sum(off) / blocks > average:
            return (
                f"frame {at // blocks} shows something else: it is up to {max(off)} levels off, "
                f"{sum(off) / blocks:.1f} on average"
            )
    return None


def middle(width, height, across, down):
    """Return the left and the top of what lies in the middle."""
    return (width - across) // 2, (height - down) // 2


def over(mark, pixel):
    """Return how opaque a pixel of the watermark is, and what light it adds.

    ffmpeg lays it over the frames with light from 16 to 235, as videos have it.
    """
    red, green, blue, alpha = mark[4 * pixel : 4 * pixel + 4]
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return alpha / 255, alpha / 255 * (16 + light * 219 / 255)


def mark_blocks(mark):
    """Yield the means of :func:`over` in each block of the watermark, row by row."""
    for top in range(0, MARK_HEIGHT, BLOCK):
        for left in range(0, MARK_WIDTH, BLOCK):
            pixels = [
                over(mark, y * MARK_WIDTH + x)
                for y in range(top, top + BLOCK)
                for x in range(left, left + BLOCK)
            ]
            yield tuple(sum(values) / BLOCK**2 for values in zip(*pixels, strict=True))
