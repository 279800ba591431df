/** A text in which mentioned symptoms lead to their findings in the same run. */

import { mentionParts } from '../../lib/mentions'
import { unbroken } from '../../lib/unbroken'
import { useTab } from '../context'

export function Mentions({ text, run, besides }: { text: string; run: string; besides: string }) {
  const { server, view } = useTab()
  const found = (symptom: string) =>
    server.findings.value.find((each) => each.run === run && each.symptom === symptom)
  return (
    <>
      {mentionParts(text, server.symptoms.value.values()).map((part) => {
        const finding = part.symptom && part.symptom !== besides ? found(part.symptom) : undefined
        if (!finding) return unbroken(part.text)
        return (
          <button
            key={part.text}
            class="text-link"
            type="button"
            title={finding.message}
            onClick={() => view.change({ opened: { run, id: finding.id } })}
          >
            {part.text}
          </button>
        )
      })}
    </>
  )
}
