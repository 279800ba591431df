"""How tests of fleets judge runs and write their report."""

from tb_gradhealth.fleet import Settings
from tb_gradhealth.report import FORMATS, print_report
from tb_gradhealth.rules import RulesInForce

RULES = RulesInForce.load("default")
SETTINGS = Settings(RULES.rules)


def as_json(report):
    return FORMATS["json"].render(report, "warning")


def written(report, capsys):
    """The report in every format, by name."""
    print_report(report)
    texts = {name: form.render(report, "warning") for name, form in FORMATS.items()}
    return {"text": capsys.readouterr().out, **texts}
