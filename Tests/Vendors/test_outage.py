"""The promises of a chain, held against a provider in trouble; prints the table of what happened."""

from __future__ import annotations

import outage
import pytest


@pytest.mark.parametrize("door", outage.DOORS)
def test_a_provider_in_trouble_costs_no_call_its_deadline(tmp_path, door):
    result = outage.run(tmp_path, door)
    print("\n" + result.table())
    phases = {phase.name: phase for phase in result.phases}
    for phase in result.phases:
        assert phase.answered["failed"] == 0
        assert phase.slowest <= outage.DEADLINE + outage.LEEWAY
    for name in ("well", "well again"):
        assert phases[name].answered["openai"] == phases[name].calls
    for name in outage.PHASES:
        phase = phases[name]
        # The second answers whatever the first doesn't.
        assert phase.answered["anthropic"] == phase.calls
        # One attempt a call and at most ten retries for a burst, and a fifth of the calls.
        assert phase.attempts <= phase.calls * 1.2 + 10
        assert phase.back_after is not None and phase.back_after < 30
