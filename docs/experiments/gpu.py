"""The recipe of training/source_dir on one GPU, in PyTorch: many trainings side by side.

It made recipe.jsonl and the shipped weights. Everything happens on the device: drawing, learning
(a CUDA graph a step, bfloat16), scoring. Needs torch 2.11 beside the packages of training, and a
dataset of training.prepare with --window-weights. What to_keras() returns, calibrate.hear,
calibrate.calibrate and export.export take as they take a network of their own.

    PYTHONPATH=training/source_dir:spectrogram_fn python docs/experiments/gpu.py \\
      --data build/dataset --folds folds.json --output build/gpu
"""

import argparse
import json
import math
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import acoustics
import batches
import corpus
import front
import hearing
import keras
import learning
import model
import numpy as np
import optimizer
import sampler
import torch
from torch import Tensor
from torch.nn import functional

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
NARROW = torch.bfloat16 if DEVICE.type == "cuda" else torch.float32
ROWS, COLUMNS = front.MEL.shape
SLOTS = max(sampler.BIRDS)
LISTED, OTHER, EMPTY = range(3)
SCENES, SCENES_AT_ONCE = 1024, 128
# Of other species so many are named at the threshold of `said`; names in scenes are right so often.
OTHERS_NAMED, SCENE_PRECISION = 0.08, 0.85

torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
torch.backends.cudnn.benchmark = True


@dataclass(frozen=True)
class Settings:
    """One training. Fold -1: learn from all, score nothing."""

    name: str
    architecture: str = "default"
    fold: int = -1
    seed: int = 0
    windows: int = 450_000
    batch: int = 64
    learning_rate: float = 1.6e-2
    taught: bool = True
    embedding: float = 2.0


class Data:
    """A dataset on the device."""

    def __init__(self, folder: Path, images: Path, folds: dict[str, int]) -> None:
        dataset = corpus.load(folder)
        self.classes, self.listed = dataset.classes, len(dataset.listed)
        self.images = torch.from_numpy(np.load(images)).to(DEVICE)
        names = [row["recording_id"] for row in dataset.rows]
        order = {name: place for place, name in enumerate(dict.fromkeys(names))}
        self.recordings = _tensor(np.array([order[name] for name in names]))
        own = [dataset.classes.index(row["primary_label"]) for row in dataset.rows]
        self.own, self.fold = _tensor(np.array(own)), _tensor(np.array([folds[n] for n in names]))
        used = [row["part"] != "" and row["silent"] == "0" for row in dataset.rows]
        self.used = _tensor(np.array(used))
        after = [place + dataset.follows(place) for place in range(len(names))]
        self.after = _tensor(np.array(after))
        self.lessons = {
            taught: hearing.make_lessons(dataset, hearing.read_scores(dataset) if taught else None)
            for taught in (False, True)
        }
        embedding = self.lessons[True].embedding
        if embedding is None:
            raise ValueError(
                f"{folder}: expected a teacher's embedding; prepare it with --window-weights"
            )
        self.known = _tensor(~np.isnan(embedding[:, 0]))
        self.embedding = _tensor(np.nan_to_num(embedding))
        bank = sampler.noise_bank(front.MEL)
        noises = _tensor(front.POWERS)[_tensor(np.stack(bank)).long()]
        self.noises = noises / loudness(noises)[:, None, None]
        self.hertz = _tensor(front.MEL.hertz)
        self.times = torch.arange(COLUMNS, device=DEVICE).float()


def _tensor(array: Any) -> Tensor:
    return torch.from_numpy(array).to(DEVICE)


def loudness(power: Tensor) -> Tensor:
    """Return the mean of the loudest cells of powers [..., rows, columns]."""
    cells = power.flatten(-2)[..., :: acoustics.LOUDNESS_STRIDE]
    count = max(1, int(cells.shape[-1] * acoustics.LOUD_PART))
    loud = cells.topk(count, dim=-1, sorted=False).values
    return loud.mean(-1).clamp(min=acoustics.LEAST_LOUDNESS)


class Sampler:
    """Draws whole batches as source_dir/sampler.py draws examples, from some of the windows."""

    def __init__(self, data: Data, chosen: Tensor, settings: Settings, seed: int) -> None:
        self.data, lessons = data, data.lessons[settings.taught]
        self.random = torch.Generator(device=DEVICE)
        self.random.manual_seed(seed)
        self.targets = _tensor(lessons.targets)
        self.chances = self._chances(_tensor(lessons.weights).double() * (chosen & data.used))
        shares = sampler.SHARES
        self.shares = self._steps([shares["listed"], shares["other"], shares[corpus.NO_BIRD]])
        self.birds = self._steps(list(sampler.BIRDS.values()))
        lag = data.times[None, :] - data.times[:, None]
        smooth = 0.05 * 0.95 ** lag.clamp(min=0)
        self.smooth = torch.where(lag >= 0, smooth, torch.zeros_like(smooth))

    @staticmethod
    def _steps(shares: list[float]) -> Tensor:
        return _tensor(np.cumsum(shares, dtype=np.float32) / np.float32(sum(shares)))

    def _chances(self, weights: Tensor) -> Tensor:
        """Return the cumulative chances of all windows for each kind: kind k from k to k + 1."""
        data, count = self.data, int(self.data.recordings.max()) + 1
        whole = torch.zeros(count, dtype=torch.float64, device=DEVICE)
        whole.index_add_(0, data.recordings, weights)
        label = torch.zeros(count, dtype=torch.long, device=DEVICE)
        label[data.recordings] = data.own
        recordings = torch.bincount(label[whole > 0], minlength=len(data.classes)).double()
        place = torch.arange(len(data.classes), device=DEVICE)
        kinds = [place < data.listed, place >= data.listed, place == len(data.classes) - 1]
        kinds[OTHER] &= ~kinds[EMPTY]
        found = []
        for kind, members in enumerate(kinds):
            share = torch.where(members, recordings, 0.0) ** sampler.SPECIES_POWER
            share = torch.where(members & (recordings > 0), share, 0.0)
            of_one = (share / share.sum() / recordings.clamp(min=1))[data.own]
            chance = (weights / whole[data.recordings].clamp(min=1e-12) * of_one).cumsum(0)
            found.append(chance / chance[-1].clamp(min=1e-12) + kind)
        return torch.cat(found).float()

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Return numbers between two values."""
        return low + (high - low) * torch.rand(*shape, device=DEVICE, generator=self.random)

    def often(self, share: float, *shape: int) -> Tensor:
        """Return flags that are true for a share."""
        return self.uniform(0, 1, *shape) < share

    def windows(self, kind: Tensor) -> Tensor:
        """Return a window of each kind."""
        where = kind + self.uniform(0, 0.999998, *kind.shape)
        found = torch.searchsorted(self.chances, where.flatten(), right=True).view(kind.shape)
        count = len(self.data.own)
        return (found - kind * count).clamp(0, count - 1)

    def crops(self, window: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return powers, targets, embeddings and which of these are known, of windows [n]."""
        data, count = self.data, len(window)
        start = self.uniform(0, COLUMNS, count).long()
        after = torch.where(self.often(sampler.TURNED_SHARE, count), window, data.after[window])
        share = torch.where(after != window, start.float() / COLUMNS, 0.0)
        pace = self.uniform(1 - acoustics.PACE, 1 + acoustics.PACE, count)[:, None]
        pitch = self.uniform(-acoustics.PITCH_ROWS, acoustics.PITCH_ROWS, count)
        moment = ((data.times - COLUMNS / 2) * pace + COLUMNS / 2).round().clamp(0, COLUMNS - 1)
        column = moment.long() + start[:, None]
        over = column >= COLUMNS
        source = torch.where(over, after[:, None], window[:, None])[:, None]
        column = torch.where(over, column - COLUMNS, column)[:, None]
        below = pitch.floor()
        row = (torch.arange(ROWS, device=DEVICE) + below[:, None].long()).clamp(0, ROWS - 1)
        low = data.images[source, row[..., None], column].float()
        high = data.images[source, (row + 1).clamp(max=ROWS - 1)[..., None], column].float()
        byte = low + (high - low) * (pitch - below)[:, None, None]
        power = torch.exp((byte - 255) * front.POWER_STEP)
        heard = [(1.6 * part).clamp(max=1)[:, None] for part in (1 - share, share)]
        silent = [
            1 - self.targets[one] * much for one, much in zip((window, after), heard, strict=True)
        ]
        embedding = torch.lerp(data.embedding[window], data.embedding[after], share[:, None])
        return power, 1 - silent[0] * silent[1], embedding, data.known[window] & data.known[after]

    def noise(self, count: int) -> Tensor:
        """Return powers of sounds without a bird, of loudness 1."""
        which = self.uniform(0, sampler.NOISE_BANK, count).long()[:, None, None]
        start = self.uniform(0, COLUMNS, count).long()[:, None]
        column = (torch.arange(COLUMNS, device=DEVICE) + start) % COLUMNS
        return self.data.noises[
            which, torch.arange(ROWS, device=DEVICE)[:, None], column[:, None, :]
        ]

    def echo(self, power: Tensor, on: Tensor) -> Tensor:
        """Return powers with a tail where it is on."""
        count = len(power)
        columns = self.uniform(*acoustics.ECHO_SECONDS, count) * front.MEL.columns_per_second
        kept = 10 ** (-6 / columns)
        gain = _ratio(self.uniform(*acoustics.ECHO_DECIBELS, count)) * (1 - kept) * on
        lag = self.data.times[None, :] - self.data.times[:, None] - 1
        tail = torch.exp2(torch.log2(kept)[:, None, None] * lag.clamp(min=0))
        tail = torch.where(lag >= 0, tail, 0.0) * gain[:, None, None]
        return torch.baddbmm(power, power, tail)

    def draw(self, count: int, *, scenes: float = sampler.SCENE_SHARE) -> tuple[Tensor, ...]:
        """Return levels, targets, embeddings, which are known, and scenes' labels and decibels."""
        data, last = self.data, len(self.data.classes) - 1
        scene, pair = self.often(scenes, count), self.often(sampler.PAIR_SHARE, count)
        birds = torch.searchsorted(self.birds, self.uniform(0, 1, count), right=True)
        sounds = torch.where(scene, birds + min(sampler.BIRDS), 1 + pair.long())
        place = torch.arange(SLOTS, device=DEVICE)
        on = place < sounds[:, None]
        kind = torch.searchsorted(self.shares, self.uniform(0, 1, count, SLOTS), right=True)
        other = (~self.often(sampler.LISTED_IN_SCENE, count, SLOTS)).long()
        kind = torch.where(scene[:, None], other, kind.clamp(max=EMPTY))
        window = self.windows(kind)
        power, target, embedding, known = self.crops(window.flatten())
        power = self._far(power, scene.repeat_interleave(SLOTS)).view(count, SLOTS, ROWS, COLUMNS)
        target = target.view(count, SLOTS, -1)
        made = (kind == EMPTY) & self.often(sampler.SYNTHETIC_SHARE, count, SLOTS)
        pairs = torch.where(
            made[:, :2, None, None], self.noise(2 * count).view_as(power[:, :2]), power[:, :2]
        )
        nothing = functional.one_hot(torch.tensor(last, device=DEVICE), last + 1).float()
        target = torch.where(made[..., None], nothing, target)
        low = torch.where(kind == EMPTY, -25.0, -15.0)
        decibels = torch.where(
            scene[:, None],
            -self.uniform(0, sampler.SCENE_DECIBELS, count, SLOTS),
            low + (5 - low) * self.uniform(0, 1, count, SLOTS),
        )
        decibels = torch.where(place == 0, 0.0, decibels)
        gain = torch.where(on, _ratio(decibels), 0.0)[..., None, None]
        total = (pairs * gain[:, :2]).sum(1) + (power[:, 2:] * gain[:, 2:]).sum(1)
        faint = 0.5 * ((-decibels - sampler.FAINT_DECIBELS) / 12).clamp(0, 1) * scene[:, None]
        all_targets = 1 - (1 - target * ((1 - faint) * on)[..., None]).prod(1)
        empty = target[:, 0, last] * torch.where(pair, target[:, 1, last], 1.0)
        all_targets[:, last] = torch.where(scene, 0.0, empty)
        beside = (kind[:, 1] == EMPTY) & (decibels[:, 1] <= -5)
        known = (known.view(count, SLOTS) & ~made)[:, 0] & ~scene & (~pair | beside)
        total = self._over_background(total, scene)
        total = self.echo(total, ~scene & self.often(sampler.ECHO_SHARE, count))
        phone = self.often(sampler.PHONE_SHARE, count)[:, None, None]
        total = torch.where(phone, self._phone(total), total)
        part = total / total.amax((1, 2), keepdim=True).clamp(min=1e-30)
        level = torch.log(part.clamp(min=float(front.LEAST_POWER))) / front.POWER_STEP + 255
        labels = torch.where(on, data.own[window], last)
        return level, all_targets, embedding.view(count, SLOTS, -1)[:, 0], known, labels, decibels

    def _far(self, power: Tensor, scene: Tensor) -> Tensor:
        far = scene & self.often(sampler.FAR_SHARE, len(power))
        lost = self.uniform(0, acoustics.FAR_DECIBELS, len(power)) / 1_000 * far
        power = power * _ratio(-lost[:, None, None] * self.data.hertz[:, None])
        power = self.echo(power, far & self.often(0.6, len(power)))
        return power / loudness(power)[:, None, None]

    def _over_background(self, power: Tensor, scene: Tensor) -> Tensor:
        count = len(power)
        empty, *_ = self.crops(self.windows(torch.full((count,), EMPTY, device=DEVICE)))
        real = (scene & ~self.often(sampler.SYNTHETIC_SHARE, count))[:, None, None]
        sound = torch.where(real, empty / loudness(empty)[:, None, None], self.noise(count))
        decibels = torch.where(scene, self.uniform(-25, 3, count), self.uniform(-30, 0, count))
        share = torch.where(scene, sampler.BACKGROUND_SHARE, sampler.NOISE_SHARE)
        on = self.uniform(0, 1, count) < share
        return power + sound * (_ratio(decibels) * on)[:, None, None]

    def _phone(self, power: Tensor) -> Tensor:
        count = len(power)
        octave = torch.log2(self.data.hertz.clamp(min=1) / 1_000)
        top = torch.log2(self.uniform(3.8, 9, count, 1))
        bottom = torch.log2(self.uniform(0.25, 1.2, count, 1))
        lost = (octave - top).clamp(min=0) * self.uniform(30, 120, count, 1)
        lost = lost * self.often(0.6, count, 1)
        wind = (bottom - octave).clamp(min=0) * self.uniform(6, 18, count, 1)
        power = power * _ratio(-lost - wind * self.often(0.6, count, 1))[..., None]
        level = power.mean(1) @ self.smooth
        gain = (level + 1e-9) ** -self.uniform(0.2, 0.7, count, 1)
        power = torch.where(self.often(0.5, count, 1, 1), power * gain[:, None], power)
        hiss = power.amax((1, 2)) * _ratio(-self.uniform(35, 65, count)) * self.often(0.5, count)
        return power + hiss[:, None, None]

    def to_images(self, level: Tensor, strange: Tensor) -> Tensor:
        """Return images as of other recorders, if `strange` is 1, with stretches lost."""
        count = len(level)
        image = (level - self.uniform(0, batches.HEADROOM, count, 1, 1)).clamp(0, 255)
        mean = image.mean(2, keepdim=True)
        spread = (image.var(2, keepdim=True, correction=0) + batches.LEAST_SPREAD**2).sqrt()
        moved = self.uniform(0, 1, count) < batches.RECORDER_SHARE * strange
        part = self.uniform(0, 1, count, 1, 1) * moved[:, None, None]
        new_mean, new_spread = (one + part * (one.roll(-1, 0) - one) for one in (mean, spread))
        slope = torch.linspace(-1, 1, ROWS, device=DEVICE)[:, None]
        shape = (2, count, 1, 1)
        level, tilt = batches.COLOUR * torch.randn(shape, device=DEVICE, generator=self.random)
        image = (image - mean) * (new_spread / spread) + new_mean + level + tilt * slope
        mean = image.mean(2, keepdim=True)
        for _ in range(batches.MASKS):
            times = self._stretch(COLUMNS, batches.LONGEST_TIME_MASK, count)
            image = torch.where(times[:, None, :], mean, image)
            bands = self._stretch(ROWS, batches.LONGEST_BAND_MASK, count)
            image = torch.where(bands[:, :, None], batches.GREY, image)
        return image.clamp(0, 255).round()

    def _stretch(self, size: int, longest: float, count: int) -> Tensor:
        width = self.uniform(0, longest * size, count, 1).floor()
        start = (self.uniform(0, 1, count, 1) * (size - width + 1)).floor()
        place = torch.arange(size, device=DEVICE)
        return (place >= start) & (place < start + width)


def _ratio(decibels: Tensor) -> Tensor:
    return torch.exp(decibels * (math.log(10) / 10))


class Network:
    """source_dir/model.py's network, by its weights; biases of -4.5 keep all classes silent."""

    def __init__(self, body: model.Body, classes: int, embedding: int, seed: int) -> None:
        self.body = body
        self.random = torch.Generator(device=DEVICE)
        self.random.manual_seed(seed)
        self.weights: dict[str, Tensor] = {}
        self.moments: dict[str, Tensor] = {}
        channels, rows = 2, ROWS
        for place, (more, stride, _) in enumerate(body):
            self.weights[f"kernel{place}"] = self._glorot(more, channels, 3, 3)
            for name, first in (("gamma", 1.0), ("beta", 0.0)):
                self.weights[f"{name}{place}"] = torch.full((more,), first, device=DEVICE)
            for name, first in (("mean", 0.0), ("variance", 1.0)):
                self.moments[f"{name}{place}"] = torch.full((more,), first, device=DEVICE)
            channels, rows = more, -(-rows // stride)
        sizes = {
            "head": (model.HEAD_UNITS, rows * channels),
            "classes": (classes, model.HEAD_UNITS),
        }
        if embedding:
            sizes["embedding"] = (embedding, model.HEAD_UNITS)
        for name, shape in sizes.items():
            first = model.FIRST_LOGIT if name == "classes" else 0.0
            self.weights[name] = self._glorot(*shape)
            self.weights[f"{name}_bias"] = torch.full((shape[0],), first, device=DEVICE)
        for weights in self.weights.values():
            weights.requires_grad_(True)

    def _glorot(self, outputs: int, inputs: int, *kernel: int) -> Tensor:
        limit = math.sqrt(6 / ((inputs + outputs) * math.prod(kernel)))
        shape = (outputs, inputs, *kernel)
        found = torch.rand(shape, device=DEVICE, generator=self.random)
        return (found * 2 - 1) * limit

    def __call__(
        self, weights: dict[str, Tensor], images: Tensor, *, learns: bool
    ) -> tuple[Tensor, Tensor]:
        """Return logits [n, classes] and the mean hidden vector [n, units] of images."""
        level = images * model.BYTE
        stands_out = (level - level.mean(2, keepdim=True)) * 4
        x = torch.stack([level * 2 - 1, stands_out], 1).to(NARROW)
        x = x.contiguous(memory_format=torch.channels_last)
        for place, (_, *strides) in enumerate(self.body):
            x = functional.pad(x, _same(x.shape[2:], strides))
            kernel = weights[f"kernel{place}"].to(NARROW)
            x = functional.conv2d(x, kernel, stride=tuple(strides))
            moments = self.moments[f"mean{place}"], self.moments[f"variance{place}"]
            own = weights[f"gamma{place}"], weights[f"beta{place}"]
            x = functional.relu(functional.batch_norm(x, *moments, *own, learns, 0.01, 1e-3))
        x = x.permute(0, 3, 2, 1).flatten(2)
        head, bias = (weights[name].to(NARROW) for name in ("head", "head_bias"))
        hidden = functional.relu(functional.linear(self._drop(x, 0.2, learns), head, bias))
        named = functional.linear(self._drop(hidden, 0.3, learns), weights["classes"].to(NARROW))
        steps = named.float() + weights["classes_bias"]
        pooled = torch.logsumexp(steps * model.POOLING_SHARPNESS, 1) - math.log(steps.shape[1])
        return pooled / model.POOLING_SHARPNESS, hidden.float().mean(1)

    def _drop(self, x: Tensor, share: float, learns: bool) -> Tensor:
        if not learns:
            return x
        kept = torch.rand(x.shape, device=DEVICE, generator=self.random) >= share
        return x * (kept.to(x.dtype) / (1 - share))


def _same(size: torch.Size, strides: list[int]) -> list[int]:
    """Return what a 3 x 3 convolution's input is padded by, as TensorFlow does."""
    found = []
    for length, stride in zip(reversed(size), reversed(strides), strict=True):
        more = max((-(-length // stride) - 1) * stride + 3 - length, 0)
        found += [more // 2, more - more // 2]
    return found


class Training:
    """One training: a step is captured once, then played again."""

    def __init__(self, data: Data, settings: Settings) -> None:
        self.data, self.settings, seed = data, settings, settings.seed * 1_000 + settings.fold
        self.sampler = Sampler(data, data.fold != settings.fold, settings, seed)
        width = data.embedding.shape[1] if settings.embedding else 0
        body = model.BODIES[settings.architecture]
        self.network = Network(body, len(data.classes), width, seed)
        self.start()
        self.steps, self.done = settings.windows // settings.batch, 0

    def start(self) -> None:
        """Make what the steps move beside the weights."""
        weights = self.network.weights
        adam = [name for name, one in weights.items() if one.dim() < 2 or name == "classes"]
        self.speed = {name: torch.zeros_like(one) for name, one in weights.items()}
        self.energy = {name: torch.zeros_like(weights[name]) for name in adam}
        self.average = {name: one.detach().clone() for name, one in weights.items()}
        self.step = torch.zeros((), device=DEVICE)

    def run(self, until: float) -> None:
        """Learn until all windows are seen, or a moment of time.time()."""
        for place in range(self.steps):
            if DEVICE.type == "cuda":
                with torch.cuda.stream(self.stream):
                    self.graph.replay()
            else:
                self.learn()
            self.done = place + 1
            if place % 50 == 49:
                if DEVICE.type == "cuda":
                    self.stream.synchronize()
                if time.time() > until:
                    break

    def capture(self) -> None:
        """Warm up, capture a step, and put the beginning back."""
        if DEVICE.type != "cuda":
            return
        state = [self.network.weights, self.network.moments, self.speed, self.energy, self.average]
        kept = [{name: one.detach().clone() for name, one in part.items()} for part in state]
        self.stream, self.graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
        with torch.cuda.stream(self.stream):
            for _ in range(3):
                self.learn()
        self.stream.synchronize()
        for random in (self.sampler.random, self.network.random):
            self.graph.register_generator_state(random)
        with torch.cuda.graph(self.graph, stream=self.stream):
            self.learn()
        with torch.no_grad():
            for part, before in zip(state, kept, strict=True):
                for name, one in part.items():
                    one.copy_(before[name])
            self.step.zero_()
        torch.cuda.synchronize()

    def learn(self) -> None:
        """Draw a batch and take one step."""
        settings, weights, progress = self.settings, self.network.weights, self.step / self.steps
        warm = ((progress + 1e-4) / learning.WARMUP).clamp(max=1)
        rate = settings.learning_rate * warm * (0.5 + 0.5 * torch.cos(math.pi * progress))
        with torch.no_grad():
            images, target, embedding, known = self.batch(progress)
        logits, hidden = self.network(weights, images, learns=True)
        each = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        loss = each.sum(1).mean()
        if settings.embedding:
            heard = functional.linear(hidden, weights["embedding"], weights["embedding_bias"])
            error = (heard - embedding).square().mean(1) * known
            loss = loss + settings.embedding * error.sum() / (known.sum() + 1)
        found = torch.autograd.grad(loss, list(weights.values()))
        with torch.no_grad():
            self._follow(dict(zip(weights, found, strict=True)), rate)

    def batch(self, progress: Tensor) -> tuple[Tensor, ...]:
        """Return images, targets, embeddings, and which of these are known."""
        level, target, embedding, known, *_ = self.sampler.draw(self.settings.batch)
        strange = (progress < learning.STRANGE_SHARE).float()
        return self.sampler.to_images(level, strange), target, embedding, known

    def _follow(self, gradients: dict[str, Tensor], rate: Tensor) -> None:
        """Muon for matrices, Adam for the rest, as source_dir/optimizer.py; then the averages."""
        norm = torch.sqrt(torch.stack([one.square().sum() for one in gradients.values()]).sum())
        scale = (optimizer.LONGEST_GRADIENT / norm.clamp(min=1e-6)).clamp(max=1)
        count = self.step + 1
        slow = rate * optimizer.ADAM_SHARE * torch.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        decay = ((1 + count) / (10 + count)).clamp(max=learning.AVERAGE_DECAY)
        for name, weights in self.network.weights.items():
            gradient, speed = gradients[name] * scale, self.speed[name]
            weights.mul_(1 - optimizer.WEIGHT_DECAY * rate)
            if name in self.energy:
                energy = self.energy[name]
                speed.lerp_(gradient, 0.1)
                energy.lerp_(gradient.square(), 0.001)
                weights.sub_(speed * slow / (energy.sqrt() + 1e-7))
            else:
                speed.mul_(0.95).add_(gradient)
                matrix = (gradient + 0.95 * speed).flatten(1)
                size = 0.2 * math.sqrt(max(matrix.shape))
                weights.sub_(_orthogonal(matrix).view_as(weights) * (rate * size))
            self.average[name].lerp_(weights, 1 - decay)
        self.step.add_(1)

    def predict(self, images: Tensor) -> Tensor:
        """Return the logits of images [n, rows, columns] by the averaged weights."""
        with torch.no_grad():
            parts = [
                self.network(self.average, part.float(), learns=False)[0]
                for part in images.split(512)
            ]
        return torch.cat(parts)

    def keras_weights(self) -> dict[str, Any]:
        """Return what the exported network needs, in 16 bits but for vectors."""
        found = {**self.average, **self.network.moments}
        return {
            name: (one.half() if one.dim() > 1 else one).cpu().numpy()
            for name, one in found.items()
            if not name.startswith("embedding")
        }


def tensors(made: batches.Batch) -> tuple[Tensor, ...]:
    """Return a batch of source_dir as what learn() takes."""
    parts = (made.images, made.targets, made.embeddings, made.known)
    return tuple(torch.from_numpy(part).float() for part in parts)


def _orthogonal(matrix: Tensor) -> Tensor:
    """Return U V^T of a matrix, nearly (Newton-Schulz, with Keras's numbers)."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.T if tall else x


def score(training: Training) -> dict[str, float]:
    """Return the scores of the fold that was held back: single recordings, then scenes."""
    data, fold = training.data, training.settings.fold
    held = torch.nonzero(data.used & (data.fold == fold))[:, 0]
    chances = torch.sigmoid(training.predict(data.images[held])).double().cpu().numpy()
    recordings, own = data.recordings[held].cpu().numpy(), data.own[held].cpu().numpy()
    names, first = np.unique(recordings, return_index=True)
    truth, listed = own[first], data.listed
    pooled = [np.sqrt((chances[recordings == one, :listed] ** 2).mean(0)) for one in names]
    scores = np.array(pooled)
    known, others = truth < listed, (truth >= listed) & (truth < len(data.classes) - 1)
    order, true = np.argsort(-scores[known], axis=1), truth[known]
    right, best = order[:, 0] == true, scores.max(axis=1)
    said = best[known] > np.quantile(best[others], 1 - OTHERS_NAMED)
    f1 = [
        2 * (right & (true == one)).sum() / ((order[:, 0] == one).sum() + (true == one).sum())
        for one in np.unique(true)
    ]
    likely = scores[known][np.arange(len(true)), true]
    found = {
        "n": len(true),
        "top1": right.mean(),
        "top3": (order[:, :3] == true[:, None]).any(1).mean(),
        "f1": np.mean(f1),
        "nll": -np.log(likely.clip(1e-4)).mean(),
        "said": said.mean(),
        "right_said": right[said].mean(),
        **_score_scenes(training),
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def _score_scenes(training: Training) -> dict[str, float]:
    data, settings = training.data, training.settings
    held = Sampler(data, data.fold == settings.fold, replace(settings, taught=True), 5)
    truths, chances = [], []
    for _ in range(SCENES // SCENES_AT_ONCE):
        level, *_, labels, _ = held.draw(SCENES_AT_ONCE, scenes=1.1)
        truth = functional.one_hot(labels, len(data.classes)).amax(1)[:, : data.listed]
        found = training.predict(level.clamp(0, 255).round())[:, : data.listed]
        truths.append(truth.float())
        chances.append(torch.sigmoid(found))
    truth, chance = torch.cat(truths), torch.cat(chances)
    some = truth.sum(1) > 0
    first = truth[some].gather(1, chance[some].argmax(1, keepdim=True)).mean()
    hits = truth.flatten()[chance.flatten().argsort(descending=True)]
    precision = hits.cumsum(0) / torch.arange(1, len(hits) + 1, device=DEVICE)
    enough = torch.nonzero(precision >= SCENE_PRECISION)[:, 0]
    named = hits[: int(enough.max()) + 1].sum() if len(enough) else hits[:0].sum()
    return {
        "sc_first": float(first),
        "sc_ap": float((precision * hits).sum() / hits.sum()),
        "sc_r85": float(named / hits.sum()),
    }


def train_together(data: Data, wanted: list[Settings], output: Path, until: float) -> None:
    """Train side by side, each on a stream of its own; write weights and scores."""
    made = [Training(data, one) for one in wanted]
    for one in made:
        one.capture()
    threads = [threading.Thread(target=one.run, args=(until,)) for one in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in made:
        scores = score(one) if one.settings.fold >= 0 else {}
        with (output / "recipe.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({**asdict(one.settings), "done": one.done, **scores}) + "\n")
        np.savez(output / f"{one.settings.name}.npz", allow_pickle=False, **one.keras_weights())


def to_keras(weights: Any, architecture: str, classes: int) -> keras.Model:
    """Return source_dir's network with the weights that were written here."""
    network = model.build(architecture, classes)
    set_weights(network, weights)
    return network


def set_weights(network: keras.Model, weights: Any) -> None:
    """Put weights, by the names that they have here, into source_dir's network."""
    place = 0
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            layer.set_weights([weights[f"kernel{place}"].astype(np.float32).transpose(2, 3, 1, 0)])
        elif isinstance(layer, keras.layers.BatchNormalization):
            names = ("gamma", "beta", "mean", "variance")
            layer.set_weights([weights[f"{name}{place}"] for name in names])
            place += 1
        elif isinstance(layer, keras.layers.Dense) and layer.name in weights:
            kernel, bias = weights[layer.name], weights[f"{layer.name}_bias"]
            layer.set_weights([kernel.astype(np.float32).T, bias])


def main() -> None:
    """Train five folds, and one network on all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=Path, help="images.npy of a training's checkpoints")
    parser.add_argument("--folds", type=Path, required=True, help="JSON: recording -> fold")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--windows", type=int, default=450_000)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    folds = json.loads(options.folds.read_text("utf-8"))
    images = options.images or options.output / learning.IMAGES
    corpus.keep_images(corpus.load(options.data), front.MEL, images)
    data = Data(options.data, images, folds)
    wanted = [
        Settings(f"default-{fold}", fold=fold, seed=fold + 1, windows=options.windows)
        for fold in range(-1, 5)
    ]
    train_together(data, wanted, options.output, time.time() + 60 * options.minutes)


if __name__ == "__main__":
    main()
