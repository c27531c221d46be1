import licences from 'virtual:licences'
import { For, Show } from 'solid-js'
import { useI18n } from '../../i18n/i18n.tsx'

/** What the executable is made of, with the texts these packages come under. */
export default function Licences() {
  const { t } = useI18n()
  return (
    <ul class="rounded-lg border border-border bg-surface">
      <For each={licences}>
        {(one) => (
          <li class="border-border border-b last:border-b-0">
            <details>
              <summary class="control flex cursor-pointer items-center gap-2 px-3 hover:bg-surface-2">
                <span class="wrap-anywhere min-w-0 grow">
                  {one.name} <span class="numbers text-text-3">{one.version}</span>
                </span>
                <span class="shrink-0 text-13 text-text-2">{one.licence}</span>
              </summary>
              <Show when={one.text} fallback={<p class="px-3 pb-3 text-13 text-text-3">{t('health.licencesNone')}</p>}>
                <pre class="wrap-anywhere whitespace-pre-wrap px-3 pb-3 font-mono text-12 text-text-2">{one.text}</pre>
              </Show>
            </details>
          </li>
        )}
      </For>
    </ul>
  )
}
