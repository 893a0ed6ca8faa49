"""What the sections of all experiments have in common; apart, since it imports pydantic."""

from __future__ import annotations

from typing import Any

from pydantic import Field, NonNegativeInt

from sebs.config_schema import Strict


class Parameters(Strict):
    """``experiments.NAME``, as far as every experiment has it.

    Attributes:
        benchmark: What is invoked.
        input_size: Size of its input.
        seed: Of everything random: order, payloads.
    """

    benchmark: str = Field(min_length=1)
    input_size: str = Field(default="test", alias="input-size", min_length=1)
    seed: NonNegativeInt = 0

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values, under the keys of the configuration."""
        return self.model_dump(mode="json", by_alias=True)
