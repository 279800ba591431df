"""Changes between readings of real event files: new, worse, resolved, and what is no change."""

import shutil
import threading
from itertools import islice

import pytest
from run_log import RunLog
from watched_log import TABLE, add_record, write_run

from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.rules import rules_from
from tb_gradhealth.watch import Seen, follow, line_of, overview_of


@pytest.fixture
def look(tmp_path):
    """Reads the log directory and returns the changes as (kind, run, symptom)."""
    monitor = Monitor([Root(str(tmp_path))])

    def looked(seen, least="info"):
        monitor.refresh()
        with monitor.snapshot() as snapshot:
            overview = overview_of(snapshot)
        return [(each.kind, each.run, each.finding.symptom) for each in seen.update(overview.runs, least)]

    return looked


def test_a_finding_is_new_once(tmp_path, look):
    seen = Seen()
    with RunLog(tmp_path / "run", TABLE) as log:
        add_record(log, 0)
        assert look(seen) == []
        add_record(log, 1, sick=True)
        assert look(seen) == [("new", "run", "non-finite")]
        add_record(log, 2, sick=True)
        assert look(seen) == []


def test_a_finding_is_resolved_and_reopened(tmp_path, look):
    seen = Seen()
    with RunLog(tmp_path / "run", TABLE) as log:
        add_record(log, 0, sick=True)
        assert look(seen) == [("new", "run", "non-finite")]
        for number in range(1, 8):
            add_record(log, number)
        assert look(seen) == [("resolved", "run", "non-finite")]
        add_record(log, 8, sick=True)
        assert look(seen) == [("reopened", "run", "non-finite")]


def test_severities_below_the_limit_are_new_when_they_reach_it(tmp_path, look):
    write_run(tmp_path / "run", dead=0.4)
    seen, strict = Seen(), Seen()
    (change,) = look(seen, "info")
    assert change == ("new", "run", "dead-units")
    assert look(strict, "critical") == []
    (mark,) = seen.marks["run"].values()
    assert mark.severity != "critical"
    assert strict.marks == {}


def test_a_higher_severity_is_worse_once(tmp_path):
    write_run(tmp_path / "run", dead=0.4)
    seen, kinds = Seen(), []
    for severity in ("info", "warning", "critical", "info", "critical"):
        rules = {"symptoms": {"dead-units": {"least_severity": severity, "most_severity": severity}}}
        monitor = Monitor([Root(str(tmp_path))], rules_from(rules))
        monitor.refresh()
        with monitor.snapshot() as snapshot:
            kinds.append([each.kind for each in seen.update(overview_of(snapshot).runs, "info")])
    assert kinds == [["new"], ["worse"], ["worse"], [], []]


def test_a_muted_finding_is_no_change(tmp_path):
    write_run(tmp_path / "run", sick_from=3)
    monitor = Monitor([Root(str(tmp_path))], rules_from({"mute": [{"tensor": "dense/*", "reason": "known"}]}))
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        assert Seen().update(overview_of(snapshot).runs, "info") == []


def test_a_training_that_is_started_again_is_new(tmp_path, look):
    seen = Seen()
    write_run(tmp_path / "run", sick_from=3)
    assert look(seen) == [("new", "run", "non-finite")]
    shutil.rmtree(tmp_path / "run")
    write_run(tmp_path / "run")
    assert look(seen) == []
    shutil.rmtree(tmp_path / "run")
    write_run(tmp_path / "run", records=14, sick_from=3)
    assert look(seen) == [("new", "run", "non-finite")]


def test_a_run_that_is_out_of_reach_is_not_new_afterwards(tmp_path, look):
    seen = Seen()
    write_run(tmp_path / "run", sick_from=3)
    assert len(look(seen)) == 1
    (tmp_path / "run").rename(tmp_path.parent / "elsewhere")
    assert look(seen) == []
    (tmp_path.parent / "elsewhere").rename(tmp_path / "run")
    assert look(seen) == []


def test_a_line_names_everything_and_stays_one_line(tmp_path, look):
    write_run(tmp_path / "a\nb", sick_from=3)
    monitor = Monitor([Root(str(tmp_path))])
    monitor.refresh()
    with monitor.snapshot() as snapshot:
        (change,) = Seen().update(overview_of(snapshot).runs, "info")
    line = line_of(change)
    assert line.startswith("new       critical  a\\x0ab  non-finite  dense/kernel  step ")
    assert "\n" not in line


def test_following_sees_a_file_grow_and_ends_when_stopped(tmp_path):
    stopped = threading.Event()
    sentences = []
    with RunLog(tmp_path / "run", TABLE) as log:
        add_record(log, 0)
        for number, overview in enumerate(islice(follow(Monitor([Root(str(tmp_path))]), 0.01, stopped), 50)):
            sentences.append((overview.sentence, overview.runs[0].report.last_step))
            if number == 2:
                add_record(log, 1, sick=True)
            if number == 4:
                stopped.set()
    assert sentences[0] == ("None of 1 run needs attention.", 0)
    assert sentences[-1] == ("1 of 1 run needs attention.", 10)
    assert len(sentences) == 5
