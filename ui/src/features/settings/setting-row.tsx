import { useQuery } from '@tanstack/solid-query'
import RotateCcw from 'lucide-solid/icons/rotate-ccw'
import { createUniqueId, For, Match, Show, Suspense, Switch } from 'solid-js'
import type { SettingField } from '../../../../server/admin/contract/settings.ts'
import { ApiError } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { createMayChange } from '../../api/may-change.tsx'
import { dataOf, queries } from '../../api/queries.ts'
import { Switch as Toggle } from '../../components/switch.tsx'
import type { Translate } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { later } from '../../lib/later.tsx'
import type { Draft } from './draft.ts'
import { placeOf, type SettingName } from './registry.ts'
import { amount, type Fault, isBounded, isSame, shownAmount, type Value } from './settings-draft.ts'

const ZoneField = later(() => import('./zone-field.tsx'))

const inputClass =
  'control w-full rounded-md border border-control bg-surface px-2.5 text-14 max-md:text-16 disabled:opacity-60 aria-invalid:border-danger'

/** One setting: what it is, what follows from it and when, what it is at first, and the way back to that. */
export function SettingRow(props: { readonly name: SettingName; readonly draft: Draft }) {
  const { t, format } = useI18n()
  const mayChange = createMayChange()
  const id = createUniqueId()
  const place = () => placeOf(props.name)
  const field = (): SettingField | undefined => props.draft.field(props.name)
  const value = (): Value => props.draft.value(props.name) ?? ''
  const initial = (): Value => (field()?.initial ?? '') as Value
  const isInitial = (): boolean => isSame(value(), initial())
  const set = (next: Value): void => props.draft.set(props.name, next)
  const refused = (): string | undefined => {
    const failure = props.draft.failure()
    return failure instanceof ApiError && failure.field === props.name ? errorText(failure, t) : undefined
  }
  const error = (): string | undefined => {
    const fault = props.draft.fault(props.name)
    return fault ? faultText(fault, t, (number) => format().number(number)) : refused()
  }
  const label = (): string => t(`settings.field.${props.name}`)
  const described = (): string => [`${id}-help`, error() ? `${id}-error` : ''].filter(Boolean).join(' ')
  const common = () => ({
    'aria-labelledby': `${id}-name`,
    'aria-describedby': described(),
    'aria-invalid': error() ? (true as const) : undefined,
    disabled: !mayChange() || field()?.takesEffect === false,
    class: inputClass,
  })
  return (
    <Show when={field()}>
      {(known) => (
        <div
          id={`setting-${props.name}`}
          class="grid gap-x-8 gap-y-2 border-border border-b py-4 last:border-b-0 md:grid-cols-[minmax(0,1fr)_20rem]"
        >
          <div class="min-w-0">
            <div class="flex flex-wrap items-center gap-x-2 gap-y-1">
              <span id={`${id}-name`} class="font-medium">
                {label()}
              </span>
              <Show when={!isInitial()}>
                <Tag tone="accent" text={t('settings.tag.changed')} />
              </Show>
              <Show when={place().next}>
                <Tag tone="neutral" text={t('settings.tag.next')} />
              </Show>
            </div>
            <p id={`${id}-help`} class="text-13 text-text-2">
              {t(`settings.help.${props.name}`)}
              <Show when={isSealed(known())}> {t('settings.sealedHelp')}</Show>
            </p>
          </div>
          <div class="flex min-w-0 flex-col gap-1" classList={{ 'md:items-end': known().type === 'boolean' }}>
            <Switch
              fallback={
                <div class="flex items-center gap-2">
                  <input
                    type="text"
                    {...common()}
                    autocomplete="off"
                    spellcheck={false}
                    inputmode={known().type === 'integer' ? (place().scale ? 'decimal' : 'numeric') : undefined}
                    value={known().type === 'integer' ? shownAmount(value(), place().scale) : String(value())}
                    onInput={({ currentTarget }) =>
                      set(known().type === 'integer' ? amount(currentTarget.value, place().scale) : currentTarget.value)
                    }
                  />
                  <Show when={place().unit}>
                    {(unit) => <span class="shrink-0 text-13 text-text-2">{t(`settings.unit.${unit()}`)}</span>}
                  </Show>
                </div>
              }
            >
              <Match when={known().type === 'boolean'}>
                <div class="flex md:justify-end">
                  <Toggle
                    label={label()}
                    checked={value() === true}
                    onChange={set}
                    disabled={!mayChange() || !known().takesEffect}
                  />
                </div>
              </Match>
              <Match when={known().type === 'timezone'}>
                <div class="w-full">
                  <Suspense fallback={<div class={inputClass} />}>
                    <ZoneField
                      label={label()}
                      value={String(value())}
                      onChange={set}
                      disabled={!mayChange() || !known().takesEffect}
                    />
                  </Suspense>
                </div>
              </Match>
              <Match when={known().choices}>
                {(choices) => (
                  <>
                    <select {...common()} onChange={({ currentTarget }) => set(currentTarget.value)}>
                      <For each={choices()}>
                        {(choice) => (
                          <option value={choice} selected={choice === value()}>
                            {choiceText(props.name, choice, t)}
                          </option>
                        )}
                      </For>
                    </select>
                    <Show when={props.name === 'accountSelectionMode' && isMode(String(value()))}>
                      <p class="text-12 text-text-3">{t(`settings.modeHelp.${value() as Mode}`)}</p>
                    </Show>
                  </>
                )}
              </Match>
              <Match when={place().long || known().type === 'list'}>
                <textarea
                  {...common()}
                  class={`${inputClass} resize-y py-1.5 ${known().type === 'text' ? '' : 'font-mono text-13'}`}
                  rows={3}
                  spellcheck={false}
                  value={known().type === 'list' ? (value() as readonly string[]).join('\n') : String(value())}
                  onInput={({ currentTarget }) =>
                    set(known().type === 'list' ? linesOf(currentTarget.value) : currentTarget.value)
                  }
                />
              </Match>
            </Switch>
            <Show when={error()}>
              {(text) => (
                <p id={`${id}-error`} class="text-12 text-danger">
                  {text()}
                </p>
              )}
            </Show>
            <div class="flex min-h-6 flex-wrap items-center justify-between gap-2 text-12 text-text-3">
              <span class="numbers wrap-anywhere min-w-0">
                <Show when={known().type === 'timezone'} fallback={defaultText()}>
                  <SystemZone />
                </Show>
              </span>
              <Show when={!isInitial() && mayChange()}>
                <button
                  type="button"
                  class="control inline-flex items-center gap-1 rounded-md px-1.5 text-accent-text hover:bg-surface-2"
                  aria-label={t('settings.useDefaultNamed', { name: label() })}
                  onClick={() => set(initial())}
                >
                  <RotateCcw size={14} strokeWidth={1.75} aria-hidden="true" />
                  {t('settings.useDefault')}
                </button>
              </Show>
            </div>
          </div>
        </div>
      )}
    </Show>
  )

  function defaultText(): string {
    const first = initial()
    const known = field()
    if (known?.type === 'integer') {
      const scale = place().scale ?? 1
      const minimum = format().number((known.minimum ?? 0) / scale)
      const range = isBounded(known)
        ? t('settings.range', { minimum, maximum: format().number((known.maximum ?? 0) / scale) })
        : t('settings.rangeFrom', { minimum })
      const value = typeof first === 'number' ? format().number(first / scale) : ''
      return `${t('settings.default', { value })} · ${range}`
    }
    const text = shownValue(props.name, first, t)
    return text === '' ? t('settings.defaultNone') : t('settings.default', { value: text })
  }
}

function SystemZone() {
  const { t } = useI18n()
  const meta = useQuery(() => queries.meta())
  return <>{t('settings.default', { value: dataOf(meta)?.system_time_zone ?? '…' })}</>
}

const tones = { accent: 'bg-accent-soft text-accent-text', neutral: 'bg-neutral-soft text-text-2' } as const

export function Tag(props: { readonly tone: keyof typeof tones; readonly text: string }) {
  return <span class={`forced-border rounded-full px-2 py-px text-12 ${tones[props.tone]}`}>{props.text}</span>
}

const isSealed = ({ type }: SettingField): boolean => type === 'proxy' || type === 'webhook' || type === 'secret'
const linesOf = (text: string): readonly string[] => text.split('\n').flatMap((line) => line.trim() || [])

const modes = ['sequential', 'random', 'round_robin', 'weighted_random', 'least_loaded', 'quota_aware'] as const
type Mode = (typeof modes)[number]
const isMode = (text: string): text is Mode => modes.some((mode) => mode === text)

const choiceText = (name: SettingName, choice: string, t: Translate): string => {
  if (name === 'accountSelectionMode' && isMode(choice)) return t(`settings.mode.${choice}`)
  return choice === '' ? t('settings.empty') : choice
}

/** A value for people, in one line. */
export function shownValue(name: SettingName, value: Value, t: Translate): string {
  if (typeof value === 'boolean') return t(value ? 'settings.on' : 'settings.off')
  if (typeof value === 'number') return shownAmount(value, placeOf(name).scale)
  if (typeof value === 'string')
    return choiceText(name, value, t) === value ? value : value && choiceText(name, value, t)
  return value.join(', ')
}

function faultText(fault: Fault, t: Translate, number: (value: number) => string): string {
  if (fault.kind === 'range') {
    return t('settings.fault.range', { minimum: number(fault.minimum), maximum: number(fault.maximum) })
  }
  if (fault.kind === 'least') return t('settings.fault.least', { minimum: number(fault.minimum) })
  return fault.kind === 'long'
    ? t('settings.fault.long', { limit: number(fault.limit) })
    : t(`settings.fault.${fault.kind}`)
}
