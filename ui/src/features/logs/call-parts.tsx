import { useI18n } from '../../i18n/i18n.tsx'

/** When a call to the provider began, counted from the request, and how long it took. */
export function CallTimes(props: { readonly call: { readonly startedMs: number; readonly endedMs: number } }) {
  const { t, format } = useI18n()
  return (
    <span class="text-text-2">
      {t('logs.attemptTimes', {
        start: format().duration(props.call.startedMs),
        time: format().duration(Math.max(0, props.call.endedMs - props.call.startedMs)),
      })}
    </span>
  )
}

const purposes = ['repair', 'search', 'summary'] as const

/** What a further turn of the model was for; undefined: it answered the caller. */
export function purposeKey(purpose: string | undefined) {
  const known = purposes.find((one) => one === purpose)
  return known && (`logs.purpose.${known}` as const)
}

/** The provider's own words. */
export function CallCause(props: { readonly text: string; readonly class?: string }) {
  return (
    <p lang="en" class={`wrap-anywhere rounded-sm bg-code-bg px-2 py-1 font-mono text-12 ${props.class ?? ''}`}>
      {props.text}
    </p>
  )
}
