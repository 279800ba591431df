"""By which rules the tab judges, and where they came from."""

from dataclasses import dataclass

from tb_gradhealth.health import RuleSet
from tb_gradhealth.rules import DEFAULT, RulesError, load


@dataclass(frozen=True)
class Judging:
    """The rules in force.

    Attributes:
        rules: by which runs are judged.
        origin: the preset's name or the file they are from.
        problem: why the file that was asked for is not used; empty where it is.
    """

    rules: RuleSet
    origin: str = DEFAULT
    problem: str = ""

    @classmethod
    def by(cls, source: str) -> "Judging":
        """The rules of a preset or file; the default ones, with the reason, where it cannot be used."""
        try:
            return cls(load(source or DEFAULT), source or DEFAULT)
        except (RulesError, OSError, ValueError) as error:
            reason = str(error) if isinstance(error, RulesError) else f"{source}: cannot be read ({error})"
            return cls(RuleSet(), DEFAULT, f"{reason}; runs are judged by the default rules")
