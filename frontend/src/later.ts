/** What is loaded after the first paint: other views, forms, and the saving of charts. */

export { MuteForm } from './views/evidence/MuteForm'
export { saveBand, saveSeries } from './views/evidence/save'
export { Rules } from './views/rules/Rules'
export { Runs } from './views/runs/Runs'
