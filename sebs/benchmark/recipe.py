"""What a package is made of: sources, variant, wrappers and target; hashed and assembled alike."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sebs.benchmark.build_container import BuildContainer, build_image
from sebs.benchmark.code_variants import DEFAULT_VARIANT, PLAIN, Variants
from sebs.benchmark.dependencies import Target, select_list
from sebs.benchmark.digest import IndexStore, hash_package
from sebs.benchmark.layout import PACKAGE_SCRIPT, Part, is_junk, parts, require_handler
from sebs.benchmark.source import BenchmarkSource
from sebs.errors import InvalidBenchmarkError, UnsupportedLanguageError


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a package is made of.

    Attributes:
        source: The benchmark.
        platform: The platform's key.
        target: What the package must run on.
        variant: Variant of the code.
        wrappers: Directories of the platform's own files.
        in_image: Whether it becomes a container image; a variant may have other files there.
        build_image: Image that a ``package.sh`` runs in, ``{version}`` standing for the version of
            the language; ``None``: the language's own.

    Raises:
        UnsupportedLanguageError: The benchmark is not written in the language, or has no such
            variant.
        InvalidBenchmarkError: A directory that there must be is missing.
    """

    source: BenchmarkSource
    platform: str
    target: Target
    variant: str
    wrappers: Sequence[Path]
    in_image: bool = False
    build_image: str | None = None

    def __post_init__(self) -> None:
        self._check_language()
        for part in self.parts():
            if not part.root.is_dir():
                raise InvalidBenchmarkError(
                    f"{self.source.name} has no directory {str(part.root)!r}.",
                    remedy="There must be one for every language and variant in config.json.",
                )

    def parts(self) -> list[Part]:
        """Return the directories that take part."""
        places = (
            variant.directory(in_image=in_image)
            for variant in self._variants.values()
            for in_image in (False, True)
        )
        found = parts(
            self.source.path,
            self.target.language,
            foreign=self.source.config.unknown_languages,
            overlays=[place for place in places if place is not None],
            overlay=self._overlay,
        )
        for number, directory in enumerate(self.wrappers):
            found.append(Part(f"wrappers {number}", directory, is_junk))
        return found

    def hash(self, index: IndexStore) -> str:
        """Return the hash of everything that decides what the package becomes.

        Args:
            index: Where digests of files are remembered.

        Raises:
            InvalidBenchmarkError: A link leaves its directory, or something is no file.
        """
        listed = select_list(self.source.path / self.target.language.value, self.target)
        facts = {
            "platform": self.platform,
            "language": self.target.language.value,
            "version": self.target.version,
            "architecture": self.target.architecture,
            "variant": self.variant,
            "dependencies": listed.name if listed else "",
        }
        if self._package_script is not None:
            facts["build image"] = build_image(self.target, self.build_image)
        return hash_package(self.parts(), facts, index)

    def assemble(self, directory: Path, docker_client: Any = None) -> None:
        """Fill an empty build directory.

        Args:
            directory: The directory.
            docker_client: A Docker client, a factory of one, or ``None``; for a ``package.sh``.

        Raises:
            BenchmarkError: It could not be built; see :func:`sebs.benchmark.assembly.assemble` and
                :func:`sebs.benchmark.package_script.run_package_script`.
            DockerUnavailableError: There is a ``package.sh``, and no engine.
        """
        self._build(directory, docker_client)
        require_handler(directory, self.target.language, self.source.name)

    def lay_out(self, directory: Path) -> None:
        """Fill an empty directory with the sources alone, variant and wrappers included.

        Raises:
            InvalidBenchmarkError: A link leaves its directory, or a patch does not fit.
        """
        from sebs.benchmark.assembly import lay_out

        lay_out(directory, self._copied)

    @property
    def _copied(self) -> list[Part]:
        return [part for part in self.parts() if part.label != "shared"]

    def _build(self, directory: Path, docker_client: Any) -> None:
        from sebs.benchmark.assembly import assemble

        assemble(directory, benchmark=self.source.path, parts=self._copied, target=self.target)
        if self._package_script is None:
            return
        from sebs.benchmark.package_script import run_package_script
        from sebs.docker_engine import DockerHandle

        engine = DockerHandle(docker_client)
        image = build_image(self.target, self.build_image)
        with contextlib.closing(engine):
            run_package_script(
                self._package_script,
                directory,
                benchmark=self.source.name,
                platform=self.platform,
                target=self.target,
                container=BuildContainer(engine, image, self.target.architecture),
            )

    @property
    def _package_script(self) -> Path | None:
        """The variant's ``package.sh``, else the language's; ``None`` where there is none."""
        sources = self.source.path / self.target.language.value
        candidates = (sources / self._overlay / PACKAGE_SCRIPT, sources / PACKAGE_SCRIPT)
        return next((path for path in candidates if path.is_file()), None)

    def _check_language(self) -> None:
        name, language, config = self.source.name, self.target.language, self.source.config
        if language not in config.languages:
            raise UnsupportedLanguageError(
                f"{name} is not written in {language}.",
                remedy=f"It is written in: {', '.join(map(str, config.languages)) or 'none'}.",
            )
        if self.variant not in {DEFAULT_VARIANT, *self._variants}:
            raise UnsupportedLanguageError(
                f"{name} has no variant {self.variant!r} in {language}.",
                remedy=f"Its variants: {', '.join({**PLAIN, **self._variants})}.",
            )
        if self._variants.get(self.variant) and self._place is None:
            what = "a container image" if self.in_image else "a code package"
            raise UnsupportedLanguageError(
                f"{name} has the variant {self.variant!r} in {language} not as {what}.",
                remedy="Choose another system variant, or another variant of the code.",
            )

    @property
    def _variants(self) -> Variants:
        return self.source.config.variants.get(self.target.language, PLAIN)

    @property
    def _place(self) -> str | None:
        variant = self._variants.get(self.variant)
        return variant.directory(in_image=self.in_image) if variant else None

    @property
    def _overlay(self) -> str:
        return self._place or DEFAULT_VARIANT
