"""How long stories are, and how many are told."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

EXAMPLES = int(os.environ.get("JOBBRUECKE_PROPERTY_EXAMPLES") or 0)
"""As many on each database, others each time; 0: the few fixed ones of the ordinary run."""


def story(examples: int, steps: int = 25, *, shrink: bool = True) -> settings:
    """Settings for one state machine; a failing story is told in the end, as short as it could be made."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink)
        if shrink and not os.environ.get("NOSHRINK")
        else (Phase.generate,),
    )
