"""What holds for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine, not of the code: times are measured in
# benchmarks/, and a run beside others must not fail for them.
settings.register_profile(
    "sebs", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("sebs")
