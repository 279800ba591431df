"""What users see of a recorder that an adapter's own class holds: findings, flushing, the end of the run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from tb_gradhealth.capture.run_recorder import RunRecorder

if TYPE_CHECKING:
    from tb_gradhealth.health import Finding

Self = TypeVar("Self", bound="RunHandle")


class RunHandle:
    """A context manager over the `RunRecorder` in ``_recorder``."""

    _recorder: RunRecorder[Any]

    def findings(self) -> Sequence["Finding"]:
        """The findings in the records so far."""
        return self._recorder.findings()

    @property
    def stopped_by(self) -> "Finding | None":
        """The finding because of which the training has to stop; None as long as it goes on."""
        return self._recorder.stopped_by

    def flush(self) -> None:
        """Make everything written so far readable."""
        self._recorder.flush()

    def close(self) -> None:
        """Write the steps after the last record, and close the file."""
        self._recorder.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
