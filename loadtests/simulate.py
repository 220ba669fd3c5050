"""How many instances the report's two autoscaling policies start and stop, and when: `python -m loadtests.simulate`.

CPU = 20 x requests a second / instances reproduces the report's Test 1. Policies are the presets that are deployed.
"""

import argparse
import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from infra.endpoint.presets import PRESETS, Scaling
from loadtests import results
from loadtests.plans import ARRIVALS, Phase

# Per cent of one core, summed over the cores as CloudWatch does; 4 cores end at 400.
CPU_PER_REQUEST = 20.0
MOST_CPU = 400.0
# From the start of an activity to its end (report 5.1: 3'24"; its log of activities: 35 s).
START_SECONDS = 204
STOP_SECONDS = 35
# Target tracking takes an instance away after 15 minutes below nine tenths of the target.
SCALE_IN_SHARE = 0.9
SCALE_IN_SECONDS = 900
STILL_SECONDS = 3_600
# When the report's instances came and went (its log of activities), its 5/s phase having begun at 11:25:20, 30 s
# before the first activity.
BEGAN = "11:23:20"
REPORT_TIMES = {
    "test1": [
        ("11:29:14", 2),
        ("11:39:14", 3),
        ("11:47:38", 4),
        ("12:14:55", 3),
        ("12:20:55", 2),
        ("12:26:55", 1),
    ]
}
POLICIES = {"test1": "report-70", "test2": "report-300"}


@dataclass(frozen=True)
class Second:
    """One second of a run: requests that came, instances in service, mean CPU over them in per cent of a core."""

    rate: float
    instances: int
    cpu: float


class Fleet:
    """The instances of an endpoint under a policy, and the activity that changes their number."""

    def __init__(self, scaling: Scaling) -> None:
        self._scaling = scaling
        self.instances = scaling.smallest
        self._next = (
            0,
            scaling.smallest,
        )  # When an activity ends, in seconds, and how many instances there are then.
        self._quiet_until = 0
        self._cpu: deque[float] = deque(maxlen=SCALE_IN_SECONDS)

    def step(self, now: int, rate: float) -> Second:
        """Live through the second `now` at `rate` requests a second."""
        if now >= self._next[0]:
            self.instances = self._next[1]
        cpu = min(MOST_CPU, CPU_PER_REQUEST * rate / self.instances)
        self._cpu.append(cpu)
        if now >= self._quiet_until:
            self._decide(now)
        return Second(rate, self.instances, cpu)

    def _decide(self, now: int) -> None:
        scaling = self._scaling
        wanted = math.ceil(self.instances * self._cpu[-1] / scaling.target)
        if self._above(now):
            self._change(now + START_SECONDS, min(wanted, scaling.largest), 0)
        elif self._below(now):
            one_less = max(self.instances - 1, scaling.smallest)
            self._change(now + STOP_SECONDS, max(wanted, one_less), scaling.scale_in_cooldown)

    def _above(self, now: int) -> bool:
        """Tell whether the last statistics all exceed the target."""
        seconds = self._scaling.statistic_seconds * self._scaling.points
        recent = list(self._cpu)[-seconds:]
        return (
            now % self._scaling.statistic_seconds == 0
            and len(recent) == seconds
            and min(recent) > self._scaling.target
        )

    def _below(self, now: int) -> bool:
        """Tell whether the last 15 statistics of a minute all lie well below the target."""
        return (
            now % 60 == 0
            and len(self._cpu) == SCALE_IN_SECONDS
            and max(self._cpu) < SCALE_IN_SHARE * self._scaling.target
        )

    def _change(self, end: int, wanted: int, cooldown: int) -> None:
        if wanted != self.instances:
            self._next, self._quiet_until = (end, wanted), end + cooldown


def simulate(phases: list[Phase], scaling: Scaling) -> list[Second]:
    """Live through the phases, and through an hour without a request after them."""
    fleet = Fleet(scaling)
    rates = [
        one.rate for one in [*phases, Phase(0, STILL_SECONDS)] for _ in range(int(one.seconds))
    ]
    return [fleet.step(now, rate) for now, rate in enumerate(rates)]


def changes(seconds: list[Second]) -> list[tuple[int, int]]:
    """When the number of instances changed, in seconds, and to what."""
    pairs = pairwise(seconds)
    return [
        (now, after.instances)
        for now, (before, after) in enumerate(pairs, 1)
        if before.instances != after.instances
    ]


def report_changes(name: str) -> list[tuple[int, int]]:
    """The same of the report's own run, where it says."""
    return [(_clock(time) - _clock(BEGAN), count) for time, count in REPORT_TIMES.get(name, [])]


def _clock(time: str) -> int:
    hours, minutes, seconds = map(int, time.split(":"))
    return (hours * 60 + minutes) * 60 + seconds


def draw(name: str, seconds: list[Second], target: Path) -> None:
    """Draw requests a second, CPU and instances over time, and the report's instances beside them."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 5), sharex=True, layout="constrained")
    minutes = [now / 60 for now in range(len(seconds))]
    above.plot(minutes, [one.cpu for one in seconds], label="mean CPU, % of a core")
    above.plot(
        minutes, [one.rate for one in seconds], label="requests a second", color="tab:purple"
    )
    below.step(
        minutes,
        [one.instances for one in seconds],
        where="post",
        label="instances",
        color="tab:orange",
    )
    if report_changes(name):
        times, counts = zip(*[(0, 1), *report_changes(name)], strict=True)
        below.step(
            [time / 60 for time in times],
            counts,
            where="post",
            label="the report's",
            linestyle="--",
            color="k",
        )
    below.set(xlabel="minutes", yticks=[1, 2, 3, 4])
    above.legend()
    below.legend()
    above.set_title(f"{name}: {PRESETS[POLICIES[name]].describe()}", fontsize=8)
    figure.savefig(target, dpi=120)
    plt.close(figure)


def main(argv: list[str] | None = None) -> int:
    """Simulate both tests, write results/simulated-NAME.json and .png."""
    argparse.ArgumentParser(prog="python -m loadtests.simulate", description=__doc__).parse_args(
        argv
    )
    for name, policy in POLICIES.items():
        scaling = PRESETS[policy].scaling
        if scaling is None:
            raise ValueError(f"the preset {policy} does not scale")
        seconds = simulate(ARRIVALS[name], scaling)
        row = {
            "preset": policy,
            "changes": changes(seconds),
            "report_changes": report_changes(name),
        }
        draw(name, seconds, results.write(f"simulated-{name}", row).with_suffix(".png"))
        print(name, "simulated", row["changes"], "report", row["report_changes"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
