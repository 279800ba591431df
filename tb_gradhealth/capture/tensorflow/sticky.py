"""What happened between two records: the largest values, the steps that were not finite, and when."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tb_gradhealth.capture.tensorflow.state import state
from tb_gradhealth.capture.tensorflow.statistics import Watch

STICKY: Final = ("peak_rms", "peak_rms_ago", "peak_max", "peak_max_ago", "bad_steps", "bad_ago")
"""The columns kept here, in their order in a record."""

NONE: Final = -1.0
"""In the state, a peak or an age that is not there yet."""


class Sticky:
    """Facts of n tensors since the newest record.

    Attributes:
        state: float32 [n, 6]: peak RMS and its age, peak |x| and its age, steps that were not finite and
            the first one's age. An age counts the calls since the newest record, 1 for the first.
    """

    def __init__(self, tensors: int) -> None:
        self._empty = np.tile(np.array([NONE, NONE, NONE, NONE, 0, NONE], np.float32), [tensors, 1])
        self.state = state(self._empty, "sticky")

    def add(self, noticed: Watch, age: Any) -> None:
        """Take in one step; ``age`` is the number of calls since the newest record, float32 scalar."""
        peak_rms, rms_age, peak_max, max_age, bad_steps, bad_age = tf.unstack(self.state, axis=1)
        columns = [
            *_larger(noticed.rms, age, peak_rms, rms_age),
            *_larger(noticed.peak, age, peak_max, max_age),
            bad_steps + tf.cast(noticed.bad, tf.float32),
            tf.where(noticed.bad & (bad_age < 0), age, bad_age),
        ]
        self.state.assign(tf.stack(columns, axis=1))

    def columns(self, gap: Any, exact_rms: Any, earlier: Any) -> Any:
        """The sticky columns of a record, float32 [n, 6].

        Args:
            gap: calls since the newest record, int64 scalar.
            exact_rms: of the recorded step, which the watch may have rounded down to 0, float32 [n].
            earlier: the same columns of that record where nobody read it, NaN where somebody did: its
                facts are carried on.
        """
        gap = tf.cast(gap, tf.float32)
        nan = tf.constant(float("nan"))
        rms, rms_age, peak, peak_age, bad, bad_age = tf.unstack(self.state, axis=1)
        rms, rms_age = _larger(exact_rms, gap, rms, rms_age)
        old_rms, old_rms_ago, old_peak, old_peak_ago, old_bad, old_bad_ago = tf.unstack(earlier, axis=1)
        keep_rms, keep_peak, keep_bad = old_rms > rms, old_peak > peak, old_bad > 0
        columns = [
            tf.where(keep_rms, old_rms, tf.where(rms < 0, nan, rms)),
            tf.where(keep_rms, old_rms_ago + gap, tf.where(rms < 0, nan, gap - rms_age)),
            tf.where(keep_peak, old_peak, tf.where(peak < 0, nan, peak)),
            tf.where(keep_peak, old_peak_ago + gap, tf.where(peak < 0, nan, gap - peak_age)),
            bad + tf.where(keep_bad, old_bad, 0.0),
            tf.where(keep_bad, old_bad_ago + gap, tf.where(bad_age < 0, nan, gap - bad_age)),
        ]
        return tf.stack(columns, axis=1)

    def clear(self) -> None:
        """Start anew, after a record."""
        self.state.assign(self._empty)

    def since(self, gap: int) -> npt.NDArray[np.float32]:
        """The sticky columns of the ``gap`` calls after the newest record, float32 [n, 6], on the host."""
        state = self.state.numpy()
        columns = np.where(state < 0, np.nan, state)
        columns[:, [1, 3, 5]] = gap - columns[:, [1, 3, 5]]
        return np.asarray(columns, np.float32)


def _larger(value: Any, age: Any, peak: Any, peak_age: Any) -> tuple[Any, Any]:
    """The peak and its age once ``value`` of this ``age`` is taken in; a NaN is never larger."""
    higher = value > peak
    return tf.where(higher, value, peak), tf.where(higher, age, peak_age)
