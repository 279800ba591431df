/** What is loaded after the first paint: other views, forms, and the saving of charts. */

import comparisonCss from './theme/comparison.css?inline'
import parallelCss from './theme/parallel.css?inline'
import rulesCss from './theme/rules.css?inline'
import runsCss from './theme/runs.css?inline'
import stripsCss from './theme/strips.css?inline'
import { adopt } from './theme/style-sheets'

adopt([rulesCss, runsCss, stripsCss, parallelCss, comparisonCss])

export { MuteForm } from './views/evidence/MuteForm'
export { saveBand, saveSeries } from './views/evidence/save'
export { Rules } from './views/rules/Rules'
export { Runs } from './views/runs/Runs'
