"""Which platforms are listed, and what is said of those that lack something."""

from __future__ import annotations

import pytest

from sebs.errors import SystemUnavailableError
from sebs.faas import registry


def test_a_platform_whose_sdk_is_missing_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = registry.find_spec
    monkeypatch.setattr(
        registry, "find_spec", lambda name: None if name == "boto3" else original(name)
    )
    with pytest.raises(SystemUnavailableError) as caught:
        registry.load_system("aws")
    assert "boto3" in caught.value.message
    assert "sebs-faas[aws]" in (caught.value.remedy or "")
    (aws,) = [info for info in registry.list_systems() if info.name == "aws"]
    assert not aws.available
    assert "sebs-faas[aws]" in aws.remedy


def test_listing_loads_no_sdk() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from sebs.faas.registry import list_systems; "
        "assert [i for i in list_systems() if i.name == 'aws'][0].available; "
        "print('boto3' in sys.modules, 'botocore' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
