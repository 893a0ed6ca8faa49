"""Object storage for functions under test: directories and files below SUITE_STORAGE."""

import os
import shutil
from pathlib import Path


class storage:  # noqa: N801 - the name that functions import
    instance = None

    @staticmethod
    def get_instance():
        if storage.instance is None:
            storage.instance = storage()
        return storage.instance

    def __init__(self):
        self._root = Path(os.environ["SUITE_STORAGE"])

    def upload(self, bucket, key, filepath):
        stem, dot, extension = key.rpartition(".")
        unique = f"{stem}.0123abcd{dot}{extension}"
        place = self._root / bucket / unique
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(filepath, place)
        return unique

    def download(self, bucket, key, filepath):
        shutil.copyfile(self._root / bucket / key, filepath)

    def download_directory(self, bucket, prefix, path):
        for place in sorted((self._root / bucket).rglob("*")):
            key = place.relative_to(self._root / bucket).as_posix()
            if place.is_file() and key.startswith(prefix):
                target = Path(path, key)
                target.parent.mkdir(parents=True, exist_ok=True)
                self.download(bucket, key, target)
