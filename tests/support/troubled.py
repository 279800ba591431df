"""Random trainings with many faults, and recorders that write them in any order."""

import dataclasses

import numpy as np

from tb_gradhealth.record import COLUMNS, Record, Row, RowTable, Steps

PLACE = {name: index for index, name in enumerate(COLUMNS)}
SHARES = ("dead_fraction", "dormant_fraction", "saturated_fraction", "untouched_fraction", "zero_fraction")
COUNTS = ("nan_count", "inf_count", "bad_steps", "bad_ago")


def network(generator, stream=""):
    """A row table of a random architecture, with random settings."""
    depth = int(generator.integers(0, 7))
    mixed = generator.random() < 0.3
    rows = []
    for layer in range(depth):
        name, shape = f"d{layer}", ((2, 2) if generator.random() < 0.1 else (8, 8))
        role = "embedding" if layer == 0 and generator.random() < 0.3 else "kernel"
        kernel = Row(f"{name}/kernel", "gradient", name, role, layer, shape, output=layer == depth - 1)
        missing = generator.choice(["", "", "", "", "", "frozen", "gradient is None"])
        rows.append(dataclasses.replace(kernel, not_measured=str(missing)))
        rows += [dataclasses.replace(kernel, kind=kind) for kind in ("weight", "update")]
        function = str(generator.choice(["relu", "relu", "sigmoid", "tanh", ""]))
        dtype = "float16" if mixed else "float32"
        output = Row(name, "activation", name, "activation", layer, (-1, 8), dtype, function)
        rows.append(dataclasses.replace(output, output=layer == depth - 1))
    for name in ("learning_rate", "loss_scale", "skipped_steps"):
        if generator.random() < 0.4:
            rows.append(Row(name, "training", name, "other", 99))
    if generator.random() < 0.9:
        rows.append(Row("loss", "loss", "loss", "loss", 99))
    order = generator.permutation(len(rows))
    rows = [rows[place] for place in order]
    settings = {"every": 10}
    if mixed:
        settings["loss_scale"] = True
    if generator.random() < 0.2:
        settings["gradient_accumulation_steps"] = 4
    return RowTable(tuple(rows), stream=stream, settings=settings, watched=tuple(range(len(rows))))


def losses_of(kind, index, generator):
    """The loss of a record, by the kind of training."""
    noise = 1 + 0.05 * generator.normal()
    return {
        "falls": 0.01 + 2.3 * np.exp(-index / 20) * noise,
        "stays": 2.3 * noise,
        "rises": 0.5 * 1.1**index * noise,
        "swings": 2.3 * (1 + 0.9 * (-1) ** index) * noise,
        "negative": -index * noise,
        "late": 2.3 * noise if index < 40 else 2.3 * np.exp((40 - index) / 10) * noise,
    }[kind]


FAULTS = {
    4: {"peak_rms": 1000, "peak_max": 1000},
    5: {"rms": 0, "peak_rms": 0},
    6: {"rms": np.inf},
}
"""The factors of values."""

SHOWN = {
    7: ("nan_count", "bad_steps"),
    8: ("inf_count", "bad_steps"),
    9: ("dead_fraction",),
    10: ("dormant_fraction",),
    11: ("saturated_fraction",),
    12: ("untouched_fraction",),
    13: ("zero_fraction",),
}
"""The values that appear. Other faults make numbers zero (0), some zero (1), grow (2), shrink (3), or end."""


class Troubled:
    """A training with many temporary faults: float32 [rows, columns] per record."""

    def __init__(self, generator):
        self.generator = generator
        self.kind = str(generator.choice(["falls", "stays", "rises", "swings", "negative", "late"]))
        self.calm = generator.random() < 0.4
        self.index = 0
        self.faults = {}
        self.levels = {}

    def values(self, table):
        generator, rows = self.generator, table.rows
        values = np.exp(generator.normal(-3, 0.05, (len(rows), len(COLUMNS))))
        for name in ("peak_rms_ago", "peak_max_ago", "bad_ago"):
            values[:, PLACE[name]] = generator.integers(0, 10, len(rows))
        for name in (*COUNTS, *SHARES):
            values[:, PLACE[name]] = 0
        values[:, PLACE["window"]] = 5 + self.index
        values[:, [PLACE[name] for name in COLUMNS if name.startswith("magnitudes")]] = generator.integers(
            0, 2**24, (len(rows), 10)
        )
        values[[row.kind == "update" for row in rows], PLACE["rms"]] *= 1e-3
        for place, row in enumerate(rows):
            self._ail(values[place], row)
        self.index += 1
        return values.astype(np.float32)

    def _ail(self, values, row):
        key = row.kind, row.tensor
        fault = self._fault(key)
        for name, factor in FAULTS.get(fault, {}).items():
            values[PLACE[name]] *= factor
        for name in SHOWN.get(fault, ()):
            values[PLACE[name]] = 3 * self.generator.random()
        if fault == 0:
            values[:] = np.nan
        elif fault == 1:
            values[self.generator.random(values.size) < 0.3] = np.nan
        else:
            self._tell(values, row, fault)
        level = self.levels[key] = {2: 1.9, 3: 0.4}.get(fault, 1.0) * self.levels.get(key, 1.0)
        for name in ("rms", "peak_rms", "peak_max"):
            values[PLACE[name]] *= level
        if fault > 13:
            del self.levels[key]

    def _fault(self, key):
        """The current fault of a row, -1 for none."""
        if key not in self.faults and self.generator.random() < (0.002 if self.calm else 0.06):
            self.faults[key] = int(self.generator.integers(0, 16)), int(self.generator.integers(1, 40))
        fault, left = self.faults.get(key, (-1, 0))
        if left <= 0:
            self.faults.pop(key, None)
        else:
            self.faults[key] = fault, left - 1
        return fault

    def _tell(self, values, row, fault):
        """Set the rows of kind training."""
        if row.kind == "loss":
            loss = losses_of(self.kind, self.index, self.generator)
            values[PLACE["mean"]], values[PLACE["peak_max"]] = loss, abs(loss)
        if row.tensor == "learning_rate":
            values[PLACE["mean"]] = 1e-3 * min(self.index + 1, 5) * (1e-4 if fault > 8 else 1)
        if row.tensor == "loss_scale":
            values[PLACE["mean"]] = 2.0 ** (15 - 4 * fault)
        if row.tensor == "skipped_steps":
            values[PLACE["mean"]] = self.index // 3 * max(fault, 0)


def written(seed, length):
    """Records and steps with restarts, gaps, changing tables and several streams."""
    generator = np.random.default_rng(seed)
    names = ["", "critic"] if generator.random() < 0.15 else [""]
    tables = {name: [network(generator, name) for _ in range(3)] for name in names}
    if generator.random() < 0.5:  # a network that changes little
        for kinds in tables.values():
            first = kinds[0]
            kinds[1:] = [dataclasses.replace(first, rows=first.rows[::-1]), first]
    trainings = {name: Troubled(generator) for name in names}
    current, step, found = dict.fromkeys(names, 0), dict.fromkeys(names, 0), []
    restless = generator.random() < 0.5
    for _ in range(length):
        name = str(generator.choice(names))
        chance = generator.random() if restless else 0.5 + generator.random() / 2
        every = 10 if chance > 0.05 else int(generator.integers(1, 500))
        step[name] += every
        if chance < 0.02:
            step[name] -= int(generator.integers(1, 200))
        if chance < 0.07:
            current[name] = int(generator.integers(3))
        table = tables[name][current[name]]
        values = trainings[name].values(table)
        if 0.07 < chance < 0.12 or chance > 0.99:
            lines = np.exp(
                generator.normal(
                    -3, generator.choice([0.1, 3]), (int(generator.integers(1, 70)), len(table.rows))
                )
            )
            lines[generator.random(lines.shape) < 0.02] = np.inf
            found.append(Steps(step[name], 1e9, table, lines.astype(np.float32)))
        else:
            found.append(Record(step[name], 1e9 + step[name], table, values))
    return found
