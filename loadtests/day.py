"""What each way to host the model costs, and how long it lets people wait: a day at each traffic.

`make day`. A day begins at midnight, with most birds, and clips, in the morning. All numbers come
from the constants here, from infra's prices and presets, and from the simulated scaling: nothing of
it was measured on AWS.
"""

import argparse
import math
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any

from infra.cost import DAYS, PRICES, dollars_a_month
from infra.endpoint.presets import PRESETS, VCPUS, Instances, Preset, Serverless
from loadtests import results
from loadtests.fleet import Fleet, Machine

CLIPS_A_DAY = (100, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
HOURS_A_DAY, SECONDS_AN_HOUR = 24, 3_600
SECONDS_A_DAY = HOURS_A_DAY * SECONDS_AN_HOUR
# The busiest hour, 6 to 7, has three times the mean.
PEAK_HOUR, PEAK = 6.5, 3.0
PEAK_HOURS = 3.2
# A clip of a quarter of a minute: three windows, each 20 ms of a core with all JSON around it, as
# infra/endpoint/presets.py counts them.
MODEL_SECONDS = 3 * 0.020
# The main Lambda without its wait, and the spectrogram (docs/scaling.md).
OTHER_SECONDS = 0.6
# The endpoint has 7 s in the main Lambda; what waits longer is a 504.
LONGEST_WAIT = 7.0
# A place that nobody asked for so long is taken away (observed by many, promised by nobody).
KEPT_SECONDS = 600
SERVERLESS_START_SECONDS = 15.0
LAMBDA_START_SECONDS = 1.5
# The account's own limit on Lambdas at once.
MOST_LAMBDAS = 1_000
ONE_IN_TWENTY = 0.05


@dataclass(frozen=True)
class Row:
    """A day of one hosting: dollars a month, the wait that 95 % do not exceed, shares."""

    hosting: str
    clips: int
    dollars: float
    p95_seconds: float
    lost: float


def rate(second: float, clips: float) -> float:
    """Return the requests a second at a time of the day: a low night, and a bell in the morning."""
    hours = second / SECONDS_AN_HOUR - PEAK_HOUR
    bell = math.exp(-((hours / PEAK_HOURS) ** 2))
    # What lies under the bell, as hours of its height.
    under = PEAK_HOURS * math.sqrt(math.pi)
    night = (HOURS_A_DAY - PEAK * under) / (HOURS_A_DAY - under)
    return clips / SECONDS_A_DAY * (night + (PEAK - night) * bell)


def on_instances(preset: Preset, clips: int) -> Row:
    """Simulate a day second by second: what comes waits behind what is left from before."""
    hosting, scaling = preset.hosting, preset.scaling
    if not isinstance(hosting, Instances) or scaling is None:
        raise TypeError(f"{preset.name} has no instances that scale")
    cores = VCPUS[hosting.instance_type]
    fleet = Fleet(scaling, Machine(cores, 100 * MODEL_SECONDS))
    waits: list[tuple[float, float]] = []
    backlog = instances = 0.0
    for second in range(SECONDS_A_DAY):
        now = fleet.step(second, rate(second, clips))
        able = now.instances * cores / MODEL_SECONDS
        wait = backlog / able
        waits.append((wait + MODEL_SECONDS, now.rate))
        # Who would wait too long is given up by the main Lambda.
        come = now.rate if wait < LONGEST_WAIT else 0.0
        backlog = max(0.0, backlog + come - able)
        instances += now.instances
    hours = instances / SECONDS_AN_HOUR
    dollars = DAYS * hours * PRICES[f"SageMaker, hour of {hosting.instance_type}"]
    return Row(preset.name, clips, dollars, *summed_up(waits))


def summed_up(waits: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the p95 of the whole answer, and the share lost, of (seconds, how many waited so)."""
    total = sum(count for _, count in waits)
    lost = sum(count for wait, count in waits if wait > LONGEST_WAIT) / total
    seen = accumulate(count for _, count in sorted(waits))
    ends = zip(sorted(waits), seen, strict=True)
    p95 = next(wait for (wait, _), end in ends if end >= (1 - ONE_IN_TWENTY) * total)
    return OTHER_SECONDS + p95, lost


def on_demand(name: str, clips: int, *, price: float, start_seconds: float, most: int) -> Row:
    """Return a day of what starts when it is asked: `price` a request, `most` at once."""
    busiest = max(rate(hour * SECONDS_AN_HOUR, clips) for hour in range(HOURS_A_DAY))
    cold = cold_share(clips)
    over = max(0.0, 1 - most / (busiest * MODEL_SECONDS)) if busiest else 0.0
    wait = start_seconds if cold > ONE_IN_TWENTY else MODEL_SECONDS
    late = cold if start_seconds > LONGEST_WAIT else 0.0
    return Row(name, clips, DAYS * clips * price, OTHER_SECONDS + wait, min(1.0, late + over))


def cold_share(clips: int) -> float:
    """Return the share of requests that come so long after another that nothing is warm."""
    hours = [rate(hour * SECONDS_AN_HOUR, clips) for hour in range(HOURS_A_DAY)]
    return sum(each * math.exp(-each * KEPT_SECONDS) for each in hours) / sum(hours)


def day(name: str, clips: int) -> Row:
    """Return a day of a preset."""
    hosting = PRESETS[name].hosting
    if isinstance(hosting, Instances):
        return on_instances(PRESETS[name], clips)
    start, most = LAMBDA_START_SECONDS, MOST_LAMBDAS
    if isinstance(hosting, Serverless):
        start, most = SERVERLESS_START_SECONDS, hosting.max_concurrency
    price = dollars_a_month(hosting, 1) / DAYS
    return on_demand(name, clips, price=price, start_seconds=start, most=most)


def main(argv: list[str] | None = None) -> int:
    """Print the table, write day.json."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.day", description=__doc__)
    parser.add_argument("--clips", type=int, nargs="+", default=list(CLIPS_A_DAY), help="a day")
    results.add_keep_option(parser)
    options = parser.parse_args(argv)
    rows: list[dict[str, Any]] = []
    for clips in options.clips:
        for name in PRESETS:
            row = day(name, clips)
            rows.append(asdict(row))
            wait = f"{row.p95_seconds:6.1f} s" if row.lost < ONE_IN_TWENTY else "       -"
            print(
                f"{clips:13,} clips a day  {name:11} {row.dollars:12,.2f} $ a month"
                f"  p95 {wait}  lost {row.lost:6.1%}"
            )
    results.write("day", {"rows": rows}, options.folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
