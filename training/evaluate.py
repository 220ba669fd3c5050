"""Score a model folder on labelled recordings, through the code that serves: decoder to answer.

Recordings are in folders named by species, or in a folder with a metadata.csv. What the model
learnt from (its manifest.csv says) is left out. Writes evaluation.json and four pictures.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from birdapp.chalicelib.endpoint_client import describe
from birdapp.chalicelib.errors import ServiceError
from birdapp.chalicelib.model import Model
from local import model_folder
from training.data.metadata import NO_BIRD
from training.scores import metrics, mixture_jobs, mixture_scores, plots
from training.scores.asking import InProcess, ask_all, classify_phone
from training.scores.labelled import Found, Names, Pair, held_back, read_labelled, read_manifest
from training.scores.mixture_scores import Answer

MODEL = Path(__file__).parent / "model"
LISTED_LABELS = 20
# A shell's exit status of a program that Ctrl-C ended.
STOPPED = 130
PICTURES = ("species.png", "confusion.png", "reliability.png", "reliability_birds.png")
SHOWN = (
    *("recordings", "listed", "verdicts", "calibration", "birds"),
    *(*mixture_scores.KINDS, "phones"),
)
MISSING = (
    "expected a folder of recordings, such as make evaluate RECORDINGS=../recordings: it holds"
    " metadata.csv and the audio, or a folder of audio for each species"
)


@dataclass(frozen=True)
class Scored:
    """Results of recordings, answers to mixtures of them, and why others have none.

    `phones` are results of the recordings as phones leave them.
    """

    results: list[metrics.Result]
    mixtures: list[Answer]
    problems: list[str]
    phones: list[metrics.Result] = field(default_factory=list)


def score(
    pairs: Sequence[Pair],
    options: argparse.Namespace,
    *,
    labels: Sequence[str],
    sources: Mapping[Path, str],
) -> Scored:
    """Ask a model about recordings, then about mixtures of them.

    `options` has model, processes, pairs, the number of mixtures of two, and phones: whether it is
    asked about copies too, of listed and other species, as phones leave them.
    """
    model, processes = options.model, options.processes
    results, problems = ask_all(pairs, model, processes=processes, sources=sources)
    certain = {one.recording for one in results if one.only_its_own_is_certain}
    named = [(f"{path.parent.name}/{path.name}", (path, label)) for path, label in pairs]
    material = mixture_jobs.Material(
        [pair for name, pair in named if name in certain],
        [pair for pair in pairs if pair[1] in labels],
        [pair for pair in pairs if pair[1] == NO_BIRD],
    )
    answers, failed = mixture_jobs.ask_mixtures(
        material, model, processes=processes, count=options.pairs
    )
    problems += failed
    if not options.phones:
        return Scored(results, answers, problems)
    birds = [pair for pair in pairs if pair[1] != NO_BIRD]
    copies, unheard = ask_all(
        birds, model, processes=processes, sources=sources, ask=classify_phone
    )
    return Scored(results, answers, [*problems, *unheard], copies)


def summarise(scored: Scored, labels: Sequence[str]) -> dict[str, Any]:
    """Return all scores: of single recordings, of their `birds`, and of mixtures."""
    alone = [Answer.of(result) for result in scored.results]
    return {
        **metrics.summarise(scored.results, labels),
        "birds": mixture_scores.summarise_alone(alone, labels),
        **mixture_scores.summarise(scored.mixtures),
        "phones": metrics.summarise_phones(scored.phones, labels),
    }


def write(
    folder: Path, results: Sequence[metrics.Result], summary: dict[str, Any], labels: Sequence[str]
) -> None:
    """Write evaluation.json and the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[one.recording, one.truth, one.verdict, one.best, one.ranked[0][1]] for one in results]
    listing = ",\n".join("  " + json.dumps(row) for row in rows)
    text = json.dumps(summary, indent=1).removesuffix("\n}")
    (folder / "evaluation.json").write_text(f'{text},\n "results": [\n{listing}\n ]\n}}\n', "utf-8")
    species, confusion, reliability, of_birds = (folder / name for name in PICTURES)
    plots.species(species, summary)
    plots.confusion(confusion, results, labels)
    curves = {of: metrics.curve(results, labels, of=of) for of in ("windows", "recordings")}
    plots.reliability(reliability, curves)
    entries = metrics.curve(results, labels, of="birds")
    plots.reliability(of_birds, {"entries of birds": entries})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parser().parse_args(argv)
    if not options.recordings:
        print(f"evaluate: {MISSING}", file=sys.stderr)
        return 1
    options.recordings = Path(options.recordings)
    try:
        return _run(options)
    except (OSError, ValueError, ServiceError, model_folder.BadModelError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("evaluate: stopped", file=sys.stderr)
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    # A Path would make the folder that is here of a name that is empty.
    parser.add_argument("--recordings", required=True)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--output", type=Path, default=Path("build/evaluation"))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--pairs",
        type=int,
        default=mixture_jobs.PAIRS,
        help="sequences, and as many overlays, of two recordings, and half as many scenes more",
    )
    parser.add_argument(
        "--strangers",
        action="store_true",
        help="score labels that nobody knows as species that the model does not know",
    )
    parser.add_argument(
        "--phones",
        action="store_true",
        help="score copies too as phones leave them: narrow, levelled, of few bits",
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    described = describe(InProcess(options.model), "")
    names = Names(described.labels, described.names, read_manifest(options.model))
    found = read_labelled(options.recordings, names, strangers=options.strangers)
    _refuse_unknown(options.recordings, found)
    pairs = held_back(found.pairs, options.model)
    _print_labels(found, described)
    left_out = len(found.pairs) - len(pairs)
    if any(found.mended.values()):
        print(f"mended labels (training/data/labels.csv): {found.mended}")
    if left_out:
        print(f"{left_out} recordings are left out: the model learnt from them")
    if not pairs:
        raise ValueError(f"{options.recordings}: the model learnt from every recording")
    scored = score(pairs, options, labels=described.labels, sources=found.sources)
    problems = [f"{options.recordings / name}: in no species' folder" for name in found.unlabelled]
    problems = [*scored.problems, *problems]
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    if not scored.results:
        raise ValueError(f"none of {len(pairs)} recordings could be scored; {problems[0]}")
    facts = {"left_out": left_out, "mended": found.mended, "problems": problems}
    summary = {"command": "make evaluate", **facts, **summarise(scored, described.labels)}
    write(options.output, scored.results, summary, described.labels)
    print(json.dumps({name: summary[name] for name in SHOWN}, indent=1))
    print(f"written to {options.output}")
    return 0


def _refuse_unknown(folder: Path, found: Found) -> None:
    if found.unknown:
        shown = ", ".join(f"{name} ({n})" for name, n in found.unknown.most_common(LISTED_LABELS))
        more = len(found.unknown) - LISTED_LABELS
        raise ValueError(
            f"{folder}: labels that the model does not know: {shown}"
            + (f" and {more} more" if more > 0 else "")
            + "; give them the scientific names of its list, or use --strangers where these are"
            " other species"
        )


def _print_labels(found: Found, model: Model) -> None:
    """Print which labels were read as which, and which species are scored as not listed."""
    for text, label in found.read_as.items():
        print(f"{text}: read as {label}")
    others = Counter(label for _, label in found.pairs if label not in {*model.labels, NO_BIRD})
    if others:
        shown = ", ".join(f"{name} ({n})" for name, n in others.most_common(LISTED_LABELS))
        print(f"scored as not on the model's list, {len(others)} species: {shown}")


if __name__ == "__main__":
    sys.exit(main())
