import { type Component, createMemo, createResource, createSignal, type JSX } from 'solid-js'
import { createComponent } from 'solid-js/web'

const retryMs = 3_000
const lookMs = 2_000

/** Why parts that are wanted have not come: the server is away, or answers and has none such, as after an upgrade. */
export type Lack = 'away' | 'gone'

const [lacks, setLacks] = createSignal<ReadonlyMap<object, Lack>>(new Map())

export const lack = (): Lack | undefined => {
  const all = [...lacks().values()]
  return all.includes('gone') ? 'gone' : all[0]
}

const answers = (): Promise<boolean> =>
  fetch('/healthz', { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  )

export type Later<Props extends object> = Component<Props> & {
  /** Comes to an end once the part is there, however long the server is away. */
  readonly whenThere: () => Promise<void>
}

/**
 * A part of a page whose code comes when it is first shown, or before, when there is nothing else to do (`loadWhenIdle`). What
 * cannot be loaded is asked for again until it comes; meanwhile `lack` says why, and the page stays as it is.
 */
export function later<Props extends object = object>(
  load: () => Promise<{ readonly default: Component<Props> }>,
): Later<Props> {
  const self = {}
  let part: Component<Props> | undefined
  let coming: Promise<void> | undefined
  const fetchOnce = async (): Promise<void> => {
    part ??= (await load()).default
  }
  const note = (why: Lack | undefined): unknown =>
    setLacks((all) => new Map([...all].filter(([one]) => one !== self).concat(why ? [[self, why]] : [])))
  const untilThere = async (): Promise<void> => {
    for (let first = true; ; first = false) {
      try {
        await fetchOnce()
        if (!first) note(undefined)
        return
      } catch {
        note((await answers()) ? 'gone' : 'away')
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }
  const whenThere = (): Promise<void> => (coming ??= untilThere())
  spare.push(fetchOnce)
  const Part = (props: Props): JSX.Element => {
    if (part) return createComponent(part, props)
    const [there] = createResource(() => whenThere().then(() => true))
    return createMemo(() => (there() && part ? createComponent(part, props) : undefined)) as unknown as JSX.Element
  }
  return Object.assign(Part, { whenThere })
}

const spare: (() => Promise<void>)[] = []

/** Loads what may be wanted soon, once the page has been quiet for a while: so that it is there when the server is not. Gives the way to end it. */
export function loadWhenIdle(isQuiet: () => boolean): () => void {
  let wasQuiet = false
  const timer = setInterval(() => {
    const quiet = isQuiet() && document.visibilityState === 'visible'
    // One that cannot be loaded now is asked for when it is wanted.
    if (quiet && wasQuiet) for (const load of spare.splice(0)) void load().catch(() => undefined)
    wasQuiet = quiet
  }, lookMs)
  return () => clearInterval(timer)
}
