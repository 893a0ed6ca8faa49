"""Every bundled benchmark in every size, as a user runs it: on the local platform, and judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from sebs.benchmark.source import BenchmarkSource, list_benchmarks
from sebs.sebs_types import Language

#: What is left out, as it takes more than ten seconds by its definition: 100 s and 1000 s of sleep.
TOO_LONG = {("010.sleep", "small"), ("010.sleep", "large")}


def sizes(source: BenchmarkSource) -> list[str]:
    return [size for size in ("test", "small", "large") if (source.name, size) not in TOO_LONG]


def needs(source: BenchmarkSource, language: Language) -> list[pytest.MarkDecorator]:
    """Return what a case needs: Node.js, and a package index for what it is to install."""
    files = ("requirements.txt*", "package.json*")
    installs = any(any((source.path / language.value).glob(pattern)) for pattern in files)
    return [
        *([pytest.mark.node] if language is Language.NODEJS else []),
        *([pytest.mark.registry] if installs else []),
    ]


CASES = [
    pytest.param(
        source,
        language,
        marks=needs(source, language),
        id=f"{source.name}-{language.value}",
    )
    for source in list_benchmarks()
    for language in source.config.languages
]


@pytest.mark.parametrize(("source", "language"), CASES)
def test_it_passes_on_the_local_platform(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: BenchmarkSource,
    language: Language,
) -> None:
    from sebs.cli.main import run

    monkeypatch.setenv("SEBS_CACHE_DIR", str(tmp_path / "cache"))
    chosen = ["--benchmarks", source.name, "--languages", language.value]
    for size in sizes(source):
        # The second and third find what the first one built and deployed.
        line = ["regression", *chosen, "--size", size, "--output-dir", str(tmp_path / "out")]
        status = run(line)
        printed = capsys.readouterr()
        assert status == 0, (size, printed)
        assert "1 of 1 passed." in printed.out
