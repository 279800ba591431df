/** How to put the tried rules into force; the page changes nothing on the server. */

import { CopyButton } from '../CopyButton'
import { Disclosure } from './Disclosure'
import { RULE_FILE } from './rule-file'

const COMMANDS = [
  { what: 'In a pipeline', command: `gradhealth check --rules ${RULE_FILE} logs` },
  {
    what: 'In this tab',
    command: `tensorboard --logdir logs --gradhealth_rules ${RULE_FILE}`,
  },
]

export function HowTo() {
  return (
    <Disclosure title="Using other rules">
      <div class="part-list how-to">
        <p>
          What you change here is only tried, in this page and its address: nothing changes on the
          server, and the other views go on showing the rules in force. To judge by it, download the
          rule file and name it:
        </p>
        {COMMANDS.map(({ what, command }) => (
          <div key={what}>
            <div class="command-head">
              <span class="caption">{what}</span>
              <CopyButton label="Copy" text={() => command} />
            </div>
            <code>{command}</code>
          </div>
        ))}
      </div>
    </Disclosure>
  )
}
