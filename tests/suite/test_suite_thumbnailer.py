"""210.thumbnailer: its pictures are always the same, and only thumbnails of them pass."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from suite_doubles import Fed

NAME = "210.thumbnailer"
BUCKET = "sebs-benchmarks-suite"
INPUT, OUTPUT = f"{NAME}-0-input", f"{NAME}-0-output"

LANGUAGES = ["python", pytest.param("nodejs", marks=pytest.mark.node)]

#: The pictures' width, height and digest; another digest needs another version in the name.
PICTURES = {
    "test": (800, 512, "f4c01ee44451bf5d4fe2ceb510f31fbd45b44ea94f0b0bfce4516315010dc701"),
    "small": (2000, 1280, "77cd52f80734ad0488eb86c13d7812f71da6b31ab6c7941038a0bf4223db0501"),
    "large": (6000, 3840, "bbbe987d62d47490eaee8562463f458c3d23851880f3122019427618d8ef68d0"),
}


@pytest.mark.parametrize("size", PICTURES)
def test_the_picture_is_always_the_same(fed: Any, tmp_path: Path, size: str) -> None:
    benchmark = fed(NAME)
    event = benchmark.event(size)
    name = f"picture-v1-{size}.jpg"
    assert event == {
        "object": {"key": name, "width": 200, "height": 200},
        "bucket": {"bucket": BUCKET, "input": INPUT, "output": OUTPUT},
    }
    stored = tmp_path / "stored"
    benchmark.storage.download(BUCKET, f"{INPUT}/{name}", str(stored))
    assert hashlib.sha256(stored.read_bytes()).hexdigest() == PICTURES[size][2]
    assert [path.name for path in benchmark.data_dir.iterdir()] == [name]
    before = (benchmark.data_dir / name).stat()
    benchmark.event(size)
    assert (benchmark.data_dir / name).stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.registry
def test_pictures_become_thumbnails(
    fed: Any, scratch: Path, language: str, request: pytest.FixtureRequest
) -> None:
    benchmark = fed(NAME)
    shrink = request.getfixturevalue(f"{language}_handler")(benchmark)
    for size in PICTURES:
        event = benchmark.event(size)
        output = shrink(event)
        assert benchmark.judge(event, output, language) is None
        assert output["result"]["key"].startswith(f"{OUTPUT}/picture-v1-{size}.")
        measured = output["measurement"]
        assert all(isinstance(value, int) for value in measured.values())
        source = benchmark.data_dir / event["object"]["key"]
        assert measured["download_size"] == source.stat().st_size > 10 * measured["upload_size"]
    assert list(scratch.iterdir()) == []
    # Nothing becomes larger.
    event["object"].update(width=9000, height=9000)
    output = shrink(event)
    path = scratch / "copy"
    benchmark.storage.download(BUCKET, output["result"]["key"], str(path))
    assert dimensions(path.read_bytes()) == PICTURES["large"][:2]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.registry
def test_given_pictures_take_its_place(
    fed: Any, scratch: Path, language: str, request: pytest.FixtureRequest
) -> None:
    benchmark = fed(NAME)
    benchmark.event("small")
    made = benchmark.data_dir / "picture-v1-small.jpg"
    made.rename(benchmark.data_dir / "photo.jpg")
    event = benchmark.event("test")
    assert event["object"]["key"] == "photo.jpg"
    output = request.getfixturevalue(f"{language}_handler")(benchmark)(event)
    assert benchmark.judge(event, output, language) is None
    event["object"]["width"] = 100
    assert "should have 100 by 64" in str(benchmark.judge(event, output, language))
    favourite = "6_astronomy-desktop-wallpaper-evening-1624438.jpg"
    (benchmark.data_dir / favourite).write_bytes((benchmark.data_dir / "photo.jpg").read_bytes())
    assert benchmark.event("test")["object"]["key"] == favourite


def dimensions(content: bytes) -> tuple[int, int]:
    """Width and height of a baseline JPEG."""
    frame = content.index(b"\xff\xc0")
    height, width = (int.from_bytes(content[frame + at : frame + at + 2], "big") for at in (5, 7))
    return width, height


# --- the verdict ---


class Answered:
    """The benchmark after a right output."""

    def __init__(self, benchmark: Fed, handler: Any) -> None:
        self.benchmark = benchmark
        self.event = benchmark.event("test")
        self.output = handler(self.event)
        self.copy = benchmark.data_dir / "copy"
        key = self.output["result"]["key"]
        benchmark.storage.download(BUCKET, key, str(self.copy))
        self.thumbnail = self.copy.read_bytes()

    def judge(self, thumbnail: bytes) -> str | None:
        """The verdict on another thumbnail in its place."""
        self.copy.write_bytes(thumbnail)
        self.benchmark.storage.upload(BUCKET, str(self.copy), self.output["result"]["key"])
        self.output["measurement"]["upload_size"] = len(thumbnail)
        return self.benchmark.judge(self.event, self.output)


@pytest.fixture
def answered(fed: Any, python_handler: Any) -> Answered:
    benchmark = fed(NAME)
    return Answered(benchmark, python_handler(benchmark))


def jpeg(image: Any, **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, **{"format": "jpeg", **options})
    return written.getvalue()


@pytest.mark.registry
def test_another_thumbnail_is_noticed(answered: Answered) -> None:
    from PIL import Image, ImageOps  # the benchmark's own

    with Image.open(io.BytesIO(answered.thumbnail)) as opened:
        right = opened.copy()
    with Image.open(answered.benchmark.data_dir / "picture-v1-test.jpg") as picture:
        cut = picture.crop((0, 0, 200, 128))
        stretched = picture.resize((200, 200))
    answered.benchmark.event("small")
    with Image.open(answered.benchmark.data_dir / "picture-v1-small.jpg") as picture:
        other = picture.resize((200, 128))

    # Encoders and filters may differ.
    for options in ({"quality": 60}, {"quality": 95}, {"subsampling": 0}, {"optimize": True}):
        assert answered.judge(jpeg(right, **options)) is None
    assert answered.judge(jpeg(right.resize((200, 128), Image.Resampling.NEAREST))) is None
    assert answered.judge(jpeg(right, restart_marker_rows=1)) is None

    red, green, blue = right.split()
    something_else = {
        "black": Image.new("RGB", right.size),
        "flat": Image.new("RGB", right.size, right.resize((1, 1)).getpixel((0, 0))),
        "mirrored": ImageOps.mirror(right),
        "upside down": ImageOps.flip(right),
        "inverted": ImageOps.invert(right),
        "another part": cut,
        "another picture": other,
        "too bright": right.point(lambda level: level + 6),
        "channels in another order": Image.merge("RGB", (blue, green, red)),
        "grey": right.convert("L").convert("RGB"),
        "one colour for each block": right.resize((25, 16), Image.Resampling.BOX).resize(
            (200, 128), Image.Resampling.NEAREST
        ),
    }
    for name, image in something_else.items():
        assert "shows something else" in str(answered.judge(jpeg(image))), name
    for hidden in ((0, 64, 200, 128), (96, 64, 112, 80)):
        partly = right.copy()
        partly.paste((0, 0, 0), hidden)
        assert "shows something else" in str(answered.judge(jpeg(partly)))

    assert "lost its colours" in str(answered.judge(jpeg(right.convert("L"))))
    assert "should have 200 by 128, not 200 by 200" in str(answered.judge(jpeg(stretched)))
    assert "not 100 by 64" in str(answered.judge(jpeg(right.resize((100, 64)))))
    assert "no baseline JPEG" in str(answered.judge(jpeg(right, progressive=True)))
    assert "does not begin" in str(answered.judge(jpeg(right, format="png")))


@pytest.mark.registry
def test_damage_is_noticed(answered: Answered) -> None:
    right = answered.thumbnail
    assert answered.judge(right) is None
    assert "cannot be read" in str(answered.judge(b""))
    assert "cannot be read" in str(answered.judge(right + b"x"))
    assert "cannot be read" in str(answered.judge(right[:-2] + bytes(2)))
    assert "cannot be read" in str(answered.judge(right[:-2] + bytes(2) + right[-2:]))
    noise = random.Random(210)
    for cut in (*range(0, 700, 23), *range(700, len(right), 101)):
        assert "cannot be read" in str(answered.judge(right[:cut])), cut
    unnoticed = 0
    for _ in range(100):
        damaged = bytearray(right)
        damaged[noise.randrange(len(right))] ^= 1 << noise.randrange(8)
        verdict = answered.judge(bytes(damaged))
        assert "raised" not in str(verdict)
        unnoticed += verdict is None
    # Half of all bits say how a texture looks, in which filters differ, or are read by no decoder.
    assert unnoticed < 60
    answered.judge(right)
    answered.output["measurement"]["upload_size"] -= 1
    reason = answered.benchmark.judge(answered.event, answered.output)
    assert f"has {len(right)} bytes, not {len(right) - 1}" in str(reason)


@pytest.fixture
def claimed(fed: Any) -> Callable[..., str | None]:
    """The verdict on an output, of which nothing is in storage."""
    benchmark = fed(NAME)
    event = benchmark.event("test")
    size = (benchmark.data_dir / event["object"]["key"]).stat().st_size

    def judge(result: Any = None, measurement: Any = None, stored: bool = False) -> str | None:
        output = {
            "result": {"bucket": BUCKET, "key": f"{OUTPUT}/thumbnail.jpg", **(result or {})},
            "measurement": {
                "download_time": 1, "download_size": size, "upload_time": 1, "upload_size": 1,
                "compute_time": 1, **(measurement or {}),
            },
        }  # fmt: skip
        return benchmark.judge(event, output, stored=stored)

    return judge


def test_what_is_claimed_is_judged(claimed: Any) -> None:
    assert claimed() is None
    assert "ObjectNotFoundError" in str(claimed(stored=True))
    assert "in the bucket" in str(claimed({"bucket": "other"}))
    assert "should be below" in str(claimed({"key": f"{INPUT}/thumbnail.jpg"}))
    assert "download_size should be" in str(claimed(measurement={"download_size": 1}))
    for name in ("download_time", "compute_time", "upload_time"):
        for value in (-1, 0):
            assert f"{name} should be" in str(claimed(measurement={name: value}))


@pytest.mark.parametrize("output", [None, [], "", {}, {"result": "thumbnail"}])
def test_an_output_that_is_none_is_noticed(fed: Any, output: Any) -> None:
    benchmark = fed(NAME)
    verdict = benchmark.judge(benchmark.event("test"), output)
    assert "should say where the thumbnail is" in str(verdict)


def test_the_photograph_of_a_data_repository_is_taken(tmp_path: Path) -> None:
    from sebs import SeBS

    name = "6_astronomy-desktop-wallpaper-evening-1624438.jpg"
    photograph = tmp_path / "repository" / "200.multimedia" / NAME / name
    photograph.parent.mkdir(parents=True)
    photograph.write_bytes(b"a photograph")
    with SeBS(tmp_path / "cache", tmp_path / "output", data_dir=tmp_path / "repository") as client:
        system = client.get_deployment({"name": "local"})
        system.initialize()
        config = client.get_experiment_config(
            {"runtime": {"language": "python", "version": "3.11"}}
        )
        benchmark = client.get_benchmark(NAME, system, config)
        event = benchmark.prepare_input(system.system_resources, "test")
        assert event["object"]["key"] == name
        stored = tmp_path / "stored"
        storage = system.system_resources.get_storage()
        place = event["bucket"]
        storage.download(place["bucket"], f"{place['input']}/{name}", str(stored))
        assert stored.read_bytes() == b"a photograph"
    assert list(photograph.parent.iterdir()) == [photograph]
