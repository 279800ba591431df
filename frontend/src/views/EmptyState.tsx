/** The page for a log directory without records: what was searched, and code that writes records. */

import { count } from '../lib/numbers'
import { CopyButton } from './CopyButton'
import { useTab } from './context'
import { Problems } from './overview/Problems'

const KERAS = `import tb_gradhealth as gradhealth

model.fit(..., callbacks=[gradhealth.KerasCallback(log_dir)])`

const CUSTOM_LOOP = `import tb_gradhealth as gradhealth

@tf.function
def train_step(x, y, step):
    with tf.GradientTape() as tape, gradhealth.capture(model) as activations:
        loss = loss_fn(y, model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    with writer.as_default():
        gradhealth.summary(zip(grads, model.trainable_variables),
                           activations=activations, loss=loss, step=step)`

export function EmptyState() {
  const { server } = useTab()
  const logdir = server.answer.value?.logdir ?? ''
  const others = server.answer.value?.other_runs ?? 0
  return (
    <main class="main" style={{ gridColumn: '1 / -1' }}>
      <div class="blank">
        <h1>No Grad Health records yet</h1>
        <p>
          Looked through the event files below{' '}
          {logdir === '' ? 'the log directory' : <code>{logdir}</code>} for records named{' '}
          <code>gradhealth/record/…</code> and found none
          {others > 0 && ` in ${count(others, 'run')}`}. As soon as a training run writes its first
          one, it appears here by itself.
        </p>
        <Snippet title="With Keras" code={KERAS} />
        <Snippet title="In a training loop of your own" code={CUSTOM_LOOP} />
        <Problems runs={[]} />
      </div>
    </main>
  )
}

function Snippet({ title, code }: { title: string; code: string }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <div class="snippet">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard */}
        <pre tabIndex={0}>
          <code>{code}</code>
        </pre>
        <CopyButton label="Copy" text={() => code} />
      </div>
    </section>
  )
}
