"""The definitions of the truth, on measurements written by hand."""

from dataclasses import replace

import numpy as np
import pytest

from tb_gradhealth.demo.random_zoo.cases import UNJUDGED, case_of
from tb_gradhealth.demo.random_zoo.measurements import Measurements, Tap, Variable
from tb_gradhealth.demo.random_zoo.truth import SYMPTOMS, truth_of

STEPS, LOOKS, LAYERS = 200, 41, 5
LOOKED = np.arange(LOOKS) * 5.0
NOISE = np.exp(0.05 * np.random.default_rng(0).normal(size=STEPS))

HELPLESS = {"final": np.array([0.1]), "metric": np.full((LOOKS, 1), 0.1)}
AT_CHANCE = {**HELPLESS, "loss": 2.3 * NOISE, "sample_loss": np.full(LOOKS, 2.3)}


def measured(**changes):
    """A healthy training, except for what is changed."""
    falling = np.exp(-LOOKED / 60)
    steps, looks = np.ones((STEPS, LAYERS)), np.ones((LOOKS, LAYERS))
    good = Measurements(
        variables=tuple(Variable(f"d{k}/kernel", True, False, 100, True) for k in range(LAYERS)),
        taps=tuple(
            Tap(f"d{k}", "relu" if k < 3 else "tanh" if k < 4 else "", k == LAYERS - 1) for k in range(LAYERS)
        ),
        loss=2.3 * np.exp(-np.arange(STEPS) / 60) * NOISE,
        gradient=0.01 * steps * NOISE[:, None],
        peak=steps * NOISE[:, None],
        input_finite=np.ones(STEPS),
        looked=LOOKED,
        sample_loss=2.3 * falling,
        sample_gradient=0.01 * looks,
        weight=0.1 * looks,
        changed=looks,
        arriving=looks,
        dead=np.where(np.arange(LAYERS) < 3, 0.0, np.nan) * looks,
        saturated=np.where(np.arange(LAYERS) == 3, 0.0, np.nan) * looks,
        leaning=np.where(np.arange(LAYERS) == 3, 0.0, np.nan) * looks,
        metric=np.full((LOOKS, 1), 0.95),
        final=np.array([0.95]),
        chance=np.array([0.1]),
        reference=np.array([0.95]),
        constant_loss=np.array(2.3),
        input_scale=np.array([1.0, 1.0]),
    )
    return replace(good, **changes)


def at(array, place, value):
    """A copy with some values changed."""
    changed = array.copy()
    changed[place] = value
    return changed


def found(symptom, **changes):
    sign = truth_of(measured(**changes)).signs[symptom]
    return (sign.degree, sign.since) if sign.degree == "certain" else sign.degree


GOOD = measured()


def test_a_training_that_goes_well_is_healthy():
    truth = truth_of(GOOD)
    assert truth.healthy
    assert case_of("run", truth).healthy


def test_one_that_learns_half_is_neither_healthy_nor_broken():
    truth = truth_of(measured(final=np.array([0.4])))
    case = case_of("run", truth)
    assert (truth.learned, case.healthy, case.undecided, case.faults) == ("unsure", False, True, ())
    assert case.allowed >= UNJUDGED


def test_what_stays_at_chance_has_stalled():
    truth = truth_of(measured(**AT_CHANCE))
    assert set(truth.of_degree("certain")) == {"loss-stalled"}
    assert [fault.symptom for fault in case_of("run", truth).faults] == ["loss-stalled"]


def test_learning_by_heart_what_no_reference_learns_is_learning():
    assert truth_of(measured(reference=np.array([0.1]))).learned == "yes"
    assert truth_of(measured(reference=np.array([np.nan]))).learned == "unsure"


@pytest.mark.parametrize("where", ["loss", "weight", "gradient", "input_finite"])
def test_what_is_not_finite_is_so_from_its_step(where):
    array = getattr(GOOD, where)
    bad = 0.0 if where == "input_finite" else np.nan
    place = slice(20, None) if where == "weight" else slice(100, None)  # look 20 follows step 99
    degree, since = found("non-finite", **{where: at(array, place, bad)})
    assert degree == "certain"
    assert since in (99, 100)


@pytest.mark.parametrize("step", [0, 1, 4, 20, STEPS - 1])
def test_what_ends_early_has_no_other_certain_symptom(step):
    truth = truth_of(measured(loss=at(GOOD.loss, slice(step, None), np.nan)))
    assert set(truth.of_degree("certain")) == {"non-finite"}
    assert truth.signs["non-finite"].since == step


def test_a_gradient_beyond_float32_was_infinite_for_the_training():
    assert found("non-finite", gradient=at(GOOD.gradient, 50, 1e39)) == ("certain", 50)
    assert found("non-finite", gradient=at(GOOD.gradient, 50, 1e20)) == "possible"


def test_a_variable_without_a_way_from_the_loss_has_no_gradient():
    first = replace(GOOD.variables[0], connected=False)
    assert found("no-gradient", variables=(first, *GOOD.variables[1:])) == ("certain", 0)


def test_a_layer_is_dead_from_the_step_its_gradient_became_zero():
    gone = at(GOOD.gradient, (slice(60, None), 1), 0.0)
    assert found("dead-layer", gradient=gone, **HELPLESS) == ("certain", 60)
    assert found("dead-layer", gradient=gone) == "possible"  # it learned all the same
    briefly = at(GOOD.gradient, (slice(60, 75), 1), 0.0)
    assert found("dead-layer", gradient=briefly, **HELPLESS) == "possible"
    assert found("dead-layer", gradient=briefly) == "absent"


def test_where_nothing_is_left_to_learn_no_layer_is_dead_and_no_loss_stalls():
    solved = {
        "loss": np.zeros(STEPS),
        "sample_loss": np.zeros(LOOKS),
        "gradient": 0 * GOOD.gradient,
        "sample_gradient": 0 * GOOD.sample_gradient,
        "changed": 0 * GOOD.changed,
        "constant_loss": np.array(0.0),
        "reference": np.array([np.nan]),
    }
    truth = truth_of(measured(**solved))
    assert truth.learned == "unsure"
    assert not truth.of_degree("certain")
    assert {truth.signs[s].degree for s in ("dead-layer", "vanishing-gradient", "loss-stalled")} == {"absent"}


def test_one_lucky_moment_at_the_end_is_no_learning():
    assert truth_of(measured(metric=HELPLESS["metric"])).learned == "unsure"


def test_a_metric_that_its_loss_contradicts_is_not_healthy():
    truth = truth_of(measured(sample_loss=np.linspace(2.3, 4, LOOKS)))
    assert (truth.learned, truth.signs["loss-stalled"].degree, truth.healthy) == ("yes", "possible", False)


def test_a_layer_that_rests_while_others_move_is_dead():
    resting = at(GOOD.changed, (slice(None), 2), 0.0)
    assert found("dead-layer", changed=resting, **HELPLESS) == ("certain", 0)


@pytest.mark.parametrize(("share", "degree"), [(0.6, "certain"), (0.2, "possible"), (0.05, "absent")])
def test_dead_units_are_counted_in_hidden_layers(share, degree):
    dead = at(GOOD.dead, (slice(10, None), 0), share)
    sign = found("dead-units", dead=dead, **HELPLESS)
    assert sign == (("certain", 50) if degree == "certain" else degree)


def test_units_that_came_back_are_not_certainly_dead():
    assert found("dead-units", dead=at(GOOD.dead, (slice(0, 20), 0), 0.9), **HELPLESS) == "possible"


def test_saturated_units_are_counted_where_a_function_is_flat_at_both_ends():
    ends = {name: at(getattr(GOOD, name), (slice(None), 3), 0.9) for name in ("saturated", "leaning")}
    assert found("saturated-activation", **ends, **HELPLESS) == ("certain", 0)
    assert found("saturated-activation", **ends) == "possible"


def test_a_gradient_vanishes_where_both_measures_say_so():
    fading = {
        "arriving": GOOD.arriving * np.array([1e-5, 1e-3, 1e-2, 1e-1, 1]),
        "sample_gradient": GOOD.sample_gradient * np.array([1e-5, 1e-3, 1e-2, 1e-1, 1]),
    }
    assert found("vanishing-gradient", **fading, **HELPLESS) == ("certain", 0)
    only = {"sample_gradient": fading["sample_gradient"]}  # small inputs make the first gradient small
    assert found("vanishing-gradient", **only, **HELPLESS) == "possible"
    assert found("vanishing-gradient", **only) == "absent"


def test_a_gradient_explodes_where_it_grows_and_the_loss_gets_worse():
    growth = np.exp(np.clip(np.arange(STEPS) - 150, 0, 18) / 4)
    exploding = {"gradient": GOOD.gradient * growth[:, None], **AT_CHANCE}
    worse = {**exploding, "loss": 2.3 * growth}
    degree, since = found("exploding-gradient", **worse)
    assert degree == "certain"
    assert 150 < since < 170
    assert found("exploding-gradient", **exploding) == "possible"
    assert found("exploding-gradient") == "absent"


def test_a_loss_that_leaves_its_best_diverges():
    loss = np.concatenate([np.linspace(2.3, 1, 20), np.linspace(1, 30, 21)])
    degree, since = found("loss-diverging", sample_loss=loss, **HELPLESS)
    assert degree == "certain"
    assert 95 <= since <= 120
    assert found("loss-diverging", **AT_CHANCE) == "absent"


def test_a_loss_that_rocks_above_a_worthless_one_oscillates():
    rocking = 2.3 * np.where(np.arange(LOOKS) % 2, 4.0, 0.8)
    assert found("loss-oscillating", sample_loss=rocking, **HELPLESS)[0] == "certain"
    solved = np.where(LOOKED < 50, 2.3, rocking / 1e3)
    assert found("loss-oscillating", sample_loss=solved) == "absent"


@pytest.mark.parametrize(("factor", "degree"), [(100, "certain"), (4, "possible"), (1.5, "absent")])
def test_a_spike_comes_out_of_the_blue_and_goes(factor, degree):
    steady = 2.3 * NOISE
    signs = {
        "loss-spike": found("loss-spike", loss=at(steady, 120, 2.3 * factor)),
        "activation-spike": found(
            "activation-spike", peak=at(GOOD.peak, (120, 2), factor), loss=at(steady, 120, 2.3 * factor)
        ),
    }
    expected = ("certain", 120) if degree == "certain" else degree
    assert signs == dict.fromkeys(signs, expected)


def test_what_wakes_from_silence_is_no_spike():
    silent = at(GOOD.peak, (slice(None), 2), 0.0)
    assert found("activation-spike", peak=at(silent, (120, 2), 5.0)) == "absent"


def test_a_loss_that_went_away_and_came_back_may_be_said_to_have_diverged():
    loss = np.where((LOOKED > 60) & (LOOKED < 100), 10.0, GOOD.sample_loss)
    assert found("loss-diverging", sample_loss=loss) == "possible"


def test_a_gradient_spike_is_certain_where_the_loss_takes_notice():
    spike = at(GOOD.gradient, 120, 1.0)
    assert found("gradient-spike", gradient=spike) == "possible"
    assert found("gradient-spike", gradient=spike, loss=at(2.3 * NOISE, 120, 40)) == ("certain", 120)


def test_what_the_loss_does_not_notice_is_only_possible():
    assert found("activation-spike", peak=at(GOOD.peak, (120, 2), 100)) == "possible"


def test_what_was_suffered_before_nan_is_weighed_by_what_was_learned_until_then():
    """Predictions of NaN are at chance, whatever the network had reached."""
    ended = {"loss": at(GOOD.loss, slice(150, None), np.nan), "final": np.array([0.1])}
    ended["metric"] = at(GOOD.metric, slice(31, None), 0.1)
    dead = {"dead": np.where(np.arange(LAYERS) < 3, 0.9, np.nan) * np.ones((LOOKS, LAYERS))}
    assert truth_of(measured(**ended)).learned == "yes"
    assert found("dead-units", **ended, **dead) == "possible"
    assert found("dead-units", **{**ended, "metric": HELPLESS["metric"]}, **dead) == ("certain", 0)


def test_a_loss_thrown_up_by_the_first_steps_has_diverged():
    thrown = np.where(LOOKED > 0, 200.0, 2.3)
    assert found("loss-diverging", sample_loss=thrown, **HELPLESS) == ("certain", 0)


def test_one_that_was_good_and_is_lost_has_not_stalled():
    lost = np.where(LOOKED > 100, 2.4, np.maximum(2.3 * np.exp(-LOOKED / 20), 0.3))
    assert found("loss-stalled", sample_loss=lost, **HELPLESS) == "possible"


def test_a_gradient_that_is_back_soon_was_a_spike_and_one_beside_a_falling_loss_does_not_explode():
    brief = at(GOOD.gradient, slice(100, 104), 1.0)
    loss = at(2.3 * NOISE, slice(100, 104), 9.0)
    assert found("exploding-gradient", gradient=brief, **{**AT_CHANCE, "loss": loss}) == "possible"
    large = {"gradient": 100 * np.ones((STEPS, LAYERS))}
    assert found("exploding-gradient", **large, **AT_CHANCE) == ("certain", 0)
    assert found("exploding-gradient", **large, **HELPLESS) == "possible"


def test_measurements_are_read_as_they_were_written(tmp_path):
    GOOD.save(tmp_path / "file.npz")
    read = Measurements.load(tmp_path / "file.npz")
    assert (read.variables, read.taps) == (GOOD.variables, GOOD.taps)
    np.testing.assert_array_equal(read.loss, GOOD.loss)
    np.testing.assert_array_equal(read.dead, GOOD.dead)
    assert truth_of(read) == truth_of(GOOD)


def test_every_definition_says_what_it_means():
    assert all(judge.__doc__ for judge in SYMPTOMS.values())
