"""What a TensorFlow or Keras training puts into its step: `summary`, `capture`, `Recorder`, `KerasCallback`.

Inside the step an `Observer` turns tensors into statistics held in variables (it compiles under XLA);
outside it a `Recorder` reads them when one is due and writes event files.
"""

from tb_gradhealth.capture.tensorflow.keras_callback import KerasCallback
from tb_gradhealth.capture.tensorflow.recorder import Recorder
from tb_gradhealth.capture.tensorflow.selecting.activations import Activations, capture
from tb_gradhealth.capture.tensorflow.summary import summary

__all__ = ["Activations", "KerasCallback", "Recorder", "capture", "summary"]
