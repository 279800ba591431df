"""A log directory's verdicts as a document: for people, for pipelines, for spreadsheets.

``model`` is the report as values, the contract ``gradhealth.report/1``; each other file writes it in one
format. Names and messages in a log are hostile until proven otherwise: `inert` is what they all go through.
"""

from tb_gradhealth.report.formats import FORMATS, Format
from tb_gradhealth.report.model import Report, RunReport, report_of
from tb_gradhealth.report.text import print_report

__all__ = ["FORMATS", "Format", "Report", "RunReport", "print_report", "report_of"]
