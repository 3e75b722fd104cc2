// The controls that forms are made of, each with a label and a hint.
import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'
import { Hint, HintText, hinted } from './hint.tsx'

/** What a control needs to belong to its label and hint. */
export interface ControlAttributes {
  readonly id: string
  readonly 'aria-describedby': string
}

interface Labelled {
  label: string
  /** A sentence or two in plain words: what it does, and what more or less of it brings. */
  hint: string
}

/** A label, a hint and a control: `<Field label hint>{attributes => <input {...attributes} />}</Field>`. */
export function Field({
  label,
  hint,
  shows,
  children,
}: Labelled & {
  /** The value as people read it, at the right of the label. */
  shows?: string | undefined
  children: (attributes: ControlAttributes) => ComponentChildren
}) {
  const id = useId()
  return (
    <div class="field" {...hinted(hint)}>
      <div class="field-head">
        <label for={id}>{label}</label>
        <Hint quiet text={hint} about={label} />
        {shows !== undefined && (
          // The control says it itself.
          <span class="field-value" aria-hidden="true">
            {shows}
          </span>
        )}
      </div>
      {children({ id, 'aria-describedby': `${id}-hint` })}
      <HintText id={`${id}-hint`} text={hint} />
    </div>
  )
}

const LONG_LIST = 100 // options

/** One of a list. */
export function Select<Value extends string>({
  label,
  hint,
  value,
  options,
  onChange,
  disabled,
}: Labelled & {
  value: Value
  options: readonly { readonly value: Value; readonly label: string }[]
  onChange: (value: Value) => void
  disabled?: boolean | undefined
}) {
  const [isReached, setReached] = useState(false)
  // Of a long list the rest is there when a pointer or the focus comes: thousands of options make every frame a long one.
  const isWhole = isReached || options.length <= LONG_LIST
  const shown = isWhole ? options : options.filter(option => option.value === value)
  return (
    <Field label={label} hint={hint}>
      {attributes => (
        <select
          {...attributes}
          value={value}
          disabled={disabled}
          onPointerEnter={() => setReached(true)}
          onPointerLeave={event => setReached(document.activeElement === event.currentTarget)}
          onFocus={() => setReached(true)}
          onBlur={() => setReached(false)}
          onChange={event => {
            const chosen = options.find(option => option.value === event.currentTarget.value)
            if (chosen) onChange(chosen.value)
          }}
        >
          {shown.map(option => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** A number within a range, by sliding. `format` says it in words: 0.5 as "50 %". */
export function Slider({
  label,
  hint,
  value,
  min,
  max,
  step,
  format = String,
  onChange,
  disabled,
}: Labelled & {
  value: number
  min: number
  max: number
  step: number
  format?: (value: number) => string
  onChange: (value: number) => void
  disabled?: boolean | undefined
}) {
  return (
    <Field label={label} hint={hint} shows={format(value)}>
      {attributes => (
        <input
          {...attributes}
          type="range"
          min={min}
          max={max}
          step={step}
          value={value}
          disabled={disabled}
          aria-valuetext={format(value)}
          onInput={event => onChange(event.currentTarget.valueAsNumber)}
        />
      )}
    </Field>
  )
}

/** A line of text. What is typed stays, however often the page draws, until it is committed: by Enter, or when it is left. */
export function TextInput({
  value,
  onCommit,
  ...attributes
}: {
  value: string
  onCommit: (text: string) => void
  id?: string
  disabled?: boolean | undefined
  inputMode?: 'numeric' | 'decimal' | 'text'
  'aria-label'?: string
  'aria-describedby'?: string
  'aria-invalid'?: boolean
}) {
  const [typed, setTyped] = useState<string | null>(null)
  return (
    <input
      {...attributes}
      type="text"
      autoComplete="off"
      spellcheck={false}
      value={typed ?? value}
      onInput={event => setTyped(event.currentTarget.value)}
      onChange={event => {
        setTyped(null)
        onCommit(event.currentTarget.value)
      }}
      onBlur={() => setTyped(null)}
    />
  )
}

interface TypedNumber {
  value: number
  min: number
  max: number
  /** Without a fraction. */
  whole: boolean
  onChange: (value: number) => void
}

/** What a field for a number shows, what is wrong with it in words ('': nothing), and what takes what was typed. */
export function useTypedNumber({ value, min, max, whole, onChange }: TypedNumber) {
  const [refused, setRefused] = useState<{ text: string; instead: number } | null>(null)
  // What was refused goes when the number is changed elsewhere.
  const text = refused?.instead === value ? refused.text : null
  return {
    text: text ?? String(value),
    refusal: text === null ? '' : `“${text}” is not ${expected(min, max, whole)}.${advice(text)}`,
    commit(typed: string) {
      const number = numberOf(typed)
      const fits = number >= min && number <= max && (!whole || Number.isInteger(number))
      setRefused(fits ? null : { text: typed, instead: value })
      if (fits && number !== value) onChange(number)
    },
  }
}

/** Number('') is 0. */
const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))

/** In many languages decimals take a comma. */
function advice(text: string): string {
  const number = /^[^,]*,[^,]*$/.test(text) ? numberOf(text.replace(',', '.')) : Number.NaN
  return Number.isNaN(number) ? '' : ` Decimals take a point: ${text.trim().replace(',', '.')}.`
}

/** A number, by typing. `onChange` gets it on Enter or when the control is left, and only if it is within its bounds. */
export function NumberField({
  label,
  hint,
  value,
  min = -Infinity,
  max = Infinity,
  whole = false,
  onChange,
  disabled,
}: Labelled &
  Partial<TypedNumber> &
  Pick<TypedNumber, 'value' | 'onChange'> & { disabled?: boolean | undefined }) {
  const { text, refusal, commit } = useTypedNumber({ value, min, max, whole, onChange })
  return (
    <Field label={label} hint={hint}>
      {attributes => (
        <>
          <TextInput
            {...attributes}
            inputMode={whole ? 'numeric' : 'decimal'}
            value={text}
            disabled={disabled}
            aria-invalid={refusal !== ''}
            onCommit={commit}
          />
          <span class="field-error" role="alert">
            {refusal}
          </span>
        </>
      )}
    </Field>
  )
}

function expected(min: number, max: number, whole: boolean): string {
  const kind = whole ? 'a whole number' : 'a number'
  if (Number.isFinite(min) && Number.isFinite(max)) return `${kind} from ${min} to ${max}`
  if (Number.isFinite(min)) return `${kind} of ${min} or more`
  return Number.isFinite(max) ? `${kind} of ${max} or less` : kind
}

/** Yes or no. */
export function Checkbox({
  label,
  hint,
  checked,
  onChange,
  disabled,
}: Labelled & { checked: boolean; onChange: (checked: boolean) => void; disabled?: boolean | undefined }) {
  const id = useId()
  return (
    <div class="field checkbox" {...hinted(hint)}>
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-describedby={`${id}-hint`}
        onChange={event => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      <Hint quiet text={hint} about={label} />
      <HintText id={`${id}-hint`} text={hint} />
    </div>
  )
}

/** For a button that starts something and then stops it: the second click of a double click is none. */
export const once = (run: () => unknown) => (event: MouseEvent) => {
  if (event.detail < 2) void run()
}

/** Something to do. `label` names it where the child is a sign; `pressed` makes it a switch. */
export function Button({
  children,
  onClick,
  kind = 'plain',
  label,
  hint,
  pressed,
  disabled,
  dimmed = false,
}: {
  children: ComponentChildren
  onClick: (event: MouseEvent) => void
  kind?: 'plain' | 'primary' | 'danger'
  label?: string | undefined
  hint?: string | undefined
  pressed?: boolean | undefined
  disabled?: boolean | undefined
  /** Like `disabled`, for a button that was just pressed: it keeps the keyboard's place. */
  dimmed?: boolean
}) {
  const id = useId()
  return (
    <>
      <button
        type="button"
        class={`button ${kind}`}
        onClick={dimmed ? undefined : onClick}
        disabled={disabled}
        aria-disabled={dimmed || undefined}
        aria-label={label}
        aria-pressed={pressed}
        aria-describedby={hint && id}
        {...hinted(hint)}
      >
        {children}
      </button>
      {hint && <HintText id={id} text={hint} />}
    </>
  )
}
