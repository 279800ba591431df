/** The minimum and maximum severity of a symptom's findings, whatever the loss does. */

import { type RuleDocument, SEVERITIES, type Severity } from '../../contract'
import { SYMPTOM_DEFAULTS, setting, withSetting } from '../../lib/rule-document'
import { useTab } from '../context'

const ASCENDING = [...SEVERITIES].reverse()

export function SeverityBounds({ symptom, document }: { symptom: string; document: RuleDocument }) {
  const minimum = setting(document, symptom, 'least_severity', SYMPTOM_DEFAULTS.least_severity)
  const maximum = setting(document, symptom, 'most_severity', SYMPTOM_DEFAULTS.most_severity)
  const rank = (severity: Severity) => ASCENDING.indexOf(severity)
  return (
    <>
      <Bound
        {...{ symptom, document, name: 'least_severity', text: 'severity at least' }}
        value={minimum}
        choices={ASCENDING.filter((severity) => rank(severity) <= rank(maximum))}
      />
      <Bound
        {...{ symptom, document, name: 'most_severity', text: 'at most' }}
        value={maximum}
        choices={ASCENDING.filter((severity) => rank(severity) >= rank(minimum))}
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
            withSetting(
              document,
              symptom,
              name,
              event.currentTarget.value,
              SYMPTOM_DEFAULTS[name] as string,
            ),
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
