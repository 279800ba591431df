"""Optimizers and learning-rate schedules of random trainings."""

from typing import Any

import keras

from tb_gradhealth.demo.random_zoo.plan import Plan


def optimizer_of(plan: Plan) -> keras.optimizers.Optimizer:
    """The optimizer, with clipping and, unless a fault changes the learning rate, its schedule."""
    changes = "rate_jump" in plan.faults
    rate = plan.rate if changes else _schedule(plan)
    options: dict[str, Any] = {"global_clipnorm": plan.clipping} if plan.clipping else {}
    optimizers = keras.optimizers
    match plan.optimizer:
        case "sgd":
            return optimizers.SGD(rate, **options)
        case "momentum":
            return optimizers.SGD(rate, momentum=0.9, **options)
        case "nesterov":
            return optimizers.SGD(rate, momentum=0.9, nesterov=True, **options)
        case "adamw":
            return optimizers.AdamW(rate, weight_decay=0.01, **options)
        case name:
            return optimizers.get({"class_name": name, "config": {"learning_rate": rate, **options}})


def _schedule(plan: Plan) -> Any:
    schedules = keras.optimizers.schedules
    match plan.schedule:
        case "cosine":
            return schedules.CosineDecay(plan.rate, plan.steps, alpha=0.01)
        case "exponential":
            return schedules.ExponentialDecay(plan.rate, plan.steps, 0.05)
        case "warmup":
            warm = plan.steps // 10
            return schedules.CosineDecay(
                plan.rate / 100, plan.steps - warm, alpha=0.01, warmup_target=plan.rate, warmup_steps=warm
            )
        case "steps":
            edges = [plan.steps // 2, 3 * plan.steps // 4]
            return schedules.PiecewiseConstantDecay(edges, [plan.rate, plan.rate / 5, plan.rate / 25])
        case _:
            return plan.rate
