"""Rules that kill the process which judges a certain run, as the system does when memory is short."""

import os
import signal
from dataclasses import dataclass

from tb_gradhealth.health import RuleSet

DEADLY = "deadly/kernel"


@dataclass(frozen=True)
class DeadlyRules(RuleSet):
    """The process is killed when a tensor of the name `DEADLY` has a finding."""

    def muted(self, symptom, tensor, today):
        if tensor == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().muted(symptom, tensor, today)
