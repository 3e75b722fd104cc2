// Verifying: which ops, start, stop and go on, how far it is, and what is wrong.
import { Button, Field, once, Select } from '../page/controls.tsx'
import { Card, Figures } from '../page/shell.tsx'
import type { Failure } from './facts.ts'
import * as state from './state.ts'

/** Start, stop, go on or again. */
function VerifyButton() {
  const { left, chosen, work, isStopping, hasGpu } = state
  if (work.value?.kind === 'verify')
    return (
      <Button kind="danger" onClick={once(state.stop)} dimmed={isStopping.value}>
        {isStopping.value ? 'Stopping …' : 'Stop'}
      </Button>
    )
  const [rest, all] = [left.value.length, chosen.value.length]
  const verify = all === 0 ? 'Verify' : `Verify ${all}`
  const words = rest === 0 && all > 0 ? `${verify} again` : rest < all ? `Go on: ${rest} left` : verify
  return (
    <Button
      kind="primary"
      onClick={once(state.verifyChosen)}
      disabled={!hasGpu.value || work.value !== null || all === 0}
    >
      {words}
    </Button>
  )
}

/** How far it is, in a bar and words. */
export function Progress({ kind }: { kind: state.Work['kind'] }) {
  const { work, currentCase } = state
  if (work.value?.kind !== kind) return null
  const { name, done, of } = work.value
  const doing = kind === 'verify' ? 'Verifying' : 'Timing'
  return (
    <div class="progress">
      <progress value={done} max={of} aria-label={`${doing} ops`} />
      <p>
        <b>
          {done + 1} of {of}
        </b>{' '}
        <code>{name}</code> <span class="muted">{currentCase.value}</span>
      </p>
    </div>
  )
}

export function Verification() {
  const { find, family, entries, hasGpu, machine } = state
  const isVain = entries.value.length > 0 && state.chosen.value.length === 0
  const families = [...new Set(entries.value.map(entry => entry.family))]
  return (
    <Card
      title="Verify"
      hint="Every op runs on your GPU with every one of its kernels, on small inputs, forward and backward. Each number is held against the same computed on the processor in plain loops."
    >
      <div class="stack">
        {machine.value && !hasGpu.value && (
          <p class="nothing">
            <strong>Nothing to verify here.</strong> Kernels are programs for the GPU, and this page has none:
            see above for why. The processor that stands in for it is what kernels are compared with.
          </p>
        )}
        <div class="row">
          <Field label="Find" hint="Parts of names, such as “relu soft”: ops with any of them are verified.">
            {attributes => (
              <>
                <input
                  {...attributes}
                  type="search"
                  value={find.value}
                  autoComplete="off"
                  spellcheck={false}
                  aria-invalid={isVain}
                  onInput={event => {
                    find.value = event.currentTarget.value
                    state.keepInAddress()
                  }}
                />
                <span class="field-error" role="alert">
                  {isVain && `No op of this family has “${find.value.trim()}” in its name.`}
                </span>
              </>
            )}
          </Field>
          <Select
            label="Family"
            hint="Kinds of ops: sums are reductions, steps of optimizers are updates."
            value={family.value}
            options={[
              { value: '', label: 'All' },
              ...families.map(name => ({ value: name, label: `${name[0]?.toUpperCase()}${name.slice(1)}` })),
            ]}
            onChange={value => {
              family.value = value
              state.keepInAddress()
            }}
          />
          <VerifyButton />
        </div>
        <Progress kind="verify" />
        <Tally />
        <Failures />
        <Sabotage />
      </div>
    </Card>
  )
}

function Tally() {
  const { ops, kernels, variants, verified, wrong, cases, gradients, skipped } = state.tally.value
  if (ops === 0) return null
  const ofAll = verified === 1 ? 'The op verified' : `Of the ${verified} ops verified,`
  const verdict =
    verified === 1
      ? `${ofAll} is ${wrong > 0 ? 'wrong' : 'right'}.`
      : `${ofAll} ${wrong || 'none'} ${wrong > 1 ? 'are' : 'is'} wrong.`
  const figure = (value: number) => value.toLocaleString('en')
  return (
    <>
      <Figures
        of={
          state.hasGpu.value || verified > 0
            ? {
                Verified: `${verified} of ${ops}`,
                Wrong: figure(wrong),
                Kernels: figure(kernels),
                Variants: figure(variants),
                Cases: figure(cases),
                Gradients: figure(gradients),
                'Not applicable': figure(skipped),
              }
            : { Ops: figure(ops), Kernels: figure(kernels), Variants: figure(variants) }
        }
      />
      {/* Read aloud when the work has ended, not at each op. */}
      <p role="status" class={wrong > 0 ? 'bad verdict' : 'good verdict'}>
        {state.work.value || verified === 0 ? '' : verdict}
      </p>
    </>
  )
}

function Failures() {
  const failed = state.entries.value.flatMap(({ name, proof }) =>
    proof.value && proof.value.wrong > 0 ? [{ name, proof: proof.value }] : [],
  )
  if (failed.length === 0) return null
  return (
    <ul class="failures" aria-label="What is wrong">
      {failed.map(({ name, proof }) => (
        <li key={name}>
          <strong>{name}</strong>
          {proof.isBroken && ' (broken on purpose)'}
          <ul>
            {proof.failures.map((failure, i) => (
              <li key={i}>
                <FailureWords failure={failure} />
              </li>
            ))}
            {proof.wrong > proof.failures.length && <li>and {proof.wrong - proof.failures.length} more</li>}
          </ul>
        </li>
      ))}
    </ul>
  )
}

function FailureWords({ failure }: { failure: Failure }) {
  const { dtype, variant, result, shape, index, expected, actual, message } = failure
  if (result === null) return <span>{message}</span>
  return (
    <span>
      {result}, {variant}, {dtype}, shape <code>[{shape.join(', ')}]</code>, index{' '}
      <code>[{index.join(', ')}]</code>: expected <code>{expected}</code>, got <code>{actual}</code>
    </span>
  )
}

/** People may doubt that the page would tell: a kernel that is wrong. */
function Sabotage() {
  const { broken, entries, hasGpu, work } = state
  if (!hasGpu.value) return null
  return (
    <details class="sabotage" open={broken.value !== ''}>
      <summary>Break one on purpose{broken.value && `: ${broken.value}`}</summary>
      <div class="row">
        <Select
          label="Kernel to break"
          hint="Its last group of threads never runs, so that the last numbers are not written: a mistake that real kernels make. Verify it, and the page must tell."
          value={broken.value}
          disabled={work.value !== null}
          options={[
            { value: '', label: 'None' },
            ...entries.value
              .filter(({ canBreak }) => canBreak)
              .map(({ name }) => ({ value: name, label: name })),
          ]}
          onChange={state.breakKernel}
        />
      </div>
    </details>
  )
}
