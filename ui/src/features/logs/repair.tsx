import { For, Show } from 'solid-js'
import type { RequestDetail } from '../../../../server/admin/contract/logs.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { Section } from './section.tsx'

const words: Readonly<Record<string, 'logs.repaired' | 'logs.callsDropped'>> = {
  repaired: 'logs.repaired',
  dropped: 'logs.callsDropped',
}

/** A reply that was not what the caller demanded: what was wrong, and what took its place. */
export function Repair(props: { readonly request: RequestDetail }) {
  const { t } = useI18n()
  return (
    <Show when={props.request.route.repair}>
      {(repair) => (
        <Section title={t('logs.section.repair')}>
          <p class="text-13">{t(words[repair().outcome] ?? 'logs.notRepaired')}</p>
          <ul class="wrap-anywhere text-12 text-text-2" lang="en">
            <For each={repair().faults}>{(fault) => <li>{fault}</li>}</For>
          </ul>
          <For each={['before', 'after'] as const}>
            {(side) => (
              <Show when={repair()[side]}>
                {(text) => (
                  <figure>
                    <figcaption class="text-12 text-text-3">{t(`logs.repair.${side}`)}</figcaption>
                    <pre class="wrap-anywhere whitespace-pre-wrap rounded-sm bg-code-bg px-2 py-1 font-mono text-12">
                      {text()}
                    </pre>
                  </figure>
                )}
              </Show>
            )}
          </For>
        </Section>
      )}
    </Show>
  )
}
