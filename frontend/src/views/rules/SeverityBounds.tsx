/** Between which severities a symptom's findings weigh, whatever the loss does. */

import { type RuleDocument, SEVERITIES, type Severity } from '../../contract'
import { setting, USUAL, withSetting } from '../../lib/rule-document'
import { useTab } from '../context'

const LEAST_FIRST = [...SEVERITIES].reverse()

export function SeverityBounds({ symptom, document }: { symptom: string; document: RuleDocument }) {
  const least = setting(document, symptom, 'least_severity', USUAL.least_severity)
  const most = setting(document, symptom, 'most_severity', USUAL.most_severity)
  const rank = (severity: Severity) => LEAST_FIRST.indexOf(severity)
  return (
    <>
      <Bound
        {...{ symptom, document, name: 'least_severity', text: 'severity at least' }}
        value={least}
        choices={LEAST_FIRST.filter((severity) => rank(severity) <= rank(most))}
      />
      <Bound
        {...{ symptom, document, name: 'most_severity', text: 'at most' }}
        value={most}
        choices={LEAST_FIRST.filter((severity) => rank(severity) >= rank(least))}
      />
    </>
  )
}

interface BoundProps {
  symptom: string
  document: RuleDocument
  name: 'least_severity' | 'most_severity'
  text: string
  value: Severity
  choices: readonly Severity[]
}

function Bound({ symptom, document, name, text, value, choices }: BoundProps) {
  const { rules } = useTab()
  return (
    <label>
      {text}{' '}
      <select
        class="select"
        value={value}
        onChange={(event) =>
          rules.attempt(
            withSetting(document, symptom, name, event.currentTarget.value, USUAL[name] as string),
          )
        }
      >
        {choices.map((severity) => (
          <option key={severity} value={severity}>
            {severity}
          </option>
        ))}
      </select>
    </label>
  )
}
