"""Do the radii of gradient flows cover what 256 bits say, and are they no wider than the rounding of a float64?

KERNEL_FLOWS (environment) is the number of flows.
"""

from __future__ import annotations

import os

import flint
import numpy as np
import torch

from checks.engine.draw import bulk
from checks.test_kernel_trick import flows
from simulators.kernel_trick_flow import observe_flow, observe_flow_precisely

FLOWS = int(os.environ.get("KERNEL_FLOWS", "100"))


def test_flows_are_covered_by_radii_of_a_rounding() -> None:
    drawn = [bulk(flows, f"coverage-{k}")[0] for k in range(FLOWS)]
    table = observe_flow(tuple(drawn), delta=0.0, device=torch.device("cpu"))
    for k, flow in enumerate(drawn):
        precise = observe_flow_precisely(flow, 256)
        for name in observe_flow.observables:
            mid, rad = float(table.columns[name].mid[k]), float(table.columns[name].rad[k])
            with flint.ctx.workprec(300):
                error = abs(flint.arb(precise.columns[name].mid[0]) - flint.arb(mid))
                assert error <= flint.arb(rad) or rad == error == 0, f"{name} of {flow}"
            # Half a unit in the last place, and what cancelled in 128 bits of numbers up to about 1e6
            assert rad <= 2.0**-52 * abs(mid) + 1e-30, f"{name} of {flow}: radius {rad}"
    assert np.count_nonzero(table.columns["flow"].rad) > 0
