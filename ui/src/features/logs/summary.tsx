import { type JSX, Show } from 'solid-js'
import type { RequestStats } from '../../../../server/admin/contract/logs.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { costText, type Source } from './row-view.ts'

type Props = {
  readonly stats: RequestStats
  /** How the tokens of the rows on the page were counted; undefined: there are none. */
  readonly source: Source | undefined
}

/** What the requests of a filter come to, in one strip. */
export function LogSummary(props: Props) {
  const { t, format } = useI18n()
  const stats = () => props.stats
  const seconds = (ms: number | undefined): string => (ms === undefined ? t('logs.none') : format().duration(ms))
  const tokens = (): number => stats().total_input_tokens + stats().total_output_tokens
  return (
    <section aria-label={t('logs.summary')} class="rounded-lg border border-border bg-surface">
      <dl class="numbers grid grid-cols-2 gap-px overflow-hidden rounded-lg bg-border md:grid-cols-3 xl:grid-cols-6">
        <Tile term={t('logs.sum.requests')} value={format().number(stats().total_requests)}>
          {t('logs.sum.failed', { count: format().number(stats().failed_requests) })}
        </Tile>
        <Tile
          term={t('logs.sum.success')}
          value={stats().total_requests === 0 ? t('logs.none') : format().share(stats().success_rate / 100)}
        >
          {stats().total_requests === 0 ? '' : t('logs.sum.ok', { count: format().number(stats().success_requests) })}
        </Tile>
        <Tile term={t('logs.sum.firstToken')} value={seconds(stats().first_token_ms?.p50)}>
          <Show when={stats().first_token_ms} fallback={t('logs.sum.noStreams')}>
            {(latency) =>
              t('logs.sum.p95Streamed', {
                time: format().duration(latency().p95),
                count: format().number(latency().requests),
              })
            }
          </Show>
        </Tile>
        <Tile term={t('logs.sum.total')} value={seconds(stats().duration_ms?.p50)}>
          <Show when={stats().duration_ms}>
            {(latency) => t('logs.sum.p95', { time: format().duration(latency().p95) })}
          </Show>
        </Tile>
        <Tile
          term={t('logs.sum.tokens')}
          value={`${props.source === 'estimated' ? '~' : props.source === 'derived' ? '≈' : ''}${format().compact(tokens())}`}
        >
          <span title={props.source && t(`logs.source.${props.source}`)}>
            {t('logs.tokensOf', {
              input: format().compact(stats().total_input_tokens),
              output: format().compact(stats().total_output_tokens),
            })}
            <Show when={props.source}>{(source) => ` · ${t(`logs.source.short.${source()}`)}`}</Show>
          </span>
        </Tile>
        <Tile term={t('logs.sum.cost')} value={costText(stats().total_cost_usd, format(), t)}>
          {t('logs.sum.credits', { count: format().number(stats().total_credits) })}
        </Tile>
      </dl>
      <Show when={!stats().complete && parseTime(stats().counted_since)}>
        {(since) => (
          <p class="border-border border-t px-3 py-1.5 text-12 text-text-2">
            {t('logs.sum.since', { time: format().dateTime(since()) })}
          </p>
        )}
      </Show>
    </section>
  )
}

function Tile(props: { readonly term: string; readonly value: string; readonly children: JSX.Element }) {
  return (
    <div class="flex flex-col bg-surface px-3 py-2">
      <dt class="text-12 text-text-2">{props.term}</dt>
      <dd class="font-semibold text-16">{props.value}</dd>
      <dd class="text-12 text-text-3">{props.children}</dd>
    </div>
  )
}
