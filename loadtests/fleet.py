"""The instances of an endpoint under a scaling policy, second by second."""

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

from infra.endpoint.presets import CPU, Scaling
from loadtests.plans import Phase

# From the start of an activity to its end (report 5.1: 3'24"; its log of activities: 35 s).
START_SECONDS = 204
STOP_SECONDS = 35
# Target tracking takes an instance away after 15 minutes below nine tenths of the target.
SCALE_IN_SHARE = 0.9
SCALE_IN_SECONDS = 900
STILL_SECONDS = 3_600
SECONDS_A_MINUTE = 60


@dataclass(frozen=True)
class Machine:
    """An instance: its cores, and the per cent of one core that a request a second takes.

    CloudWatch adds the cores up, so that four end at 400.
    """

    cores: int
    cpu_per_request: float


# 20 reproduces the report's Test 1.
REPORTS = Machine(cores=4, cpu_per_request=20.0)


@dataclass(frozen=True)
class Second:
    """One second of a run: requests, instances, their mean CPU in per cent of a core."""

    rate: float
    instances: int
    cpu: float


class Fleet:
    """The instances of an endpoint under a policy, and the activity that changes their number."""

    def __init__(self, scaling: Scaling, machine: Machine = REPORTS) -> None:
        self._scaling, self._machine = scaling, machine
        self.instances = scaling.smallest
        # When an activity ends, in seconds, and how many instances there are then.
        self._next = (0, scaling.smallest)
        self._quiet_until = 0
        self._metric: deque[float] = deque(maxlen=SCALE_IN_SECONDS)

    def step(self, now: int, rate: float) -> Second:
        """Live through the second `now` at `rate` requests a second."""
        if now >= self._next[0]:
            self.instances = self._next[1]
        machine = self._machine
        cpu = min(100.0 * machine.cores, machine.cpu_per_request * rate / self.instances)
        by_cpu = self._scaling.metric == CPU
        self._metric.append(cpu if by_cpu else SECONDS_A_MINUTE * rate / self.instances)
        if now >= self._quiet_until:
            self._decide(now)
        return Second(rate, self.instances, cpu)

    def _decide(self, now: int) -> None:
        scaling = self._scaling
        wanted = math.ceil(self.instances * self._metric[-1] / scaling.target)
        if self._above(now):
            self._change(now + START_SECONDS, min(wanted, scaling.largest), 0)
        elif self._below(now):
            one_less = max(self.instances - 1, scaling.smallest)
            self._change(now + STOP_SECONDS, max(wanted, one_less), scaling.scale_in_cooldown)

    def _above(self, now: int) -> bool:
        """Return whether the last statistics all exceed the target."""
        if now % self._scaling.statistic_seconds:
            return False
        seconds = self._scaling.statistic_seconds * self._scaling.points
        recent = list(self._metric)[-seconds:]
        return len(recent) == seconds and min(recent) > self._scaling.target

    def _below(self, now: int) -> bool:
        """Return whether the last 15 statistics of a minute all lie well below the target."""
        return (
            now % 60 == 0
            and len(self._metric) == SCALE_IN_SECONDS
            and max(self._metric) < SCALE_IN_SHARE * self._scaling.target
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
    """Return when the number of instances changed, in seconds, and to what."""
    pairs = pairwise(seconds)
    return [
        (now, after.instances)
        for now, (before, after) in enumerate(pairs, 1)
        if before.instances != after.instances
    ]
