import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleDashed from 'lucide-solid/icons/circle-dashed'
import { For, Show } from 'solid-js'
import { dataOf, queries } from '../../api/queries.ts'
import { buttonClass } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

/** What stands between a new gateway and its first answer; nothing once somebody has got one. */
export function FirstSteps(props: { readonly accounts: number }) {
  const { t } = useI18n()
  const keys = useQuery(() => queries.keys())
  const steps = () => {
    const made = dataOf(keys)?.keys.filter(({ internal }) => !internal)
    if (made === undefined) return undefined
    return [
      { name: 'account', href: '/accounts', done: props.accounts > 0 },
      { name: 'key', href: '/users', done: made.length > 0 },
      { name: 'client', href: '/integrations', done: made.some(({ last_used_at: at }) => at !== null) },
    ] as const
  }
  const isOpen = (): boolean => steps()?.some(({ done }) => !done) ?? false
  return (
    <Show when={isOpen() && steps()}>
      {(list) => (
        <section class="flex flex-wrap items-center justify-between gap-x-8 gap-y-4 rounded-lg border border-border bg-surface p-5">
          <div class="flex min-w-0 flex-col gap-3">
            <div>
              <h2 class="font-semibold text-16">{t('first.title')}</h2>
              <p class="text-13 text-text-2">{t('first.lead')}</p>
            </div>
            <ol class="flex flex-col gap-2 max-md:gap-0">
              <For each={list()}>
                {({ name, href, done }) => (
                  <li class="flex items-center gap-2">
                    <Show
                      when={done}
                      fallback={
                        <CircleDashed size={16} strokeWidth={1.75} aria-hidden="true" class="shrink-0 text-text-3" />
                      }
                    >
                      <CircleCheck size={16} strokeWidth={1.75} aria-hidden="true" class="shrink-0 text-success" />
                    </Show>
                    <Show
                      when={!done}
                      fallback={
                        <span class="text-text-2">
                          {t(`first.${name}`)}
                          <span class="sr-only"> {t('first.done')}</span>
                        </span>
                      }
                    >
                      <A href={href} class="text-accent-text hover:underline max-md:py-3">
                        {t(`first.${name}`)}
                      </A>
                    </Show>
                  </li>
                )}
              </For>
            </ol>
          </div>
          <A href="/setup" class={buttonClass('primary')}>
            {t('first.guide')}
          </A>
        </section>
      )}
    </Show>
  )
}
