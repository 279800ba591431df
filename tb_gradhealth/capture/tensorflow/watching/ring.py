"""The flight recorder: the sentinel's numbers of the last steps, and what trips a record out of turn."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.measuring.state import state

SHORTEST: Final = 64
"""Steps that the ring holds at least."""

ENOUGH: Final = 16
"""Steps from which a tensor's usual size is taken."""

FACTOR: Final = 4.0
SIGMAS: Final = 6.0
"""A spike is at least so many times the usual size, and so many standard deviations on the logarithm."""

DEVIATION: Final = 1.2533
"""Standard deviation / mean absolute deviation, of normally distributed numbers: sqrt(pi / 2)."""

SLACK: Final = 0.05
"""Added to the deviation, since a series may stand still."""

NOTHING: Final = float("inf")
"""As a limit: the tensor trips nothing, it was beyond its limit already."""


class Ring:
    """One line of numbers for each of the last steps that were looked at; all of it lives in the graph.

    Attributes:
        size: lines it holds, twice the cadence and at least `SHORTEST`.
        lines: float32 [size, rows]; look number n, counted from 1, is line (n - 1) % size.
        numbers: which step each line is of, counted from 1; 0 where none is written, int64 [size].
        limits: the number from which each row trips, float32 [rows].
    """

    def __init__(self, rows: int, every: int) -> None:
        self.size = max(2 * every, SHORTEST)
        self._rows = rows
        self.lines = state(np.zeros([self.size, rows], np.float32), "lines")
        self.numbers = state(np.zeros([self.size], np.int64), "numbers")
        self._looks = state(np.int64(0), "looks")
        self.limits = state(np.full([rows], np.finfo(np.float32).max), "limits")

    def add(self, line: Any, seen: Any) -> Any:
        """Keep the line of step number ``seen``; whether one of its numbers is NaN or beyond its limit."""
        place = tf.reshape((self._looks.assign_add(1) - 1) % self.size, [1])
        self.lines.scatter_update(tf.IndexedSlices(line[None], place))
        self.numbers.scatter_update(tf.IndexedSlices(seen[None], place))
        return tf.reduce_any(_nan_as_infinity(line) > self.limits)

    def learn(self) -> None:
        """Set the limits anew from the steps so far."""
        lines = self.lines.read_value()
        # Gathered, not sliced: XLA would compile the step anew for each place a slice begins at.
        line = tf.gather(lines, (self._looks.read_value() - 1) % self.size)
        # A number beyond its limit is not usual; lines not yet written are 0. Means will do, where medians
        # would need a sort for each tensor: this only says when to look closer, the rules judge.
        usable = (lines > 0) & (lines <= tf.minimum(self.limits, tf.float32.max))
        known = tf.reduce_sum(tf.cast(usable, tf.float32), axis=0)
        logs = tf.math.log(tf.where(usable, lines, 1.0))
        mean = tf.reduce_sum(logs, axis=0) / known
        deviation = tf.reduce_sum(tf.where(usable, tf.abs(logs - mean), 0.0), axis=0) / known
        spread = SIGMAS * (DEVIATION * deviation + SLACK)
        usual = tf.exp(mean + tf.maximum(spread, np.float32(np.log(FACTOR))))
        limits = tf.where(known >= ENOUGH, tf.minimum(usual, tf.float32.max), tf.float32.max)
        # A row that is beyond its limit now would trip again and again: it is told once.
        self.limits.assign(tf.where(_nan_as_infinity(line) > limits, NOTHING, limits))

    def sticky(self, seen: Any, since: Any, exact: Any, whole: Any) -> Any:
        """The sticky columns of step number ``seen``, float32 [rows, 4].

        They are the largest finite number and its age in steps, the steps that were not finite and the age
        of the first; NaN for what there is not.

        Args:
            seen: int64 scalar.
            since: step number of the record before, int64 scalar.
            exact: that step's numbers over all finite elements, float32 [rows], NaN where there are none.
            whole: whether that step was finite throughout, bool [rows]: a sum of squares may overflow
                where no element did.
        """
        lines = self.lines.read_value()
        numbers = self.numbers.read_value()
        age = seen - numbers
        now = (age == 0)[:, None]
        between = (numbers > since)[:, None]
        # Where squares overflow now, though every element is finite, they did so in the steps before.
        overflowing = whole & tf.reduce_any(now & tf.math.is_inf(lines), axis=0)
        faulty = ~tf.math.is_finite(lines) & ~(tf.math.is_inf(lines) & overflowing)
        bad = between & tf.where(now, ~whole, faulty)
        sizes = tf.where(now, exact, lines)
        usable = between & tf.math.is_finite(sizes)
        ages = tf.cast(age, tf.float32)[:, None]
        peak = tf.reduce_max(tf.where(usable, sizes, -1.0), axis=0)
        peak_age = tf.reduce_min(tf.where(usable & (sizes == peak), ages, NOTHING), axis=0)
        bad_steps = tf.reduce_sum(tf.cast(bad, tf.float32), axis=0)
        bad_age = tf.reduce_max(tf.where(bad, ages, -1.0), axis=0)
        known = peak >= 0
        nan = float("nan")
        columns = [
            tf.where(known, peak, nan),
            tf.where(known, peak_age, nan),
            bad_steps,
            tf.where(bad_steps > 0, bad_age, nan),
        ]
        return tf.stack(columns, axis=1)

    def newest(self, steps: Any, seen: Any) -> Any:
        """The lines of the last ``steps`` steps up to number ``seen``, float32 [steps, rows].

        Every step must have been looked at.
        """
        steps = tf.minimum(steps, self.size)
        return tf.gather(self.lines, tf.range(seen - steps, seen) % self.size)

    def since(self, number: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """The lines after step number ``number``, as far as they are held, and their numbers, on the host."""
        numbers = self.numbers.numpy()
        order = np.argsort(numbers)
        order = order[numbers[order] > number]
        return np.asarray(self.lines.numpy()[order]), np.asarray(numbers[order])


def _nan_as_infinity(line: Any) -> Any:
    return tf.where(tf.math.is_nan(line), NOTHING, line)
