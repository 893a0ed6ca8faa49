"""Prints what a thumbnail shows, and what the one shows that Pillow makes of the same picture.

A program of its own, ``photographs.py PACKAGES THUMBNAIL PICTURE WIDTH HEIGHT``: Pillow is in the
directory ``PACKAGES``, and must not come into the process that judges.
"""

import json
import sys
from io import BytesIO

sys.path.insert(0, sys.argv[1])

from PIL import Image, ImageCms

#: Pixels across and down of a block.
BLOCK = 8


def main(thumbnail, picture, width, height):
    """Write what the thumbnail shows, and a list of what it may show, as JSON."""
    with Image.open(thumbnail) as found:
        shape = tuple(max(1, side // BLOCK) for side in found.size)
        shown = blocks(found, shape)
    with Image.open(picture) as source:
        right = [
            blocks(shrunk(image, (int(width), int(height))), shape) for image in readings(source)
        ]
    json.dump([shown, right], sys.stdout)


def readings(picture):
    """Return a picture and, if it has a profile, what it is with that: libraries differ in it."""
    profile = picture.info.get("icc_profile")
    if not profile:
        return [picture]
    try:
        applied = ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except ImageCms.PyCMSError:
        return [picture]  # nobody can read it
    return [applied, picture]


def shrunk(picture, bounds):
    """Make a thumbnail as the function does, and read it."""
    picture.thumbnail(bounds)
    written = BytesIO()
    picture.save(written, format="jpeg", quality=75)
    return Image.open(written)


def blocks(picture, shape):
    """Return the means of so many blocks across and down: brightness, blue, red."""
    means = picture.convert("RGB").convert("YCbCr").resize(shape, Image.Resampling.BOX)
    return [list(band.tobytes()) for band in means.split()]


if __name__ == "__main__":
    main(*sys.argv[2:])
