import { type Accessor, Show } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { parseTime } from '../lib/format.ts'

/** "3 min ago", with the exact time for the pointer and for programs. `at` is RFC 3339. */
export function TimeAgo(props: { at: string | null; now: Accessor<number>; never: string }) {
  const { format } = useI18n()
  return (
    <Show when={parseTime(props.at)} fallback={props.never}>
      {(at) => (
        <time dateTime={new Date(at()).toISOString()} title={format().exact(at())}>
          {format().relative(at(), props.now())}
        </time>
      )}
    </Show>
  )
}
