"""The rules that runs are judged by, with their origin and the reason where a requested file is not used."""

from dataclasses import dataclass

from tb_gradhealth.health import RuleSet
from tb_gradhealth.rules.load import DEFAULT, RulesError, load


@dataclass(frozen=True)
class RulesInForce:
    """The rules that runs are judged by.

    Attributes:
        rules: the rule set.
        origin: name of the preset or path of the file that it was loaded from.
        problem: why the requested file is not used; empty where it is.
    """

    rules: RuleSet
    origin: str = DEFAULT
    problem: str = ""

    @classmethod
    def load(cls, source: str) -> "RulesInForce":
        """Load a preset or file; the default rules, with the reason, where it cannot be used.

        Args:
            source: as in `load`; empty for the default rules.
        """
        try:
            return cls(load(source or DEFAULT), source or DEFAULT)
        except (RulesError, OSError, ValueError) as error:
            reason = str(error) if isinstance(error, RulesError) else f"{source}: cannot be read ({error})"
            return cls(RuleSet(), DEFAULT, f"{reason}; runs are judged by the default rules")
