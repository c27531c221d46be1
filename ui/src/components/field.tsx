import Eye from 'lucide-solid/icons/eye'
import EyeOff from 'lucide-solid/icons/eye-off'
import { createSignal, createUniqueId, For, type JSX, onMount, Show, splitProps } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'

const inputClass =
  'control w-full rounded-md border bg-surface px-2.5 text-14 text-text max-md:text-16 disabled:opacity-60 border-control aria-invalid:border-danger'

type FrameProps = {
  readonly label: string
  readonly help?: string | undefined
  readonly error?: string | undefined
  readonly optional?: boolean | undefined
}

/** Label above, help and error below; the error is read out with the field. */
function FieldFrame(props: FrameProps & { id: string; children: JSX.Element }) {
  const { t } = useI18n()
  return (
    <div class="flex flex-col gap-1">
      <label for={props.id} class="font-medium text-13">
        {props.label}
        <Show when={props.optional}>
          <span class="font-normal text-text-3"> ({t('common.optional')})</span>
        </Show>
      </label>
      {props.children}
      <Show when={props.help}>
        <p id={`${props.id}-help`} class="text-12 text-text-3">
          {props.help}
        </p>
      </Show>
      <Show when={props.error}>
        <p id={`${props.id}-error`} class="text-12 text-danger">
          {props.error}
        </p>
      </Show>
    </div>
  )
}

/** The attribute alone works only for what was in the page when it loaded. */
function focusFirst(element: () => HTMLElement | undefined, wanted: boolean | undefined): void {
  if (wanted) onMount(() => element()?.focus({ preventScroll: true }))
}

/** Lets a caller's own `ref` have the element too. */
const handOn = <T extends HTMLElement>(ref: unknown, element: T): void => {
  if (typeof ref === 'function') ref(element)
}

const describedBy = (id: string, props: FrameProps): string | undefined =>
  [props.help && `${id}-help`, props.error && `${id}-error`].filter(Boolean).join(' ') || undefined

const own = ['label', 'help', 'error', 'optional', 'class'] as const

type TextFieldProps = FrameProps &
  JSX.InputHTMLAttributes<HTMLInputElement> & { readonly suggestions?: readonly string[]; readonly mono?: boolean }

export function TextField(props: TextFieldProps) {
  const [frame, rest] = splitProps(props, [...own, 'suggestions', 'mono', 'ref'])
  const id = createUniqueId()
  let element: HTMLInputElement | undefined
  focusFirst(() => element, props.autofocus)
  return (
    <FieldFrame id={id} {...frame}>
      <input
        type="text"
        autocomplete="off"
        spellcheck={false}
        {...rest}
        ref={(input) => {
          element = input
          handOn(frame.ref, input)
        }}
        id={id}
        list={frame.suggestions ? `${id}-list` : undefined}
        aria-invalid={frame.error ? true : undefined}
        aria-describedby={describedBy(id, frame)}
        class={`${inputClass} ${frame.mono ? 'font-mono text-13' : ''}`}
      />
      <Show when={frame.suggestions}>
        {(suggestions) => (
          <datalist id={`${id}-list`}>
            <For each={suggestions()}>{(value) => <option value={value} />}</For>
          </datalist>
        )}
      </Show>
    </FieldFrame>
  )
}

export function PasswordField(props: FrameProps & JSX.InputHTMLAttributes<HTMLInputElement> & { mono?: boolean }) {
  const { t } = useI18n()
  const [frame, rest] = splitProps(props, [...own, 'mono', 'ref'])
  const id = createUniqueId()
  let element: HTMLInputElement | undefined
  focusFirst(() => element, props.autofocus)
  const [shown, setShown] = createSignal(false)
  const [capsLock, setCapsLock] = createSignal(false)
  const noticeCapsLock = (event: KeyboardEvent): void => {
    setCapsLock(event.getModifierState?.('CapsLock') ?? false)
  }
  return (
    <FieldFrame id={id} {...frame} help={capsLock() ? t('common.capsLock') : frame.help}>
      <div class="relative">
        <input
          autocomplete="off"
          spellcheck={false}
          autocapitalize="none"
          {...rest}
          ref={(input) => {
            element = input
            handOn(frame.ref, input)
          }}
          id={id}
          type={shown() ? 'text' : 'password'}
          onKeyDown={noticeCapsLock}
          onKeyUp={noticeCapsLock}
          aria-invalid={frame.error ? true : undefined}
          aria-describedby={describedBy(id, { ...frame, help: capsLock() ? 'caps' : frame.help })}
          class={`${inputClass} pr-11 ${frame.mono ? 'font-mono text-13' : ''}`}
        />
        <button
          type="button"
          aria-pressed={shown()}
          aria-label={`${shown() ? t('common.hide') : t('common.show')}: ${frame.label}`}
          onClick={() => setShown(!shown())}
          class="absolute inset-y-0 right-0 flex w-11 items-center justify-center rounded-md text-text-3 hover:text-text"
        >
          <Show when={shown()} fallback={<Eye size={16} strokeWidth={1.75} aria-hidden="true" />}>
            <EyeOff size={16} strokeWidth={1.75} aria-hidden="true" />
          </Show>
        </button>
      </div>
    </FieldFrame>
  )
}

export function TextArea(props: FrameProps & JSX.TextareaHTMLAttributes<HTMLTextAreaElement> & { mono?: boolean }) {
  const [frame, rest] = splitProps(props, [...own, 'mono'])
  const id = createUniqueId()
  return (
    <FieldFrame id={id} {...frame}>
      <textarea
        rows={4}
        spellcheck={false}
        {...rest}
        id={id}
        aria-invalid={frame.error ? true : undefined}
        aria-describedby={describedBy(id, frame)}
        class={`${inputClass} resize-y py-1.5 ${frame.mono ? 'font-mono text-13' : ''}`}
      />
    </FieldFrame>
  )
}

type SelectFieldProps = FrameProps & {
  readonly value: string
  readonly options: readonly { readonly value: string; readonly text: string; readonly disabled?: boolean }[]
  readonly onChange: (value: string) => void
}

/** One of a list, for forms in dialogs: native, so that it opens above the dialog and as phones are used to. */
export function SelectField(props: SelectFieldProps) {
  const id = createUniqueId()
  return (
    <FieldFrame id={id} label={props.label} help={props.help} error={props.error} optional={props.optional}>
      <select
        id={id}
        aria-invalid={props.error ? true : undefined}
        aria-describedby={describedBy(id, props)}
        class={inputClass}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      >
        <For each={props.options}>
          {(option) => (
            <option
              value={option.value}
              selected={option.value === props.value}
              disabled={(option.disabled ?? false) && option.value !== props.value}
            >
              {option.text}
            </option>
          )}
        </For>
      </select>
    </FieldFrame>
  )
}

type ChoiceProps<Value extends string> = {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly text: string }[]
  readonly onChange: (value: Value) => void
}

/** A few choices side by side: native radios, so arrow keys and forms work by themselves. */
export function Choice<Value extends string>(props: ChoiceProps<Value>) {
  const name = createUniqueId()
  return (
    <fieldset class="flex flex-col gap-1">
      <legend class="mb-1 font-medium text-13">{props.label}</legend>
      <div class="flex flex-wrap gap-2">
        <For each={props.options}>
          {(option) => (
            <label class="control inline-flex cursor-pointer items-center gap-2 rounded-md border border-control px-2.5 has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2">
              <input
                type="radio"
                name={name}
                value={option.value}
                checked={props.value === option.value}
                onChange={() => props.onChange(option.value)}
                class="size-4 accent-accent outline-none"
              />
              {option.text}
            </label>
          )}
        </For>
      </div>
    </fieldset>
  )
}

export function Checkbox(props: { label: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label class="control inline-flex cursor-pointer items-center gap-2">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
        class="size-4 accent-accent"
      />
      {props.label}
    </label>
  )
}
