"""The entry point of the plugin, which must not fail.

An exception during the import of this module or in ``fix_flags`` stops TensorBoard, so the rest of the
package is imported in ``load``, where an exception becomes a message in the tab.
"""

import argparse
import logging
from typing import Any, Final

from tensorboard.plugins import base_plugin

PLUGIN_NAME: Final = "gradhealth"
"""Equal to `tb_gradhealth.record.PLUGIN_NAME`, whose import would load NumPy."""

SAMPLES: Final = 1
"""Records that TensorBoard keeps in memory: one is enough to find that the run has data. The tab reads the
event files itself."""

RULES_FLAG: Final = "--gradhealth_rules"

_log = logging.getLogger(__name__)


class GradHealthLoader(base_plugin.TBLoader):  # type: ignore[misc]  # TensorBoard has no types
    """Creates the plugin, or a replacement that shows why it cannot be created."""

    def define_flags(self, parser: argparse.ArgumentParser) -> None:
        """Add ``--gradhealth_rules``, unless another plugin has defined it."""
        try:
            parser.add_argument(
                RULES_FLAG,
                metavar="PRESET|FILE",
                type=str,
                default="",
                help="How the tab Grad Health judges: a preset (default, strict, quiet, llm, rl) or a TOML "
                "file, as for `gradhealth check --rules`. If a file cannot be used, the tab shows why.",
            )
        except argparse.ArgumentError:
            _log.warning("%s is another plugin's; Grad Health judges by its default rules", RULES_FLAG)

    def fix_flags(self, flags: argparse.Namespace) -> None:
        """Limit the records that TensorBoard keeps, unless the user has set a number.

        Also called for ``--version`` and ``--inspect``, where flags are missing; it must not raise.
        """
        samples = getattr(flags, "samples_per_plugin", None)
        if isinstance(samples, dict):
            samples.setdefault(PLUGIN_NAME, SAMPLES)

    def load(self, context: base_plugin.TBContext) -> base_plugin.TBPlugin:
        """Create the plugin.

        Args:
            context: TensorBoard's flags and log directory.
        """
        try:
            from tb_gradhealth.plugin.plugin import GradHealthPlugin

            return GradHealthPlugin(context)
        except Exception as error:  # the tab shows a broken installation, TensorBoard starts
            _log.exception("Grad Health could not be loaded")
            return FallbackPlugin(context, f"{type(error).__name__}: {error}")


class FallbackPlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """A tab that shows why the plugin cannot be loaded."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext, reason: str) -> None:
        super().__init__(context)
        self._reason = reason

    def get_plugin_apps(self) -> dict[str, Any]:
        """The route of the tab's module."""
        return {"/index.js": self._index}

    def is_active(self) -> bool:
        """False: without the plugin no data can be shown."""
        return False

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """The path of the tab's module and the name of the tab."""
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
