import { useMutation, useQuery } from '@tanstack/solid-query'
import { For, Match, Show, Switch } from 'solid-js'
import type { IpBlockView } from '../../../../server/admin/contract/ips.ts'
import { addressApi, addressQueries } from '../../api/addresses.ts'
import { errorText } from '../../api/error-text.ts'
import { MayChange } from '../../api/may-change.tsx'
import { dataOf, useRefresh } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { Time, TimeAgo } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { parseTime } from '../../lib/format.ts'

/** Every address and range that gets no answer. Used by the settings too: words of the area `addresses`. */
export function BlockList(props: { readonly onBlock: () => void }) {
  const { t, format } = useI18n()
  const refresh = useRefresh()
  const now = createClock(30_000)
  const list = useQuery(() => addressQueries.blocks())
  const unblock = useMutation(() => ({
    mutationFn: (block: IpBlockView) => addressApi.unblock(block.ip),
    onSuccess: (_answer, block) =>
      showToast({
        tone: 'info',
        text: t('addresses.unblocked', { ip: block.ip }),
        action: { text: t('common.undo'), run: () => again.mutate(block) },
      }),
    onError: (error) => showToast({ tone: 'error', text: t('addresses.unblockFailed'), detail: errorText(error, t) }),
    onSettled: () => refresh('visitors', 'blocks'),
  }))
  const again = useMutation(() => ({
    mutationFn: ({ ip }: IpBlockView) => addressApi.restore(ip),
    onError: (error) => showToast({ tone: 'error', text: t('addresses.againFailed'), detail: errorText(error, t) }),
    onSettled: () => refresh('visitors', 'blocks'),
  }))
  return (
    <Switch>
      <Match when={list.isPending}>
        <Skeleton rows={2} label={t('common.loading')} />
      </Match>
      <Match when={!dataOf(list) && list.error}>
        <ErrorState
          text={t('addresses.blocksFailed')}
          detail={errorText(list.error, t)}
          retry={t('common.retry')}
          busy={list.isFetching}
          onRetry={() => void list.refetch()}
        />
      </Match>
      <Match when={dataOf(list)}>
        {(shown) => (
          <Show
            when={shown().blocked_ips.length > 0}
            fallback={
              <div class="flex flex-wrap items-center justify-between gap-2 rounded-lg border border-border border-dashed px-4 py-3">
                <p class="text-text-2">{t('addresses.noBlocks')}</p>
                <MayChange>
                  <Button onClick={() => props.onBlock()}>{t('addresses.blockOne')}</Button>
                </MayChange>
              </div>
            }
          >
            <ul class="rounded-lg border border-border bg-surface">
              <For each={shown().blocked_ips}>
                {(block) => (
                  <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-border border-b px-3 py-1.5 last:border-b-0">
                    <span class="min-w-0">
                      <code class="wrap-anywhere font-mono text-13">{block.ip}</code>
                      <span class="numbers wrap-anywhere block text-12 text-text-2">
                        {block.reason}
                        {' · '}
                        {t('addresses.since')} <TimeAgo at={block.created_at} now={now} never={t('common.never')} />
                        {' · '}
                        {parseTime(block.expires_at) === undefined ? (
                          t('addresses.forGood')
                        ) : (
                          <Time at={block.expires_at}>
                            {t('addresses.ends', { time: format().dateTime(parseTime(block.expires_at) ?? 0) })}
                          </Time>
                        )}
                      </span>
                    </span>
                    <MayChange>
                      <Button
                        busy={unblock.isPending && unblock.variables?.ip === block.ip}
                        onClick={() => unblock.mutate(block)}
                      >
                        {t('addresses.unblock')}
                        <span class="sr-only">{block.ip}</span>
                      </Button>
                    </MayChange>
                  </li>
                )}
              </For>
            </ul>
          </Show>
        )}
      </Match>
    </Switch>
  )
}
