"""Draws examples to learn from: one bird, two, or a scene of up to five over a real background."""

from dataclasses import dataclass
from functools import cache

import acoustics
import front
import hearing
import numpy as np
from corpus import NO_BIRD, Bytes, Dataset, Floats

# How often a place goes to a listed species, to another species, and to a sound without a bird.
SHARES = {"listed": 0.54, "other": 0.26, NO_BIRD: 0.2}
# Species with more recordings are drawn more often, but far less than in proportion: how many were
# uploaded says little about what sings beside a listener.
SPECIES_POWER = 0.3
SCENE_SHARE = 0.5
BIRDS = {2: 0.4, 3: 0.3, 4: 0.2, 5: 0.1}
LISTED_IN_SCENE = 0.75
# The first bird of a scene is the loudest; the others are down to so many decibels below it.
SCENE_DECIBELS = 25.0
# A bird this far below the loudest counts less and less, for it is heard less and less.
FAINT_DECIBELS = 18.0
FAR_SHARE = 0.5
BACKGROUND_SHARE = 0.6
PAIR_SHARE = 0.4
NOISE_SHARE = 0.3
ECHO_SHARE = 0.3
PHONE_SHARE = 0.15
SYNTHETIC_SHARE = 0.3
TURNED_SHARE = 0.6
# Noises take long to make: so many are made once, and turned around and weighted anew each time.
NOISE_BANK = 128


@cache
def noise_bank(view: front.Front) -> list[Bytes]:
    """Return the images of the noises: always the same, made once a process."""
    random = np.random.default_rng(NOISE_BANK)
    return [acoustics.noise_image(view, random) for _ in range(NOISE_BANK)]


@dataclass
class Example:
    """Powers [rows, columns], targets [classes], and the embedding of what sings alone."""

    power: Floats
    target: Floats
    embedding: Floats | None = None


class Sampler:
    """Draws examples from the windows of the training part."""

    def __init__(
        self, dataset: Dataset, images: Bytes, view: front.Front, lessons: hearing.Lessons
    ) -> None:
        self._dataset, self._images, self._view, self.lessons = dataset, images, view, lessons
        parts = {dataset.rows[index]["recording_id"] for index in dataset.part("train")}
        self._recordings = [
            (label, np.array(windows))
            for label, windows in hearing.recordings(dataset)
            if dataset.rows[windows[0]]["recording_id"] in parts
        ]
        self.windows = sum(len(windows) for _, windows in self._recordings)
        self._noises = noise_bank(view)
        self._by_class: dict[str, list[tuple[Floats, Floats]]] = {}
        for label, windows in self._recordings:
            weights = self.lessons.weights[windows]
            self._by_class.setdefault(label, []).append((windows, weights / weights.sum()))
        listed = set(self._dataset.listed)
        members = {
            "listed": [label for label in self._by_class if label in listed],
            "other": [label for label in self._by_class if label not in {*listed, NO_BIRD}],
            NO_BIRD: [label for label in self._by_class if label == NO_BIRD],
        }
        self._groups = {}
        for name, labels in members.items():
            counts = np.array([len(self._by_class[label]) for label in labels], np.float64)
            if labels:
                self._groups[name] = labels, counts**SPECIES_POWER / (counts**SPECIES_POWER).sum()

    def clips(self, power: float) -> tuple[Floats, Floats]:
        """Return all windows [n], and how likely each is drawn alone [n].

        A recording counts by its species' number of recordings to `power`.
        """
        chances = [
            len(recordings) ** power * weights
            for recordings in self._by_class.values()
            for _, weights in recordings
        ]
        windows = [found for recordings in self._by_class.values() for found, _ in recordings]
        joined = np.concatenate(chances).astype(np.float64)
        return np.concatenate(windows), joined / joined.sum()

    def draw(self, size: int, random: np.random.Generator) -> list[Example]:
        """Return examples to learn from in one step."""
        return [self._example(random) for _ in range(size)]

    def draw_alone(self, size: int, random: np.random.Generator) -> list[Example]:
        """Return sounds by themselves, of each group by its share."""
        return [self._draw(group, random) for group in self._choose_groups(size, random)]

    def _choose_groups(self, size: int, random: np.random.Generator) -> list[str]:
        names = list(self._groups)
        shares = np.array([SHARES[name] for name in names])
        return [str(name) for name in random.choice(names, size, p=shares / shares.sum())]

    def _example(self, random: np.random.Generator) -> Example:
        example = self._scene(random) if random.random() < SCENE_SHARE else self._clip(random)
        if random.random() < PHONE_SHARE:
            example.power = acoustics.phone(example.power, self._view, random)
        return example

    def _scene(self, random: np.random.Generator) -> Example:
        """Two to five birds, each from its own distance, over a background."""
        silent = np.ones(len(self._dataset.classes), np.float32)
        power = np.zeros(self._view.shape, np.float32)
        for place in range(random.choice(list(BIRDS), p=list(BIRDS.values()))):
            bird = self._draw("listed" if random.random() < LISTED_IN_SCENE else "other", random)
            decibels = -random.uniform(0, SCENE_DECIBELS) if place else 0.0
            if random.random() < FAR_SHARE:
                bird.power = acoustics.far(bird.power, self._view, random)
                bird.power = bird.power / acoustics.loudness(bird.power)
            heard = 1 - 0.5 * min(1, max(0, (-decibels - FAINT_DECIBELS) / 12))
            power += bird.power * acoustics.ratio(decibels)
            silent *= 1 - bird.target * np.float32(heard)
        if random.random() < BACKGROUND_SHARE:
            power += self._background(random) * acoustics.ratio(random.uniform(-25, 3))
        return Example(power, _with_no_bird(1 - silent, 0))

    def _clip(self, random: np.random.Generator) -> Example:
        """One sound, or two laid over each other (mixup on sound), with noise and echo."""
        group, partner = self._choose_groups(2, random)
        example = self._draw(group, random)
        if random.random() < PAIR_SHARE:
            other = self._draw(partner, random)
            decibels = random.uniform(*((-25, 5) if partner == NO_BIRD else (-15, 5)))
            example.power = example.power + other.power * acoustics.ratio(decibels)
            no_bird = example.target[-1] * other.target[-1]
            both = 1 - (1 - example.target) * (1 - other.target)
            example.target = _with_no_bird(both, no_bird)
            if partner != NO_BIRD or decibels > -5:
                example.embedding = None
        if random.random() < NOISE_SHARE:
            level = acoustics.ratio(random.uniform(-30, 0))
            example.power = example.power + self._noise(random) * level
        if random.random() < ECHO_SHARE:
            example.power = acoustics.echo(example.power, self._view, random)
        return example

    def _draw(self, group: str, random: np.random.Generator) -> Example:
        """A sound of a group, or of any where there is none of it, at loudness 1."""
        labels, chances = self._groups.get(group) or next(iter(self._groups.values()))
        label = labels[random.choice(len(labels), p=chances)]
        if label == NO_BIRD and random.random() < SYNTHETIC_SHARE:
            target = np.zeros(len(self._dataset.classes), np.float32)
            return Example(self._noise(random), _with_no_bird(target, 1))
        recordings = self._by_class[label]
        windows, weights = recordings[random.integers(len(recordings))]
        return self._crop(int(windows[random.choice(len(windows), p=weights)]), random)

    def _background(self, random: np.random.Generator) -> Floats:
        if random.random() < SYNTHETIC_SHARE or NO_BIRD not in self._groups:
            return self._noise(random)
        return self._draw(NO_BIRD, random).power

    def _noise(self, random: np.random.Generator) -> Floats:
        image = self._noises[random.integers(NOISE_BANK)]
        power = front.POWERS[np.roll(image, int(random.integers(image.shape[1])), axis=1)]
        return np.asarray(power / np.float32(acoustics.loudness(power)))

    def _crop(self, index: int, random: np.random.Generator) -> Example:
        """Five seconds from anywhere in this window and the next, or the window turned around."""
        start = int(random.integers(self._view.shape[1]))
        turned = random.random() < TURNED_SHARE
        after = index if turned or not self._dataset.follows(index) else index + 1
        image = np.concatenate(
            [self._images[index][:, start:], self._images[after][:, :start]], axis=1
        )
        power = acoustics.another_bird(image, random)
        power /= np.float32(acoustics.loudness(power))
        share = start / self._view.shape[1] if after != index else 0.0
        return Example(power, *self._lesson(index, after, share))

    def _lesson(self, index: int, after: int, share: float) -> tuple[Floats, Floats | None]:
        """Return targets and embedding of a window whose last part, a `share`, is from the next."""
        lessons, heard = self.lessons, [min(1, 1.6 * (1 - share)), min(1, 1.6 * share)]
        one, other = (lessons.targets[place] for place in (index, after))
        target = 1 - (1 - one * np.float32(heard[0])) * (1 - other * np.float32(heard[1]))
        if lessons.embedding is None:
            return target, None
        embedding = lessons.embedding[index] * (1 - share) + lessons.embedding[after] * share
        return target, None if np.isnan(embedding[0]) else embedding


def _with_no_bird(target: Floats, no_bird: float) -> Floats:
    """Return a copy of targets [classes] whose last one, no bird, is as given."""
    return np.append(target[:-1], np.float32(no_bird)).astype(np.float32)
