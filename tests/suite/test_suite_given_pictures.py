"""210.thumbnailer with a picture of one's own: its thumbnail is judged by what it shows, too."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from suite_doubles import Fed

NAME = "210.thumbnailer"
BUCKET = "sebs-benchmarks-suite"

pytestmark = pytest.mark.registry

LANGUAGES = ["python", pytest.param("nodejs", marks=pytest.mark.node)]


class Given:
    """The benchmark with a picture ``photo.jpg``."""

    def __init__(self, benchmark: Fed, shrink: Any) -> None:
        self.benchmark = benchmark
        self._shrink = shrink
        benchmark.data_dir.mkdir(exist_ok=True)
        self.picture = benchmark.data_dir / "photo.jpg"

    def answer(self) -> tuple[dict[str, Any], dict[str, Any], Path]:
        """The event, what the function answers, and a copy of the thumbnail."""
        event = self.benchmark.event("test")
        place = f"{event['bucket']['input']}/{self.picture.name}"
        self.benchmark.storage.upload(BUCKET, str(self.picture), place)
        output = self._shrink(event)
        copy = self.benchmark.data_dir / "copy"
        self.benchmark.storage.download(BUCKET, output["result"]["key"], str(copy))
        return event, output, copy

    def verdict(self) -> str | None:
        event, output, _ = self.answer()
        return self.benchmark.judge(event, output)

    def thumbnail(self) -> Any:
        """What the function makes of the picture."""
        from PIL import Image  # the benchmark's own

        *_, copy = self.answer()
        with Image.open(copy) as opened:
            return opened.copy()

    def verdict_on(self, image: Any, **options: Any) -> str:
        """The verdict on another picture in the place of the thumbnail."""
        event, output, copy = self.answer()
        image.save(copy, **{"format": "jpeg", **options})
        self.benchmark.storage.upload(BUCKET, str(copy), output["result"]["key"])
        output["measurement"]["upload_size"] = copy.stat().st_size
        return str(self.benchmark.judge(event, output))


@pytest.fixture
def in_python(fed: Any, python_handler: Any) -> Given:
    """Its Pillow makes the pictures, too."""
    benchmark = fed(NAME)
    return Given(benchmark, python_handler(benchmark))


@pytest.fixture
def in_nodejs(in_python: Given, nodejs_handler: Any) -> Given:
    return Given(in_python.benchmark, nodejs_handler(in_python.benchmark))


def pictures() -> dict[str, Any]:
    """Pictures that are hard to make smaller, and hard to keep."""
    from PIL import Image, ImageDraw

    fractal = Image.effect_mandelbrot((1023, 767), (-2, -1, 1, 1), 60)
    noise = Image.merge("RGB", [Image.effect_noise((60, 40), 100) for _ in range(3)])
    shapes = Image.new("RGB", (640, 360), "blue")
    draw = ImageDraw.Draw(shapes)
    draw.rectangle((213, 120, 320, 180), fill="yellow")
    draw.ellipse((320, 180, 480, 270), fill="red")
    for y in range(0, 360, 14):
        draw.text((4, y), "the quick brown fox jumps over the lazy dog", fill="white")
    return {
        "fractal": fractal.convert("RGB"),
        "grey": fractal,
        "noise": noise.resize((1500, 1000), Image.Resampling.NEAREST),
        "shapes": shapes,
        "small": shapes.resize((120, 90)),
        "wide": shapes.resize((4000, 150)),
        "black": Image.new("RGB", (640, 480)),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_made_smaller(language: str, request: pytest.FixtureRequest) -> None:
    given = request.getfixturevalue(f"in_{language}")
    for name, picture in pictures().items():
        for options in ({"quality": 90}, {"progressive": True}):
            picture.save(given.picture, **options)
            assert given.verdict() is None, name


@pytest.mark.parametrize("kind", ["fractal", "noise", "shapes"])
def test_another_thumbnail_is_noticed(in_python: Given, kind: str) -> None:
    from PIL import Image, ImageOps

    given = in_python
    pictures()[kind].save(given.picture)
    right = given.thumbnail()
    assert given.verdict_on(right) == "None"
    assert given.verdict_on(right, quality=95, subsampling=0) == "None"
    red, green, blue = right.split()
    something_else = {
        "black": Image.new("RGB", right.size),
        "flat": Image.new("RGB", right.size, right.resize((1, 1)).getpixel((0, 0))),
        "mirrored": ImageOps.mirror(right),
        "inverted": ImageOps.invert(right),
        "too bright": right.point(lambda level: level * 0.8 + 50),
    }
    for name, image in something_else.items():
        assert "shows something else" in given.verdict_on(image), name
    if kind != "fractal":  # which has no colours
        for image in (Image.merge("RGB", (blue, green, red)), right.convert("L")):
            assert "shows something else" in given.verdict_on(image)
    assert "pixels should have" in given.verdict_on(right.resize((100, 100)))
    assert "cannot be read" in given.verdict_on(right, format="png")


#: Writes a picture whose colours are those of Display P3, as telephones write them.
DISPLAY_P3 = """
const sharp = require(process.argv[1]);
const noise = { type: 'gaussian', mean: 128, sigma: 90 };
sharp({ create: { width: 40, height: 30, channels: 3, background: 'black', noise } })
  .resize(640, 480, { kernel: 'nearest' })
  .withIccProfile('p3')
  .jpeg({ quality: 95 })
  .toFile(process.argv[2]);
"""


@pytest.mark.node
def test_a_profile_of_colours_may_be_applied_or_not(
    in_python: Given, in_nodejs: Given, tmp_path: Path
) -> None:
    from PIL import Image, ImageStat

    sharp = tmp_path / "nodejs" / "function" / "node_modules" / "sharp"
    subprocess.run(["node", "-e", DISPLAY_P3, sharp, in_python.picture], check=True)
    assert b"ICC_PROFILE" in in_python.picture.read_bytes()
    contrasts = []
    for given in (in_python, in_nodejs):
        assert given.verdict() is None
        contrasts.append(max(ImageStat.Stat(given.thumbnail().convert("YCbCr")).stddev[1:]))
    assert contrasts[1] > contrasts[0] + 2
    with Image.open(in_python.picture) as picture:
        wrong = picture.resize((200, 150)).convert("L")
    assert "shows something else" in in_python.verdict_on(wrong)
