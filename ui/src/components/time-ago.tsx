import { type Accessor, type JSX, Show } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { parseTime } from '../lib/format.ts'

/**
 * A moment, with the exact time and its zone for the pointer and for programs: day and minute, or what is said of it instead. `at`
 * is epoch ms or RFC 3339; what is no time is said without one.
 */
export function Time(props: { at: number | string | null | undefined; children?: JSX.Element }) {
  const { format } = useI18n()
  const at = (): number | undefined => (typeof props.at === 'number' ? props.at : parseTime(props.at))
  return (
    <Show when={at()} fallback={props.children}>
      {(known) => (
        <time dateTime={new Date(known()).toISOString()} title={format().exact(known())}>
          {props.children ?? format().dateTime(known())}
        </time>
      )}
    </Show>
  )
}

/** "3 min ago". `at` is RFC 3339. */
export function TimeAgo(props: { at: string | null; now: Accessor<number>; never: string }) {
  const { format } = useI18n()
  return (
    <Show when={parseTime(props.at)} fallback={props.never}>
      {(at) => <Time at={at()}>{format().relative(at(), props.now())}</Time>}
    </Show>
  )
}
