"""The plugin object that TensorBoard holds."""

from typing import Any

from tensorboard.plugins import base_plugin

from tb_gradhealth.monitor import Monitor
from tb_gradhealth.plugin.roots import roots_of
from tb_gradhealth.plugin.routes import routes
from tb_gradhealth.record import PLUGIN_NAME
from tb_gradhealth.rules import RulesInForce


class GradHealthPlugin(base_plugin.TBPlugin):  # type: ignore[misc]  # TensorBoard has no types
    """Watches the log directories TensorBoard was started with; reads nothing before the tab asks."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext) -> None:
        super().__init__(context)
        flags = context.flags
        logdir = getattr(flags, "logdir", None) or context.logdir or ""
        spec = getattr(flags, "logdir_spec", None) or ""
        self._logdir = logdir or spec
        self._rules_in_force = RulesInForce.load(getattr(flags, "gradhealth_rules", None) or "")
        self._monitor = Monitor(roots_of(logdir, spec), self._rules_in_force.rules)

    def get_plugin_apps(self) -> dict[str, Any]:
        """The routes, as WSGI applications by path."""
        return routes(self._monitor, self._logdir, self._rules_in_force)

    def is_active(self) -> bool:
        """TensorBoard finds out by itself from data under our name and asks only where it has none.

        It asks while the page waits, so there is no look at the disk here; an inactive tab is still
        offered in TensorBoard's list.
        """
        return False

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """Where the tab's module is and what the tab is called."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="Grad Health")
