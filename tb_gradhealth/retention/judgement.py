"""Judges a run by the default rules, also without some of its records, to compare the results."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tb_gradhealth.events import EventFile, RunReader
from tb_gradhealth.health import Finding, RuleSet, RunHealth
from tb_gradhealth.record import Record
from tb_gradhealth.retention.surveyed import Drops


@dataclass(frozen=True)
class Judgement:
    """What is compared of two judgements of a run.

    Attributes:
        verdict: the run in one word.
        essence: symptom, kind, tensor, severity, state and opening step of each finding.
        findings: the findings in full, which are not compared: thinning changes their counts.
    """

    verdict: str
    essence: frozenset[tuple[str, str, str, str, str, int]]
    findings: tuple[Finding, ...] = field(default=(), compare=False)


def judge(files: Sequence[EventFile], without: Drops | None = None) -> Judgement:
    """Read and judge a run by the default rules.

    Args:
        files: its event files, in their order.
        without: for each file, the offsets of events whose records are left out.
    """
    health, reader = RunHealth(RuleSet()), RunReader()
    dropped = {
        (file.path, offset) for file, offsets in zip(files, without or (), strict=False) for offset in offsets
    }
    for content in reader.read(files):
        if isinstance(content, Record) and reader.position is not None:
            file, offset = reader.position
            if (file.path, offset) in dropped:
                continue
        health.observe(content)
    findings = health.findings()
    essence = frozenset(
        (
            finding.symptom,
            finding.kind,
            finding.tensor,
            finding.severity,
            finding.state,
            finding.opened_step,
        )
        for finding in findings
    )
    return Judgement(health.verdict(), essence, findings)
