"""`Watch`: describes the tensors of a training, and observes its steps."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from tb_gradhealth.capture.jax.observing.devices import Devices
from tb_gradhealth.capture.jax.observing.flight_recorder import buffer_size
from tb_gradhealth.capture.jax.selecting.description import describe, traced
from tb_gradhealth.capture.jax.selecting.flow import Flow
from tb_gradhealth.capture.jax.selecting.selection import Key, Selection, select
from tb_gradhealth.capture.jax.selecting.step_tensors import StepTensors
from tb_gradhealth.capture.jax.selecting.trees import is_number_array
from tb_gradhealth.capture.jax.state import State
from tb_gradhealth.capture.jax.step_observation import StepObservation
from tb_gradhealth.capture.run_recorder import checked_every
from tb_gradhealth.capture.updates import Updates, checked_updates


class Watch:
    """The static description of a training, and the pure functions that observe its steps.

    Example::

        import tb_gradhealth.jax as gradhealth

        watch = gradhealth.Watch.of(loss_fn, params, batch)  # loss_fn returns a loss, or (loss, activations)
        state = watch.init()

        # Not "params": XLA would copy them in each step, since `previous` needs the old ones.
        @partial(jax.jit, donate_argnames=("opt_state", "state"))
        def step(params, opt_state, state, batch):
            (loss, activations), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, batch)
            updates, opt_state = optimizer.update(grads, opt_state, params)
            new = optax.apply_updates(params, updates)
            state = watch.observe(
                state, grads=grads, params=new, previous=params, loss=loss, activations=activations
            )
            return new, opt_state, state

        with gradhealth.Recorder(log_dir, watch) as recorder:
            for i, batch in enumerate(batches):
                params, opt_state, state = step(params, opt_state, state, batch)
                state = recorder.write(state, i)

    `observe` works in `jax.jit`, `jax.lax.scan`, `jax.pmap` and `jax.shard_map`. It computes one number per
    tensor in every watched step. It measures the tensors in full in the first step, in each ``every``-th step
    after it, and in a step with a value that is not finite or many times its usual size. All results are in
    the state, whose shapes never change, so a step is compiled once.

    Attributes:
        every: steps from one record to the next.
        selection: the rows of a record.
        observation: the pure functions on the state.
        gradient_accumulation_steps: steps from one application of the gradients to the next.
        seen: keys of the tensors that `observe` has received.
    """

    def __init__(
        self,
        params: Any,
        every: int = 10,
        *,
        losses: Sequence[str] = ("loss",),
        activations: Any = None,
        inputs: Any = None,
        targets: Any = None,
        training: Sequence[str] = (),
        clipped: bool = False,
        functions: Mapping[str, str] | None = None,
        updates: Updates | None = None,
        gradient_accumulation_steps: int = 1,
        axis_name: str | Sequence[str] | None = None,
        steps_per_call: int = 1,
        flow: Flow | None = None,
    ) -> None:
        """Describe a training. Only shapes and dtypes are used: arrays may be `jax.ShapeDtypeStruct`.

        Args:
            params: the trained parameters: a tree whose floating arrays are measured. Of Flax Linen it is
                ``variables["params"]``, of Flax NNX ``nnx.state(model, nnx.Param)``, of Equinox the model.
            every: steps from one record to the next.
            losses: names of the losses.
            activations: layers' outputs as `observe` will receive them: a tree whose paths name the layers,
                also what Flax's ``capture_intermediates`` and ``sow`` collect, e.g.
                ``jax.eval_shape(loss_fn, params, batch)[1]``.
            inputs: the model's inputs as `observe` will receive them: an array or several by name.
            targets: the targets of the loss, likewise.
            training: names of further numbers, such as ``"learning_rate"``.
            clipped: whether `observe` will receive the gradients after clipping, too.
            functions: by name of an activation, the activation function of which it is the result,
                ``{"Dense_0": "relu"}``. Dead, dormant and saturated units are measured only of outputs whose
                function is known.
            updates: ``"exact"`` measures updates of all elements, ``"sampled"`` of 65,536 elements of each
                larger tensor, ``"none"`` measures no updates. By default tensors of more than 2^20 elements
                are sampled.
            gradient_accumulation_steps: k if the weights change in each k-th step only, as by
                `optax.MultiSteps`. The update in a record is the last one.
            axis_name: the mapped axes of `jax.pmap` or `jax.shard_map` in which `observe` is called. The
                state is then the same on all devices. Without them it belongs to each device.
            steps_per_call: the largest number of steps between two calls of `Recorder.write`, e.g. the length
                of a `jax.lax.scan`: the flight recorder holds twice as many.
            flow: what is known of the forward pass; `Watch.of` sets it.

        Raises:
            ValueError: an argument is out of its range, a name is no activation function, or there is nothing
                to watch.
        """
        self.every = checked_every(every)
        self.gradient_accumulation_steps = _positive(
            "gradient_accumulation_steps", gradient_accumulation_steps
        )
        self._buffer_size = buffer_size(self.every, _positive("steps_per_call", steps_per_call))
        flow = flow or Flow()
        described = describe(
            params,
            activations=activations,
            inputs=inputs,
            targets=targets,
            losses=losses,
            training=training,
            clipped=clipped,
            functions=functions or {},
            flow=flow,
        )
        self.selection: Selection = select(described, checked_updates(updates))
        self.observation = StepObservation(
            self.selection, self.every, self.gradient_accumulation_steps, Devices(axis_name)
        )
        self.seen: set[Key] = set()
        self._tensors = StepTensors(self.selection, flow.repeated)
        self._sharding = _replicated(params)
        self._is_mapped = axis_name is not None

    @classmethod
    def of(cls, loss_fn: Callable[..., Any], params: Any, *arguments: Any, **options: Any) -> "Watch":
        """Describe the training of a loss function, which is traced once; nothing is computed.

        The trace shows the layers' outputs, the order of the calls, from which outputs another one is
        computed, and the activation functions. If the function returns no activations, it shows the order of
        the parameters only.

        Args:
            loss_fn: ``loss_fn(params, *arguments)`` returns a loss, or a loss and a tree of layers' outputs.
            params: as for `Watch`.
            *arguments: further arguments, e.g. a batch; arrays may be `jax.ShapeDtypeStruct`.
            **options: as for `Watch`. If ``inputs`` are arrays among the arguments, it is also known which
                outputs are computed from them.

        Raises:
            ValueError: as for `Watch`.
        """
        activations, flow = traced(loss_fn, params, arguments, options.get("inputs"))
        return cls(params, **{"activations": activations, "flow": flow, **options})

    def init(self) -> State:
        """The state before the first step."""
        state = self.observation.init(self._buffer_size)
        return state if self._sharding is None else jax.device_put(state, self._sharding)

    def observe(
        self,
        state: State,
        *,
        grads: Any,
        params: Any,
        previous: Any = None,
        updates: Any = None,
        clipped: Any = None,
        loss: Any = None,
        activations: Any = None,
        inputs: Any = None,
        targets: Any = None,
        training: Mapping[str, Any] | None = None,
    ) -> State:
        """Observe one step; a pure function. What is described and not given is not measured in this step.

        Args:
            state: from `init` or the last step.
            grads: the gradients of the loss before any clipping, a tree like ``params``; None in it is a
                parameter without a gradient.
            params: the parameters after the step.
            previous: the parameters before the step, from which the true update is computed.
            updates: the optimizer's updates, instead of ``previous``. In half precision they differ from the
                true change of the parameters by its rounding.
            clipped: the gradients after clipping.
            loss: the loss, a scalar, or several by name.
            activations: layers' outputs.
            inputs: the model's inputs, an array or several by name.
            targets: the targets of the loss, likewise.
            training: the training's own numbers by name.

        Returns:
            The new state, with the same shapes.

        Raises:
            TypeError: ``state`` is none of this class.
            ValueError: a tensor does not fit the description, or both ``previous`` and ``updates`` are given.
        """
        if not isinstance(state, State):
            raise TypeError(f"observe: state is a {type(state).__name__}: write the result of Watch.init()")
        if previous is not None and updates is not None:
            raise ValueError(
                "observe: write previous=, the parameters before the step, or updates=, not both"
            )
        found = self._tensors
        tensors = {
            **found.of_parameters("gradient", "grads", grads),
            **found.of_parameters("weight", "params", params),
            **found.of_parameters("clipped", "clipped", clipped),
            **found.of_outputs(activations),
            **found.of_batches("input", inputs),
            **found.of_batches("target", targets),
            **found.of_numbers("loss", "loss", loss),
            **found.of_numbers("training", "training", training),
        }
        others = {
            **found.of_parameters("update", "previous", previous),
            **found.of_parameters("update", "updates", updates),
        }
        others = {key: value for key, value in others.items() if ("weight", key[1]) in tensors}
        self.seen |= {*tensors, *others}
        state = self.observation(state, tensors, others, are_updates=previous is None)
        if self._sharding is not None and not self._is_mapped:
            # The compiler would choose a sharding of the state, and the next call would compile again.
            state = jax.lax.with_sharding_constraint(state, self._sharding)  # type: ignore[no-untyped-call]
        return state


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name}={value!r}: write a whole number of steps, at least 1")
    return int(value)


def _replicated(params: Any) -> jax.sharding.Sharding | None:
    """The sharding of the state if the parameters are on several devices: a copy on each."""
    for leaf in jax.tree_util.tree_leaves(params):
        sharding = getattr(leaf, "sharding", None) if is_number_array(leaf) else None
        if isinstance(sharding, jax.sharding.NamedSharding) and sharding.mesh.size > 1:
            everywhere = jax.sharding.PartitionSpec()  # type: ignore[no-untyped-call]
            return jax.sharding.NamedSharding(sharding.mesh, everywhere)
    return None
