import { For, Show } from 'solid-js'
import type { RequestDetail } from '../../../../server/admin/contract/logs.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { CallCause, CallTimes } from './call-parts.tsx'
import { Section } from './section.tsx'

const faults = ['invalid-input', 'unavailable', 'uses-spent', 'rate-limited'] as const
const isFault = (outcome: string): outcome is (typeof faults)[number] => faults.some((fault) => fault === outcome)

/** The web searches that were run for a request: how each ended, what it found, how long it took. Not what was searched for. */
export function Searches(props: { readonly request: RequestDetail }) {
  const { t, format } = useI18n()
  const searches = () => props.request.route.searches ?? []
  const outcomeText = (outcome: string, results: number): string => {
    if (outcome === 'ok') return t('logs.searchFound', { count: format().number(results) })
    return isFault(outcome) ? t(`logs.searchFault.${outcome}`) : outcome
  }
  return (
    <Show when={searches().length > 0}>
      <Section title={t('logs.section.searches', { count: format().number(searches().length) })}>
        <ol class="flex flex-col gap-1 text-13">
          <For each={searches()}>
            {(search, index) => (
              <li>
                <div class="numbers flex flex-wrap justify-between gap-x-3">
                  <span class={search.outcome === 'ok' ? '' : 'text-danger'}>
                    {format().number(index() + 1)}. {outcomeText(search.outcome, search.results)}
                  </span>
                  <CallTimes call={search} />
                </div>
                <Show when={search.cause}>{(cause) => <CallCause text={cause()} />}</Show>
              </li>
            )}
          </For>
        </ol>
      </Section>
    </Show>
  )
}
