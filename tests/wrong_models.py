"""Constants that no part of the product may take: what is wrong -> (a change, the reason)."""

import copy

from tiny_model import BLACKBIRD, constants

NAN = float("nan")


def setting(*path, to):
    """Return a change that puts a value to a place in the settings; None takes the field away."""

    def change(made):
        *parents, name = ["settings", *path]
        place = made
        for parent in parents:
            place = place[parent]
        if to is None:
            del place[name]
        else:
            place[name] = to

    return change


def top(**fields):
    """Return a change of the fields at the top."""
    return lambda made: made.update(fields)


def pooling(**fields):
    ((name, to),) = fields.items()
    return setting("pooling", name, to=to)


def threshold(**fields):
    ((name, to),) = fields.items()
    return setting("thresholds", name, to=to)


def birds(**fields):
    """Return a change that gives the rule for birds, wrong in one thing."""
    rule = {
        "rule": "own_windows",
        "heard": 0.2,
        "least_windows": 1,
        "calibration": [[0.0, 0.0], [1.0, 1.0]],
    }
    rule |= {"candidate": 0.1, "bird": 0.5, "certain": 0.9, "unknown": 0.15, "sings": 0.7}
    left = {name: value for name, value in (rule | fields).items() if value is not None}
    return setting("birds", to=left)


LABELS = list(BLACKBIRD)
FALLING = [[0, 0], [0.5, 0.9], [0.6, 0.1], [1, 1]]
WRONG_CONSTANTS = {
    "no labels": (top(labels=[]), "labels: expected a list"),
    "a label is empty": (top(labels=[*LABELS[:2], ""]), "labels: expected a text"),
    "a label twice": (
        top(labels=[LABELS[0], LABELS[0], LABELS[2]]),
        "labels: expected 3 different",
    ),
    "labels are lists": (top(labels=[[], [], []]), "labels: expected a text, got list"),
    "labels are a text": (top(labels="Turdus merula"), "labels: expected a list"),
    "a name is empty": (top(names=["Common Blackbird", "", "Tit"]), "names: expected a text"),
    "names are too few": (top(names=["Common Blackbird"]), "names: expected a list of 3 items"),
    "a name is a number": (top(names=["Blackbird", 2, "Tit"]), "names: expected a text, got int"),
    "settings are a list": (top(settings=[]), "settings: expected an object"),
    "no version": (setting("version", to=None), "settings.version is missing"),
    "the version is empty": (setting("version", to=""), "settings.version: expected a text"),
    "the version is a number": (setting("version", to=2), "settings.version: expected a text"),
    "no thresholds": (setting("thresholds", to=None), "settings.thresholds is missing"),
    "no threshold of birds": (threshold(bird=None), "settings.thresholds.bird is missing"),
    "no threshold of no bird": (threshold(no_bird=None), "settings.thresholds.no_bird is missing"),
    "a threshold over 1": (threshold(bird=1.5), "settings.thresholds.bird: expected a number from"),
    "a threshold below 0": (threshold(no_bird=-0.1), "settings.thresholds.no_bird: expected a num"),
    "a threshold is a text": (threshold(bird="0.6"), "settings.thresholds.bird: expected a number"),
    "no pooling": (setting("pooling", to=None), "settings.pooling is missing"),
    "pooling is a text": (setting("pooling", to="mean"), "settings.pooling: expected an object"),
    "another rule": (pooling(rule="mean"), "settings.pooling.rule: expected power_mean, got mean"),
    "exponent 3": (pooling(exponent=3), r"settings.pooling.exponent: expected one of \[1, 2, 4\]"),
    "no exponent": (pooling(exponent=None), "settings.pooling.exponent is missing"),
    "no species": (pooling(species_per_window=0), "settings.pooling.species_per_window: expected"),
    "too many species": (pooling(species_per_window=21), "settings.pooling.species_per_window: ex"),
    "no calibration": (pooling(calibration=None), "settings.pooling.calibration is missing"),
    "calibration falls": (
        pooling(calibration=FALLING),
        "settings.pooling.calibration: expected po",
    ),
    "calibration of one number": (
        pooling(calibration=[0, 1]),
        "settings.pooling.calibration: expe",
    ),
    "no threshold of pooling": (pooling(bird_threshold=None), "settings.pooling.bird_threshold is"),
    "pooling's threshold over 1": (pooling(bird_threshold=2), "settings.pooling.bird_threshold: "),
    "another rule for birds": (birds(rule="all"), "settings.birds.rule: expected own_windows"),
    "no level that is heard": (birds(heard=None), "settings.birds.heard is missing"),
    "birds' calibration falls": (birds(calibration=FALLING), "settings.birds.calibration: expec"),
    "certain below bird": (birds(certain=0.4), "settings.birds: expected 0 < candidate <= bird"),
    "unknown over 1": (birds(unknown=1.5), "settings.birds.unknown: expected a number from 0 to"),
    "sings is a text": (birds(sings="0.7"), "settings.birds.sings: expected a number, got str"),
    "a threshold is not a number": (threshold(bird=NAN), "expected numbers, got NaN"),
    "another network's digest": (top(network_sha256="0" * 64), "another model.tflite"),
}


def spoiled(name):
    """Return constants that are wrong in the one thing that is named."""
    made = copy.deepcopy(constants(BLACKBIRD, "spoiled"))
    WRONG_CONSTANTS[name][0](made)
    return made
