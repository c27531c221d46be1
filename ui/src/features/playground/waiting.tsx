import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { For, Show } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { dataOf, queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { buttonClass } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { serverTime } from '../../lib/server-clock.ts'
import { fullName, statusText } from '../accounts/status.ts'

/** How long one waits before it is said what goes on. */
const patienceMs = 5_000

/** Nothing has come yet; after a while, what the gateway is up against and where to look. */
export function Waiting(props: { sentAt: number }) {
  const { t, format } = useI18n()
  const now = createClock(1000)
  const waited = (): number => now() - serverTime(props.sentAt)
  const late = (): boolean => waited() >= patienceMs
  const accounts = useQuery(() => ({ ...queries.accounts({ page: 1 }), enabled: late() }))
  const ready = (): string | undefined => {
    const list = dataOf(accounts)
    if (!list) return undefined
    return t('accounts.answer', {
      ready: format().number(list.counts.ready ?? 0),
      total: format().number(list.accountStats.totalCount),
    })
  }
  return (
    <Show when={late()} fallback={<p class="text-text-3">{t('playground.waiting')}</p>}>
      <Banner
        tone="info"
        action={
          <A href="/accounts" class={buttonClass('secondary')}>
            {t('nav.accounts')}
          </A>
        }
      >
        <p>{t('playground.late', { time: format().left(waited()) })}</p>
        <Show when={ready()}>
          <p class="text-12">{ready()}</p>
        </Show>
        <For each={troubled(dataOf(accounts)?.accounts ?? [])}>
          {(account) => (
            <p class="text-12">
              {fullName(account)}: {statusText(account, t, format(), now())}
            </p>
          )}
        </For>
      </Banner>
    </Show>
  )
}

/** Those that do not serve, the worst first; the rest is on their page. */
const troubled = (accounts: readonly AccountListItem[]): readonly AccountListItem[] =>
  accounts.filter(({ state }) => state !== 'ready' && state !== 'disabled').slice(0, 3)
