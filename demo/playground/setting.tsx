// Controls of single settings, by their names: tables of them make up the panels.
import type { ComponentChildren } from 'preact'
import { Checkbox, NumberField, Select, Slider } from '../page/controls.tsx'
import { change } from './history.ts'
import { LIMITS, type Settings } from './settings.ts'
import { optionsOf } from './words.ts'

/** What shows a part of the settings and changes it. */
export type Control = (all: Settings) => ComponentChildren

type KeysOf<Value> = {
  [Key in keyof Settings]: Settings[Key] extends Value ? Key : never
}[keyof Settings]
type NumberKey = KeysOf<number> & keyof typeof LIMITS

const set = <Key extends keyof Settings>(key: Key, value: Settings[Key]): void =>
  change({ [key]: value } as Pick<Settings, Key>)

/** A number by typing. */
export const typed =
  (key: NumberKey, label: string, hint: string, { whole = true } = {}): Control =>
  all => (
    <NumberField
      label={label}
      hint={hint}
      value={all[key]}
      min={LIMITS[key][0]}
      max={LIMITS[key][1]}
      whole={whole}
      onChange={value => set(key, value)}
    />
  )

/** A number by sliding; percents are shown as such. */
export const slid =
  (
    key: NumberKey,
    label: string,
    hint: string,
    { step = 1, percent = false, most = Infinity } = {},
  ): Control =>
  all => (
    <Slider
      label={label}
      hint={hint}
      value={all[key]}
      min={LIMITS[key][0]}
      max={Math.min(LIMITS[key][1], most)}
      step={step}
      format={() => `${all[key]}${percent ? ' %' : ''}`}
      onChange={value => set(key, value)}
    />
  )

/** One of a few, with the names that the page has for them. */
export const chosen =
  <Key extends KeysOf<string>>(
    key: Key,
    label: string,
    hint: string,
    names: Readonly<Record<Settings[Key], string>>,
  ): Control =>
  all => (
    <Select<Settings[Key]>
      label={label}
      hint={hint}
      value={all[key]}
      options={optionsOf(names)}
      onChange={value => set(key, value)}
    />
  )

/** Yes or no. */
export const ticked =
  (key: KeysOf<boolean>, label: string, hint: string): Control =>
  all => <Checkbox label={label} hint={hint} checked={all[key]} onChange={value => set(key, value)} />

/** A control that there is under some settings alone. */
export const only =
  (isWanted: (all: Settings) => boolean, control: Control): Control =>
  all =>
    isWanted(all) && control(all)
