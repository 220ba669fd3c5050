"""When the report's two scaling policies start and stop instances: `python -m loadtests.simulate`.

CPU = 20 x requests a second / instances reproduces the report's Test 1. Policies are the presets
that are deployed.
"""

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from infra.endpoint.presets import PRESETS
from loadtests import results
from loadtests.fleet import Second, changes, simulate
from loadtests.plans import ARRIVALS

# When the report's instances came and went (its log of activities). Its 5/s phase began at
# 11:25:20, 30 s before the first activity.
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


def report_changes(name: str) -> list[tuple[int, int]]:
    """Return the same of the report's own run, where it has a log."""
    return [(_clock(time) - _clock(BEGAN), count) for time, count in REPORT_TIMES.get(name, [])]


def _clock(time: str) -> int:
    hours, minutes, seconds = map(int, time.split(":"))
    return (hours * 60 + minutes) * 60 + seconds


def draw(name: str, seconds: list[Second], target: Path) -> None:
    """Draw requests a second, CPU and instances over time, with the report's instances."""
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
    """Simulate both tests, write simulated-NAME.json and .png."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.simulate", description=__doc__)
    results.add_keep_option(parser)
    options = parser.parse_args(argv)
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
        target = results.write(f"simulated-{name}", row, options.folder)
        draw(name, seconds, target.with_suffix(".png"))
        print(name, "simulated", row["changes"], "report", row["report_changes"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
