"""The API for TensorFlow and Keras: `summary`, `raise_if_unhealthy`, `capture`, `Recorder`, `KerasCallback`.

Inside the step an `Observer` keeps statistics of tensors in variables, also under XLA. Outside the step a
`Recorder` reads them where a record is scheduled, and writes event files.
"""

from tb_gradhealth.capture.required import require

require("tensorflow")  # before the modules that would fail for a less clear reason

from tb_gradhealth.capture.tensorflow.keras_callback import KerasCallback  # noqa: E402
from tb_gradhealth.capture.tensorflow.recorder import Recorder  # noqa: E402
from tb_gradhealth.capture.tensorflow.selecting.activations import Activations, capture  # noqa: E402
from tb_gradhealth.capture.tensorflow.summary import summary  # noqa: E402
from tb_gradhealth.capture.tensorflow.summary_guard import raise_if_unhealthy  # noqa: E402

__all__ = ["Activations", "KerasCallback", "Recorder", "capture", "raise_if_unhealthy", "summary"]
