"""What TensorBoard imports first. It must never hurt TensorBoard.

An exception while this module is imported, or in ``fix_flags``, stops TensorBoard for everybody, so
nothing of ours is imported here before ``load``, and what fails there becomes a sentence in the tab.
"""

import argparse
import logging
from typing import Any, Final

from tensorboard.plugins import base_plugin

PLUGIN_NAME: Final = "gradhealth"
"""The same as `tb_gradhealth.record.PLUGIN_NAME`, whose import would already load NumPy."""

SAMPLES: Final = 1
"""Of our records TensorBoard itself need not keep more than the last: it only has to see that they
are there. The tab reads the event files on its own, every record of them."""

RULES_FLAG: Final = "--gradhealth_rules"

_log = logging.getLogger(__name__)


class GradHealthLoader(base_plugin.TBLoader):  # type: ignore[misc]  # TensorBoard has no types
    """Makes the plugin, or one that says why it could not be made."""

    def define_flags(self, parser: argparse.ArgumentParser) -> None:
        """Add ``--gradhealth_rules``; where some other plugin has such a flag, do without."""
        try:
            parser.add_argument(
                RULES_FLAG,
                metavar="PRESET|FILE",
                type=str,
                default="",
                help="How the tab Grad Health judges: a preset (default, strict, quiet, llm, rl) or a TOML "
                "file, as for `gradhealth check --rules`. A file that cannot be used is said in the tab.",
            )
        except argparse.ArgumentError:
            _log.warning("%s is another plugin's; Grad Health judges by its default rules", RULES_FLAG)

    def fix_flags(self, flags: argparse.Namespace) -> None:
        """Let TensorBoard keep few of our records, unless the user said how many.

        Also called for ``--version`` and ``--inspect``, with flags missing; it must not raise.
        """
        samples = getattr(flags, "samples_per_plugin", None)
        if isinstance(samples, dict):
            samples.setdefault(PLUGIN_NAME, SAMPLES)

    def load(self, context: base_plugin.TBContext) -> base_plugin.TBPlugin:
        """The plugin.

        Args:
            context: what TensorBoard was started with.
        """
        try:
            from tb_gradhealth.plugin.plugin import GradHealthPlugin

            return GradHealthPlugin(context)
        except Exception as error:  # a broken installation is shown in the tab, TensorBoard goes on
            _log.exception("Grad Health could not be loaded")
            return FallbackPlugin(context, f"{type(error).__name__}: {error}")


class FallbackPlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """A tab that only says why there is no other."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext, reason: str) -> None:
        super().__init__(context)
        self._reason = reason

    def get_plugin_apps(self) -> dict[str, Any]:
        """The tab's module and nothing else."""
        return {"/index.js": self._index}

    def is_active(self) -> bool:
        """Shown among the inactive tabs where there is no data."""
        return False

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """Where the tab's module is."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="Grad Health")

    def _index(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        from tb_gradhealth.plugin.tab_module import message_module

        body = message_module(
            "Grad Health could not be loaded",
            [self._reason, "The full error is in the terminal that TensorBoard was started from."],
        ).encode()
        start_response(
            "200 OK",
            [
                ("Content-Type", "text/javascript; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-cache, must-revalidate"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
        return [body]
