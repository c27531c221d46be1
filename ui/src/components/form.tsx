import type { Static, TSchema } from '@sinclair/typebox'
import { useMutation } from '@tanstack/solid-query'
import { type Accessor, createMemo, createSignal, type JSX, Show } from 'solid-js'
import { createStore, unwrap } from 'solid-js/store'
import { ApiError } from '../api/client.ts'
import { errorText } from '../api/error-text.ts'
import { createHold } from '../api/writes.tsx'
import type { Translate } from '../i18n/dictionary.ts'
import { useI18n } from '../i18n/i18n.tsx'
import { focusFault } from '../lib/focus.ts'
import { changedNames, faultsByName, nameOf, plainBody } from '../lib/form-state.ts'
import type { Format } from '../lib/format.ts'
import { type Fault, faultsOf, type Schema } from '../lib/schema-check.ts'
import { Banner } from './banner.tsx'

type Name<Values> = Extract<keyof Values, string>

type FormOptions<S extends TSchema, Values extends object, Answer> = {
  /** What the route takes, from `server/admin/contract`: the same rules as the server's. */
  readonly schema: S
  /** The values at the start, named as the server names them where they can be. Read once. */
  readonly start: Values
  /** What is sent; without it the values, texts trimmed and empty optional ones left out. */
  readonly body?: (values: Values) => unknown
  /** What the schema cannot say: a text for each value that is wrong. */
  readonly rules?: (values: Values) => Readonly<Record<string, string | undefined>>
  /** Where a member of the body goes by another name here. */
  readonly names?: Readonly<Record<string, Name<Values>>>
  /** The body is right by the schema and the rules when this is called. */
  readonly send: (body: Static<S>) => Promise<Answer>
  readonly onDone: (answer: Answer) => unknown
  /** Stands before what the server said: "The user was not created." */
  readonly failed?: string
}

export type Form<Values extends object> = {
  readonly values: Values
  readonly set: <N extends Name<Values>>(name: N, value: Values[N]) => void
  /** What a text field takes: `<TextField label=… {...form.text('name')} />`. */
  readonly text: (name: Name<Values>) => TextBinding
  readonly error: (name: Name<Values>) => string | undefined
  readonly dirty: Accessor<boolean>
  readonly changed: Accessor<readonly (keyof Values)[]>
  readonly busy: Accessor<boolean>
  /** What is wrong with none of the fields. */
  readonly fault: Accessor<string | undefined>
  /** The refusal itself, for who must answer to one code in another way. */
  readonly refusal: Accessor<ApiError | undefined>
  readonly submit: (event?: Event) => void
  /** Back to the start, or to other values as the new start. */
  readonly reset: (values?: Values) => void
  readonly ref: (element: HTMLElement) => void
}

type TextBinding = {
  readonly name: string
  readonly value: string
  readonly error: string | undefined
  readonly onInput: (event: { readonly currentTarget: { readonly value: string } }) => void
  readonly onBlur: () => void
}

/**
 * The values of a form, checked by the server's own schema: on leaving a field and on sending, not on every key. It is sent once
 * at a time; what was typed stays when that fails, and the server's refusal stands at the field it names until that changes.
 */
export function createForm<S extends TSchema, Values extends object, Answer>(
  options: FormOptions<S, Values, Answer>,
): Form<Values> {
  const { t, format } = useI18n()
  const [start, setStart] = createSignal(options.start)
  const [values, setValues] = createStore<Values>({ ...options.start })
  const change = setValues as unknown as (part: (values: Values) => Partial<Values>) => void
  const [left, setLeft] = createSignal<ReadonlySet<string>>(new Set())
  const [tried, setTried] = createSignal(false)
  // The refusal of a value goes with the value that was refused.
  const [refused, setRefused] = createSignal<ApiError>()
  const [answered, setAnswered] = createSignal<ReadonlySet<string>>(new Set())
  let element: HTMLElement | undefined
  const names = (): readonly Name<Values>[] => Object.keys(options.start) as Name<Values>[]
  const owner = (path: string): Name<Values> | undefined => options.names?.[path] ?? nameOf(path, names())
  const body = (): unknown =>
    options.body ? options.body(values) : plainBody(values, (options.schema as { required?: string[] }).required)

  const wrong = createMemo(() => {
    const faults = faultsOf(options.schema as Schema, body()).map((fault) => ({
      ...fault,
      path: owner(fault.path) ?? fault.path,
    }))
    const { named, others } = faultsByName(faults, names())
    return { named, others, own: options.rules?.(values) ?? {} }
  })
  const ownFault = (name: Name<Values>): string | undefined => {
    const { named, own } = wrong()
    const fault = named.get(name)
    return own[name] ?? (fault && faultText(fault, t, format()))
  }
  const refusedName = (): Name<Values> | undefined => {
    const field = refused()?.field
    return field === undefined ? undefined : owner(field)
  }
  const error = (name: Name<Values>): string | undefined => {
    const refusal = refused()
    if (refusal && refusedName() === name && !answered().has(name)) return errorText(refusal, t)
    return tried() || left().has(name) ? ownFault(name) : undefined
  }
  const fault = (): string | undefined => {
    const refusal = refused()
    const said = refusal && refusedName() === undefined ? errorText(refusal, t) : undefined
    const [other] = tried() ? wrong().others : []
    const words = said ?? (other && `${other.path}: ${faultText(other, t, format())}`)
    return words && [said ? options.failed : undefined, words].filter(Boolean).join(' ')
  }

  // The body is no argument and the mutation is not kept: there may be secrets in it.
  const send = useMutation(() => ({
    gcTime: 0,
    mutationFn: () => options.send(body() as Static<S>),
    onSuccess: async (answer: Answer) => {
      setStart(() => structuredClone(unwrap(values)))
      await options.onDone(answer)
    },
    onError: (failure: Error) => {
      setAnswered(new Set<string>())
      setRefused(
        failure instanceof ApiError ? failure : new ApiError({ status: 500, code: '', message: String(failure) }),
      )
      focusFault(element)
    },
  }))
  const held = createHold(() => true)
  const isWrong = (): boolean => names().some((name) => ownFault(name) !== undefined) || wrong().others.length > 0
  const set = <N extends Name<Values>>(name: N, value: Values[N]): void => {
    setAnswered(new Set([...answered(), name]))
    change(() => ({ [name]: value }) as Partial<Record<N, Values[N]>> as Partial<Values>)
  }
  return {
    values,
    set,
    error,
    fault,
    text: (name) => ({
      name,
      get value() {
        return String(values[name] ?? '')
      },
      get error() {
        return error(name)
      },
      onInput: (event) => set(name, event.currentTarget.value as Values[typeof name]),
      // Nothing is wrong yet with a field that was only passed.
      onBlur: () => values[name] !== start()[name] && setLeft(new Set([...left(), name])),
    }),
    changed: () => changedNames(values, start()),
    dirty: () => changedNames(values, start()).length > 0,
    busy: () => send.isPending,
    refusal: refused,
    submit: (event) => {
      event?.preventDefault()
      if (send.isPending || held()) return
      setTried(true)
      setRefused(undefined)
      if (isWrong()) focusFault(element)
      else send.mutate()
    },
    reset: (next) => {
      if (next) setStart(() => next)
      change(() => ({ ...start() }))
      setLeft(new Set<string>())
      setTried(false)
      setRefused(undefined)
      send.reset()
    },
    ref: (form) => {
      element = form
    },
  }
}

function faultText(fault: Fault, t: Translate, format: Format): string {
  if (!('limit' in fault)) return fault.kind === 'required' ? t('common.required') : t(`form.${fault.kind}`)
  return t(`form.${fault.kind}`, { limit: format.number(fault.limit) })
}

/** The element around the fields, with what is wrong with none of them above the buttons. */
export function FormFrame<Values extends object>(props: {
  readonly form: Form<Values>
  readonly children: JSX.Element
  readonly actions?: JSX.Element
  readonly id?: string
}) {
  return (
    <form
      ref={(element) => props.form.ref(element)}
      id={props.id}
      onSubmit={(event) => props.form.submit(event)}
      class="flex flex-col gap-4"
      novalidate
    >
      {props.children}
      <Show when={props.form.fault()}>{(fault) => <Banner tone="danger">{fault()}</Banner>}</Show>
      {props.actions}
    </form>
  )
}
