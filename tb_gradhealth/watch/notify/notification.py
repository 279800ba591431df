"""A finding as it is delivered: as JSON, as a message for Slack, and as environment variables."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tb_gradhealth.health import SYMPTOMS, finding_as_json
from tb_gradhealth.health.results import value_and_limit
from tb_gradhealth.report.sanitizing import visible
from tb_gradhealth.watch.changes import Change

SCHEMA: Final = "gradhealth.notification/1"


@dataclass(frozen=True)
class Notification:
    """One notification.

    Attributes:
        values: its JSON, with the fields ``schema``, ``id``, ``change`` (``new`` or ``worse``), ``logdir``,
            ``run``, ``finding`` (as in the report ``gradhealth.report/1``), ``title`` of the symptom,
            ``measured`` (value and limit as text) and ``advice``. The id is the same when it is repeated.
    """

    values: Mapping[str, Any]

    @classmethod
    def of(cls, change: Change, logdir: str) -> "Notification":
        """The notification of a change."""
        finding = change.finding
        symptom = SYMPTOMS[finding.symptom]
        parts = change.run, finding.id, finding.severity, str(finding.opened_step)
        identity = hashlib.sha256("\0".join((logdir, *parts)).encode(errors="surrogatepass")).hexdigest()
        return cls(
            {
                "schema": SCHEMA,
                "id": identity[:20],
                "change": change.kind,
                "logdir": logdir,
                "run": change.run,
                "finding": finding_as_json(finding),
                "title": symptom.title,
                "measured": value_and_limit(finding.value, finding.threshold, finding.unit),
                "advice": list(symptom.advice_for(finding.framework)),
            }
        )

    @property
    def id(self) -> str:
        """The id, by which a receiver recognizes a repeated notification."""
        return str(self.values["id"])

    def slack(self) -> dict[str, str]:
        """The message for an incoming webhook of Slack; texts from the log cannot mention or link anyone."""
        finding = self.values["finding"]
        head = f"{finding['severity']}: {self.values['title']} in {visible(self.values['run'])}"
        lines = [head, visible(finding["message"]), *(f"• {advice}" for advice in self.values["advice"])]
        text = "\n".join(lines)
        # https://api.slack.com/reference/surfaces/formatting#escaping: these three make links and mentions.
        return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}

    def environment(self) -> dict[str, str]:
        """Environment variables for a command, free of control characters."""
        finding = self.values["finding"]
        values = {
            "ID": self.id,
            "CHANGE": self.values["change"],
            "LOGDIR": self.values["logdir"],
            "RUN": self.values["run"],
            "SEVERITY": finding["severity"],
            "SYMPTOM": finding["symptom"],
            "TENSOR": finding["tensor"],
            "LAYER": finding["layer"],
            "STEP": finding["opened_step"],
            "MEASURED": self.values["measured"],
            "MESSAGE": finding["message"],
        }
        return {f"GRADHEALTH_{name}": visible(str(value)) for name, value in values.items()}
