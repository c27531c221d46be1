import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import type { AccountList } from '../../../../server/admin/contract/accounts.ts'
import { Meter } from '../../components/meter.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { accountCalled } from '../../lib/account-name.ts'
import { createClock } from '../../lib/clock.ts'
import { parseTime } from '../../lib/format.ts'

const levelOf = (ratio: number) => (ratio >= 0.9 ? 'danger' : ratio >= 0.7 ? 'warning' : 'normal')

/** What all accounts together may still spend, when it will be gone at this rate, and who is nearest to the end. */
export function PoolQuota(props: { readonly list: AccountList }) {
  const { t, format } = useI18n()
  const now = createClock(30_000)
  const quota = () => props.list.quotaStats
  const ratio = (): number => (quota().totalLimit > 0 ? quota().totalUsage / quota().totalLimit : 0)
  const runsOut = (): string | undefined => {
    const at = parseTime(quota().runsOutAt)
    return at === undefined
      ? undefined
      : t('quota.runsOut', { when: format().relative(at, now()), date: format().dateTime(at) })
  }
  const nearest = () =>
    props.list.accounts.filter(({ usage_limit, usage_current }) => usage_limit > 0 && usage_current > 0)
  return (
    <section class="flex min-w-0 flex-col gap-3 rounded-lg border border-border bg-surface p-4">
      <h2 class="font-semibold text-14">{t('quota.title')}</h2>
      <Show when={quota().totalLimit > 0} fallback={<p class="text-text-3">{t('quota.unknown')}</p>}>
        <div class="numbers flex flex-col gap-1.5">
          <p class="flex items-baseline justify-between gap-3">
            <span>
              <span class="font-semibold text-20">{format().number(Math.round(quota().totalUsage))}</span>
              <span class="text-text-2">
                {' '}
                {t('quota.of', { limit: format().number(Math.round(quota().totalLimit)) })}
              </span>
            </span>
            <span class="font-medium">{format().percent(ratio())}</span>
          </p>
          <Meter ratio={ratio()} level={levelOf(ratio())} label={t('quota.title')} />
          <p class="text-13 text-text-2">
            <Show when={quota().burnPerHour}>
              {(burn) => <>{t('quota.burn', { credits: format().number(Math.round(burn() * 10) / 10) })} · </>}
            </Show>
            <Show when={runsOut()} fallback={quota().burnPerHour ? t('quota.lasts') : t('quota.noRate')}>
              {(text) => <span class="font-medium text-warning">{text()}</span>}
            </Show>
          </p>
        </div>
        <Show when={nearest().length > 0}>
          <div class="flex flex-col gap-2 border-border border-t pt-3">
            <h3 class="text-12 text-text-2">{t('quota.nearest')}</h3>
            <ul class="flex flex-col gap-2">
              <For each={nearest()}>
                {(account) => {
                  const share = (): number => account.usage_current / account.usage_limit
                  return (
                    <li class="numbers flex items-center gap-3 text-13">
                      <A
                        href={`/accounts/${encodeURIComponent(account.id)}`}
                        class="min-w-0 flex-1 truncate text-accent-text hover:underline max-md:py-3"
                      >
                        {accountCalled(account.label || account.email || undefined, account.id)}
                      </A>
                      <span class="w-24 shrink-0">
                        <Meter
                          ratio={share()}
                          level={levelOf(share())}
                          label={accountCalled(account.label || account.email || undefined, account.id)}
                        />
                      </span>
                      <span class="w-11 shrink-0 text-right">{format().percent(share())}</span>
                    </li>
                  )
                }}
              </For>
            </ul>
          </div>
        </Show>
      </Show>
    </section>
  )
}
