"""Reports: the verdicts of a log directory as a document for users, pipelines and spreadsheets.

``model`` is the report as values, the contract ``gradhealth.report/1``; ``baseline`` compares it with an
earlier one, ``audit`` says what it was made of; ``formats`` lists its formats, each written by a file of its
own (``csv``, ``html``, ``junit``, ``markdown``, ``sarif``, and ``text`` for terminals).
``incidents`` describes each incident in sentences, ``overview`` all runs, and ``relations`` how a finding
relates to its incident. ``chart_points`` are the numbers that the page's charts draw, ``svg`` their geometry.
``atomic_file`` writes files whole. Names and messages in a log are untrusted: ``sanitizing`` makes them
harmless in every format.
"""

from tb_gradhealth.report.atomic_file import write_atomically
from tb_gradhealth.report.audit import Audit, ReadFile, audit_of, read_files_of
from tb_gradhealth.report.baseline import Baseline, BaselineError
from tb_gradhealth.report.formats import FORMATS, Format
from tb_gradhealth.report.model import JudgedRun, Report, RunReport, report_of, report_of_runs
from tb_gradhealth.report.text import print_report

__all__ = [
    "FORMATS",
    "Audit",
    "Baseline",
    "BaselineError",
    "Format",
    "JudgedRun",
    "ReadFile",
    "Report",
    "RunReport",
    "audit_of",
    "print_report",
    "read_files_of",
    "report_of",
    "report_of_runs",
    "write_atomically",
]
