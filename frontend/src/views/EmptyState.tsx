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

const TORCH = `import tb_gradhealth.torch as gradhealth

with gradhealth.watch(model, optimizer, log_dir) as watcher:
    for x, y in loader:
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        watcher.step(loss)`

const JAX = `import tb_gradhealth.jax as gradhealth

watch = gradhealth.Watch.of(loss_fn, params, batch)
state = watch.init()
#   in the step:
state = watch.observe(state, grads=grads, params=new, previous=params, loss=loss, activations=outputs)
#   after it, with recorder = gradhealth.Recorder(log_dir, watch):
state = recorder.write(state, i)`

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
        <Snippet title="In a training loop of your own, with TensorFlow" code={CUSTOM_LOOP} />
        <Snippet title="With PyTorch" code={TORCH} />
        <Snippet title="With JAX" code={JAX} />
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
