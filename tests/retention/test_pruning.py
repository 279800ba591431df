"""Pruned runs: what stays of them, read by TensorBoard and judged by the default rules."""

import contextlib
import hashlib
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from fast_log import write_events
from hypothesis import given, settings
from hypothesis import strategies as st
from logs_to_prune import (
    OLD,
    ROWS,
    aged,
    epoch_event,
    head,
    others,
    our_events,
    payloads,
    records,
    scalar,
    temporary_files,
    write_long,
    write_own,
    write_shared,
    write_troubled,
)
from recorded import Recorded
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tb_gradhealth.analysis import load
from tb_gradhealth.record import RowTable, Steps
from tb_gradhealth.retention import Policy, execute, plan, survey, try_thinning

NOW = OLD + 100 * 86_400


def planned(logs, policy):
    found = survey(str(logs), 60, NOW)
    return plan(
        found.runs, policy, NOW, lambda run, cadences: try_thinning(run, cadences, policy.shared_files)
    )


def prune(logs, **policy):
    """Prune a log directory; what became of each changed run by its name."""
    made = planned(logs, Policy(**policy))
    return {outcome.step.run.name: outcome.state for outcome in execute(made, str(logs), None)}


def judged(logs):
    """Verdict and findings of each run, without the counts and values, which thinning changes."""
    return {
        name: (
            run.verdict,
            {(f.symptom, f.kind, f.tensor, f.severity, f.state, f.opened_step) for f in run.findings},
        )
        for name, run in load(logs).items()
    }


@contextlib.contextmanager
def folder():
    path = Path(tempfile.mkdtemp())
    try:
        yield path
    finally:
        shutil.rmtree(path)


def is_subsequence(part, whole):
    rest = iter(whole)
    return all(item in rest for item in part)


@given(st.integers(0, 2**32), st.integers(90, 180), st.integers(2, 40), st.booleans())
@settings(max_examples=8, deadline=None)
def test_a_thinned_run_is_judged_as_before_and_others_stay_byte_for_byte(seed, length, thin, shared):
    with folder() as logs:
        file = write_troubled(logs / "run", seed, length, shared)
        before, found, foreign = payloads(file), judged(logs), others(file)
        outcome = prune(logs, thin=thin, shared_files=True)
        assert outcome in ({}, {"run": "done"})
        if outcome:
            assert judged(logs) == found
        assert others(file) == foreign
        assert is_subsequence(payloads(file), before)
        assert (len(payloads(file)) < len(before)) == bool(outcome)
        assert not temporary_files(logs)


@given(st.integers(0, 2**32), st.integers(0, 60), st.booleans())
@settings(max_examples=8, deadline=None)
def test_a_removed_run_leaves_what_others_wrote(seed, length, shared):
    with folder() as logs:
        file = write_troubled(logs / "run", seed, length, shared)
        foreign = others(file)
        prune(logs, keep_days=30, shared_files=True)
        if shared:
            assert payloads(file) == foreign
        else:
            assert not file.parent.exists()
        assert list(load(logs)) == []


@pytest.mark.parametrize("shared", [False, True])
def test_every_nth_record_stays_away_from_findings(tmp_path, shared):
    file = write_long(tmp_path / "run", shared=shared)
    state = file.stat()
    assert prune(tmp_path, thin=10, shared_files=shared) == {"run": "done"}
    steps = Recorded(tmp_path, "run").steps
    assert [step for step in steps if 400 <= step < 1800] == list(range(400, 1800, 100))
    assert [step for step in steps if 2400 < step < 3600] == list(range(2500, 3600, 100))
    around = list(range(1840, 2180, 10))
    assert [step for step in steps if 1840 <= step < 2180] == around
    assert steps[:32] == list(range(0, 320, 10))
    assert steps[-32:] == list(range(3680, 4000, 10))
    assert (file.stat().st_mtime, file.stat().st_mode) == (state.st_mtime, state.st_mode)


def test_thinning_twice_thins_once(tmp_path):
    file = write_long(tmp_path / "run")
    assert prune(tmp_path, thin=10) == {"run": "done"}
    content = file.read_bytes()
    assert prune(tmp_path, thin=10) == {}
    assert file.read_bytes() == content


def test_flight_recorder_and_epochs_stay(tmp_path):
    table = RowTable(ROWS, settings={"every": 10}, watched=(0, 1))
    contents = []
    for record in records(table, 300):
        contents.append(record)
        if record.step % 250 == 0:
            contents.append(Steps(record.step, OLD, table, np.full((4, 2), 0.1, np.float32)))
    epochs = [epoch_event(table, step, loss=1.0) for step in (990, 1990, 2990)]
    write_own(tmp_path / "run", contents, "events.out.tfevents.1.v2", *epochs)
    before = Recorded(tmp_path, "run")
    assert len(before.steps_written) == 12
    assert prune(tmp_path, thin=20) == {"run": "done"}
    after = Recorded(tmp_path, "run")
    assert len(after.records) < len(before.records) / 3
    assert [steps.last_step for steps in after.steps_written] == [s.last_step for s in before.steps_written]
    assert [epoch.step for epoch in after.epochs] == [990, 1990, 2990]


def test_tensorboard_reads_the_other_data_of_a_pruned_file(tmp_path):
    file = write_long(tmp_path / "run", count=150, bad=range(60, 62), shared=True)

    def seen():
        accumulator = EventAccumulator(str(file.parent), size_guidance={"tensors": 0}).Reload()
        ours = [tag for tag in accumulator.Tags()["tensors"] if tag.startswith("gradhealth/record")]
        scalars = [(e.step, e.wall_time, e.tensor_proto) for e in accumulator.Tensors("loss")]
        return scalars, sum(len(accumulator.Tensors(tag)) for tag in ours), accumulator.Graph() is not None

    scalars, count, _ = seen()
    prune(tmp_path, thin=10, shared_files=True)
    thinned = seen()
    assert (thinned[0], thinned[1] < count, thinned[2]) == (scalars, True, True)
    prune(tmp_path, keep_days=1, shared_files=True)
    assert seen() == (scalars, 0, True)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_shared_files_are_not_touched_unless_asked(tmp_path):
    file = write_long(tmp_path / "shared", shared=True)
    own, also = write_long(tmp_path / "both"), write_long(tmp_path / "both", shared=True)
    before = file.read_bytes(), also.read_bytes()
    made = {step.run.name: step for step in planned(tmp_path, Policy(keep_days=1)).steps}
    assert (made["shared"].action, made["shared"].incomplete) == ("leave", True)
    assert (made["both"].action, made["both"].incomplete) == ("remove", True)
    prune(tmp_path, keep_days=1)
    assert (file.read_bytes(), also.read_bytes(), own.exists()) == (*before, False)
    assert made["both"].records_after == len(Recorded(tmp_path, "both").records)


def test_a_file_with_others_data_in_the_recorders_folder_is_shared(tmp_path):
    table = RowTable(ROWS, settings={"every": 10})
    file = write_own(tmp_path / "run", records(table, 50), "events.out.tfevents.1.v2", scalar(3, "accuracy"))
    assert planned(tmp_path, Policy(keep_days=1)).steps[0].action == "leave"
    prune(tmp_path, keep_days=1, shared_files=True)
    assert payloads(file) == others(file)
    assert len(others(file)) == 3


@pytest.mark.parametrize("damage", ["payload", "length", "tail", "zeros"])
def test_damaged_bytes_stay(tmp_path, damage):
    file = write_long(tmp_path / "run", count=300, bad=range(0))
    content = bytearray(file.read_bytes())
    middle = content.find(b"gradhealth/record", len(content) // 2)
    if damage == "payload":
        content[middle] ^= 1
    elif damage == "length":
        content[middle - 40 : middle] = b"\xff" * 40
    elif damage == "tail":
        content = content[:-9]
    else:
        content += bytes(500)
    file.write_bytes(content)
    aged(file)
    made = planned(tmp_path, Policy(keep_days=1)).steps[0]
    # A last record that was cut off is no loss; what is damaged may have been another plugin's.
    assert made.action == ("remove" if damage in ("tail", "zeros") else "leave")


def test_an_event_that_holds_values_of_two_plugins_stays(tmp_path):
    table = RowTable(ROWS, settings={"every": 10})
    ours = list(our_events(records(table, 200)))
    ours[100].summary.value.append(scalar(1).summary.value[0])
    file = tmp_path / "run" / "events.out.tfevents.1"
    file.parent.mkdir()
    write_events(file, [head(), *ours])
    aged(file)
    prune(tmp_path, keep_days=1, shared_files=True)
    assert payloads(file) == [head().SerializeToString(), ours[100].SerializeToString()]


def test_other_runs_are_not_listed(tmp_path):
    run = tmp_path / "theirs"
    write_shared(run, [])
    digest = hashlib.sha256((run / next(run.iterdir()).name).read_bytes()).digest()
    assert planned(tmp_path, Policy(keep_days=0, shared_files=True)).steps == ()
    assert hashlib.sha256((run / next(run.iterdir()).name).read_bytes()).digest() == digest
