"""What an evaluation says in numbers: shares with 95 % intervals, per species and overall."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import stats

from training.data.metadata import NO_BIRD

RESAMPLES = 2_000
BINS = 10
SEED = 7

Floats = npt.NDArray[np.float64]
Scorable = TypeVar("Scorable")


@dataclass(frozen=True)
class Result:
    """One recording's true label (a scientific name or no_bird) and what the app answered.

    `ranked` holds the best 20 species, best first; `windows` the best (species, probability) of
    each window; `birds` (species, confidence, certain) of each bird that is said to sing. `source`
    is where the recording is from.
    """

    recording: str
    truth: str
    verdict: str
    ranked: list[tuple[str, float]]
    windows: list[tuple[str, float]]
    birds: list[tuple[str, float, bool]] = field(default_factory=list)
    source: str = ""

    @property
    def best(self) -> str:
        """The species that the app puts first."""
        return self.ranked[0][0]

    @property
    def right(self) -> bool:
        """Whether the first species is the true one."""
        return self.best == self.truth

    @property
    def only_its_own_is_certain(self) -> bool:
        """Whether the true species is certain, and no other."""
        return {name for name, _, certain in self.birds if certain} == {self.truth}


def summarise(results: Sequence[Result], labels: Sequence[str]) -> dict[str, Any]:
    """Return scores of listed species, of other species and without a bird. Worst species first."""
    listed = [result for result in results if result.truth in set(labels)]
    others = [result for result in results if result.truth not in {*labels, NO_BIRD}]
    empty = [result for result in results if result.truth == NO_BIRD]
    named = [result for result in listed if result.verdict == "bird"]
    sources = sorted({result.source for result in listed})
    return {
        "recordings": {"listed": len(listed), "other_species": len(others), "no_bird": len(empty)},
        "listed": {
            **_first(listed),
            "macro_f1": bootstrap(listed, macro_f1),
            "chance": round(1 / len(labels), 4),
        },
        "verdicts": {
            "bird_said_of_listed": share([result.verdict == "bird" for result in listed]),
            "right_when_bird_said_of_listed": share([result.right for result in named]),
            "bird_said_of_other_species": share([result.verdict == "bird" for result in others]),
            "bird_said_of_no_bird": share([result.verdict == "bird" for result in empty]),
            "no_bird_said_of_listed": share([result.verdict == "no_bird" for result in listed]),
        },
        "calibration": {
            "windows": bootstrap(listed, lambda chosen: calibration_error(*_windows(chosen))),
            "recordings": bootstrap(listed, lambda chosen: calibration_error(*_recordings(chosen))),
            "perfect_recordings_95": perfect_error(_recordings(listed)[0]),
            "bins": BINS,
        },
        "sources": {
            source: summarise_briefly([one for one in listed if one.source == source])
            for source in sources
        },
        "species": sorted((_species(listed, label) for label in labels), key=_worst_first),
    }


def _first(results: Sequence[Result]) -> dict[str, Any]:
    return {
        "top1": share([one.right for one in results]),
        "top3": share([one.truth in [name for name, _ in one.ranked[:3]] for one in results]),
    }


def summarise_briefly(results: Sequence[Result]) -> dict[str, Any]:
    """Return four scores of recordings of listed species."""
    named = [one for one in results if one.verdict == "bird"]
    return {
        **_first(results),
        "bird_said": share([one.verdict == "bird" for one in results]),
        "right_when_bird_said": share([one.right for one in named]),
    }


def summarise_phones(results: Sequence[Result], labels: Sequence[str]) -> dict[str, Any]:
    """Score copies as phones leave them; empty where none were asked for."""
    if not results:
        return {}
    others = [one for one in results if one.truth not in {*labels, NO_BIRD}]
    return {
        **summarise_briefly([one for one in results if one.truth in labels]),
        "bird_said_of_other_species": share([one.verdict == "bird" for one in others]),
    }


def share(hits: Sequence[bool]) -> dict[str, Any]:
    """Return a share with Wilson's 95 % interval (Wilson, 1927)."""
    if not hits:
        return {"value": None, "low": None, "high": None, "n": 0}
    interval = stats.binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return _score(sum(hits) / len(hits), interval, len(hits))


def bootstrap(
    results: Sequence[Scorable], score: Callable[[Sequence[Scorable]], float]
) -> dict[str, Any]:
    """Return a score with its 95 % interval over recordings drawn with replacement."""
    if not results:
        return {"value": None, "low": None, "high": None, "n": 0}
    value = score(results)
    if len(results) == 1:
        return _score(value, (value, value), 1)
    drawn = stats.bootstrap(
        (np.arange(len(results)),),
        lambda places: score([results[place] for place in places]),
        n_resamples=RESAMPLES // 4,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    return _score(value, drawn.confidence_interval, len(results))


def _score(value: float, interval: tuple[float, float], count: int) -> dict[str, Any]:
    low, high = (round(float(end), 4) for end in interval)
    return {"value": round(value, 4), "low": low, "high": high, "n": count}


def macro_f1(results: Sequence[Result]) -> float:
    """Return the mean over the true species of F1 = 2 hits / (recordings + answers)."""
    truths, answers = [result.truth for result in results], [result.best for result in results]
    hits = [result.truth for result in results if result.right]
    scores = [
        2 * hits.count(label) / (truths.count(label) + answers.count(label))
        for label in set(truths)
    ]
    return float(np.mean(scores))


def calibration_error(confidences: Floats, right: Floats) -> float:
    """Return the expected calibration error of confidences and right [n] (Naeini, 2015)."""
    bins = reliability(confidences, right)
    return sum(abs(said - found) * size for said, found, size in bins) / confidences.size


def reliability(confidences: Floats, right: Floats) -> list[tuple[float, float, int]]:
    """Return mean confidence, share right and count of BINS bins of equal mass."""
    order = np.argsort(confidences, kind="stable")
    said, found = (np.array_split(values[order], BINS) for values in (confidences, right))
    return [
        (float(one.mean()), float(other.mean()), one.size)
        for one, other in zip(said, found, strict=True)
        if one.size
    ]


def perfect_error(confidences: Floats) -> float | None:
    """Return what a perfectly calibrated model's error stays below 95 times in 100: [n]."""
    if not confidences.size:
        return None
    random = np.random.default_rng(SEED)
    truths = random.random((RESAMPLES, confidences.size)) < confidences
    errors = [calibration_error(confidences, truth.astype(float)) for truth in truths]
    return round(float(np.percentile(errors, 95)), 4)


def _windows(results: Sequence[Result]) -> tuple[Floats, Floats]:
    pairs = [
        (chance, name == result.truth) for result in results for name, chance in result.windows
    ]
    return np.array([chance for chance, _ in pairs]), np.array([right for _, right in pairs], float)


def _birds(results: Sequence[Result]) -> tuple[Floats, Floats]:
    found = [
        (confidence, name == one.truth) for one in results for name, confidence, _ in one.birds
    ]
    return np.array([said for said, _ in found]), np.array([right for _, right in found], float)


def _recordings(results: Sequence[Result]) -> tuple[Floats, Floats]:
    return np.array([one.ranked[0][1] for one in results]), np.array(
        [one.right for one in results], float
    )


CURVES = {"windows": _windows, "recordings": _recordings, "birds": _birds}


def _species(listed: Sequence[Result], label: str) -> dict[str, Any]:
    own = [result for result in listed if result.truth == label]
    answers = [result for result in listed if result.best == label]
    mistakes = [result.best for result in own if not result.right]
    return {
        "scientific_name": label,
        "top1": share([result.right for result in own]),
        "f1": round(2 * sum(result.right for result in own) / max(1, len(own) + len(answers)), 4),
        "taken_for": sorted(set(mistakes), key=lambda name: (-mistakes.count(name), name)),
    }


def _worst_first(species: dict[str, Any]) -> tuple[bool, float, str]:
    return species["top1"]["n"] == 0, species["f1"], species["scientific_name"]


def curve(
    results: Sequence[Result], labels: Sequence[str], *, of: str
) -> list[tuple[float, float, int]]:
    """Return the reliability curve of listed species' "windows", "recordings" or "birds"."""
    listed = [result for result in results if result.truth in set(labels)]
    return reliability(*CURVES[of](listed))
