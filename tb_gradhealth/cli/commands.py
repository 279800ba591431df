"""The table of commands: where each is, and its line in `gradhealth --help`, which imports none of them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class LazyCommand:
    """A command that is imported when it is used.

    Attributes:
        module: its module; the command is the module's attribute of the command's name.
        summary: the first sentence of its help.
    """

    module: str
    summary: str


COMMANDS: Final = {
    "check": LazyCommand(
        "tb_gradhealth.cli.check", "Judge every run below LOGDIR with the rules of the tab."
    ),
    "completion": LazyCommand("tb_gradhealth.cli.completion", "Print the completion script of a shell."),
    "demo": LazyCommand(
        "tb_gradhealth.cli.demo",
        "Train six small networks on real images, one healthy and five sick, and watch them in TensorBoard.",
    ),
    "export": LazyCommand(
        "tb_gradhealth.cli.export",
        "Open findings, last step and age of the runs below LOGDIR, as metrics.",
    ),
    "prune": LazyCommand(
        "tb_gradhealth.cli.prune",
        "Free the disk of the data that Grad Health recorded in old or long runs below LOGDIR.",
    ),
    "rules": LazyCommand(
        "tb_gradhealth.cli.rules",
        "Print a rule set or the form of one: what `gradhealth check --rules` takes.",
    ),
    "score": LazyCommand(
        "tb_gradhealth.cli.score",
        "Train networks whose health is known and say how often the default rules are right.",
    ),
    "watch": LazyCommand(
        "tb_gradhealth.cli.watch",
        "Follow the runs below LOGDIR, with the rules of the tab, while they train.",
    ),
}
