import { A } from '@solidjs/router'
import { createSignal, For, Show } from 'solid-js'
import type { RequestStats } from '../../../../server/admin/contract/logs.ts'
import { ChoiceBar } from '../../components/choice-bar.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { accountCalled } from '../../lib/account-name.ts'

const kinds = ['users', 'keys', 'models', 'accounts'] as const
type Kind = (typeof kinds)[number]

type Row = RequestStats['top_users'][number]

/** What the request log selects them by. */
const filterOf = { users: 'user', keys: 'key', models: 'model', accounts: 'account' } as const

const rowsOf = (stats: RequestStats, kind: Kind): readonly Row[] => {
  switch (kind) {
    case 'users':
      return stats.top_users
    case 'keys':
      return stats.top_keys
    case 'models':
      return stats.top_models
    case 'accounts':
      return stats.top_accounts.map(({ account_id: id, name, ...rest }) => ({
        ...rest,
        id,
        name: accountCalled(name, id),
      }))
  }
}

/** Who and what the range went to: each with its share of the tokens. */
export function Spend(props: {
  readonly stats: RequestStats
  readonly logsOf: (more: Readonly<Record<string, string>>) => string
}) {
  const { t, format } = useI18n()
  const [chosen, setKind] = createSignal<Kind>()
  // Who has no users yet has keys.
  const kind = (): Kind => chosen() ?? (props.stats.top_users.length > 0 ? 'users' : 'keys')
  const rows = () =>
    rowsOf(props.stats, kind())
      .toSorted((one, other) => other.total_tokens - one.total_tokens)
      .slice(0, 8)
  const most = (): number => Math.max(1, ...rows().map(({ total_tokens }) => total_tokens))
  return (
    <section class="flex min-w-0 flex-col gap-3 rounded-lg border border-border bg-surface p-4">
      <div class="flex flex-wrap items-center justify-between gap-2">
        <h2 class="font-semibold text-14">{t('spend.title')}</h2>
        <ChoiceBar
          legend={t('spend.by')}
          value={kind()}
          options={kinds.map((value) => ({ value, text: t(`spend.${value}`) }))}
          onChange={setKind}
        />
      </div>
      <Show when={rows().length > 0} fallback={<p class="py-6 text-center text-text-3">{t('spend.empty')}</p>}>
        <table class="numbers w-full text-13">
          <thead class="text-12 text-text-2">
            <tr class="text-right">
              <th class="py-1 text-left font-medium">{t(`spend.${kind()}`)}</th>
              <th class="py-1 pl-3 font-medium">{t('kpi.requests')}</th>
              <th class="py-1 pl-3 font-medium">{t('kpi.tokens')}</th>
              <th class="py-1 pl-3 font-medium">{t('spend.cost')}</th>
            </tr>
          </thead>
          <tbody>
            <For each={rows()}>
              {(row) => (
                <tr class="border-border border-t text-right">
                  <td class="max-w-0 py-1.5 text-left">
                    <span class="block truncate" title={row.name ?? row.id}>
                      <Show when={row.id} fallback={t('spend.nobody')}>
                        <A href={props.logsOf({ [filterOf[kind()]]: row.id })} class="hover:underline">
                          {row.name ?? row.id}
                        </A>
                      </Show>
                    </span>
                    <span class="mt-0.5 block h-1 w-full max-w-56 rounded-full bg-surface-3" aria-hidden="true">
                      <span
                        class="forced-fill block h-full rounded-full bg-chart-1"
                        style={{ width: `${Math.max(2, (row.total_tokens / most()) * 100)}%` }}
                      />
                    </span>
                  </td>
                  <td class="w-20 py-1.5 pl-3 align-top">{format().number(row.request_count)}</td>
                  <td class="w-20 py-1.5 pl-3 align-top">{format().compact(row.total_tokens)}</td>
                  <td class="w-20 py-1.5 pl-3 align-top">{format().usd(row.cost_usd)}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </Show>
    </section>
  )
}
