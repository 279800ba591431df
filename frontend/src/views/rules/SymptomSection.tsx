/** The rules of one symptom: enabled, severity bounds, scope and limits. */

import type { RuleDocument, SymptomRules } from '../../contract'
import { count, formatStep } from '../../lib/numbers'
import {
  limitIn,
  resetSymptom,
  SYMPTOM_DEFAULTS,
  sameSymptom,
  setting,
  withSetting,
} from '../../lib/rule-document'
import { useTab } from '../context'
import { LimitRow } from './LimitRow'
import { SeverityBounds } from './SeverityBounds'

interface SymptomSectionProps {
  symptom: SymptomRules
  inForce: RuleDocument
}

export function sectionId(symptom: string): string {
  return `rules-${symptom}`
}

export function SymptomSection({ symptom, inForce }: SymptomSectionProps) {
  const { rules, server } = useTab()
  const { id, title, scope, limits } = symptom
  const document = rules.document.value
  const enabled = setting(document, id, 'enabled', SYMPTOM_DEFAULTS.enabled)
  const heading = `${sectionId(id)}-title`
  const measure = server.symptoms.value.get(id)?.measure
  const changed = !sameSymptom(document, inForce, id)
  return (
    <fieldset
      id={sectionId(id)}
      class={`ruled${enabled ? '' : ' off'}${changed ? ' changed' : ''}`}
      aria-labelledby={heading}
    >
      <div class="ruled-head">
        <div class="ruled-title">
          <h2 id={heading}>{title}</h2>
          <Found symptom={id} />
        </div>
        <div class="ruled-switches">
          {changed && (
            <button
              class="button"
              type="button"
              aria-label={`Reset: ${title}`}
              onClick={() => rules.attempt(resetSymptom(document, inForce, id))}
            >
              Reset
            </button>
          )}
          {enabled && <SeverityBounds symptom={id} document={document} />}
          <label class="switch">
            <input
              type="checkbox"
              checked={enabled}
              onChange={(event) =>
                rules.attempt(
                  withSetting(
                    document,
                    id,
                    'enabled',
                    event.currentTarget.checked,
                    SYMPTOM_DEFAULTS.enabled,
                  ),
                )
              }
            />{' '}
            judged
          </label>
        </div>
        <div class="ruled-about">
          {measure && <p class="mono">{measure}</p>}
          <p>{scope}</p>
          <Selection document={document} symptom={id} />
        </div>
      </div>
      <div class="limits">
        {limits.map((limit) => (
          <LimitRow
            key={limit.name}
            id={`${sectionId(id)}-${limit.name}`}
            limit={limit}
            value={limitIn(document, id, limit)}
            disabled={!enabled}
            onChange={(value) =>
              rules.attempt(
                withSetting(rules.document.peek(), id, limit.name, value, limit.default),
                'at a pause',
              )
            }
          />
        ))}
      </div>
    </fieldset>
  )
}

/** The number of findings of a symptom, and the changes by the tried rules. */
function Found({ symptom }: { symptom: string }) {
  const { rules } = useTab()
  const found = rules.found.value.bySymptom[symptom] ?? 0
  const effect = rules.effects.value.get(symptom)
  const parts = [
    effect && effect.added > 0 && `+${formatStep(effect.added)}`,
    effect && effect.removed > 0 && `−${formatStep(effect.removed)}`,
    effect && effect.changed > 0 && `${formatStep(effect.changed)} of other severity`,
  ].filter(Boolean)
  return (
    <>
      {found > 0 && <span class="muted">{count(found, 'finding')}</span>}
      {parts.length > 0 && <span class="effect">{parts.join(' · ')}</span>}
    </>
  )
}

/** The tensors that a rule file includes and excludes; only the file can change them. */
function Selection({ document, symptom }: { document: RuleDocument; symptom: string }) {
  const include = setting<string[]>(document, symptom, 'include', [])
  const exclude = setting<string[]>(document, symptom, 'exclude', [])
  return (
    <>
      <Patterns text="Only of" patterns={include} />
      <Patterns text="Not of" patterns={exclude} />
    </>
  )
}

function Patterns({ text, patterns }: { text: string; patterns: readonly string[] }) {
  if (!Array.isArray(patterns) || patterns.length === 0) return null
  return (
    <p>
      {text} <code>{patterns.join(', ')}</code>
    </p>
  )
}
