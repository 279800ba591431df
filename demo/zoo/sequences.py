"""Sequences generated from a seed, for networks that read in order."""

from functools import cache

import numpy as np

from tb_gradhealth.demo.zoo.tables import Table

VOCABULARY = 200
SAMPLES = 1500


@cache
def recent_mean(length: int = 20, features: int = 3, recent: int = 8) -> Table:
    """Noise; the class is the sign of the first feature's mean over the last steps."""
    random = np.random.default_rng(11)
    noise = random.standard_normal((SAMPLES, length, features)).astype(np.float32)
    return Table(noise, (noise[:, -recent:, 0].mean(1) > 0).astype(np.int32))


@cache
def topics(length: int = 16, vocabulary: int = VOCABULARY) -> Table:
    """Token numbers; each of four topics prefers a quarter of the vocabulary."""
    random = np.random.default_rng(12)
    labels = random.integers(0, 4, SAMPLES)
    quarter = vocabulary // 4
    on_topic = labels[:, None] * quarter + random.integers(0, quarter, (SAMPLES, length))
    anything = random.integers(0, vocabulary, (SAMPLES, length))
    tokens = np.where(random.random((SAMPLES, length)) < 0.5, on_topic, anything)
    return Table(tokens.astype(np.int32), labels.astype(np.int32))


@cache
def waves(length: int = 32) -> Table:
    """Noisy sine waves of three frequencies, at any phase."""
    random = np.random.default_rng(13)
    labels = random.integers(0, 3, SAMPLES)
    phase = random.uniform(0, 2 * np.pi, (SAMPLES, 1))
    time = np.arange(length) / length
    wave = np.sin(2 * np.pi * (2 + 3 * labels[:, None]) * time + phase)
    noisy = wave + 0.3 * random.standard_normal((SAMPLES, length))
    return Table(noisy[..., None].astype(np.float32), labels.astype(np.int32))


@cache
def next_value(length: int = 24) -> Table:
    """Sine waves of many frequencies; the target is the value that comes next."""
    random = np.random.default_rng(14)
    speed = random.uniform(0.1, 0.6, (SAMPLES, 1))
    phase = random.uniform(0, 2 * np.pi, (SAMPLES, 1))
    wave = np.sin(speed * np.arange(length + 1) + phase).astype(np.float32)
    return Table(wave[:, :-1, None], wave[:, -1:])
