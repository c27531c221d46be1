import { A } from '@solidjs/router'
import TrendingDown from 'lucide-solid/icons/trending-down'
import TrendingUp from 'lucide-solid/icons/trending-up'
import { type JSX, Show } from 'solid-js'
import type { RequestStats } from '../../../../server/admin/contract/logs.ts'
import type { RangeStats } from '../../api/stats.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { changeOf, roundedCredits } from './figures.ts'

/** The range in a few numbers, each beside as long a time before. */
export function KeyFigures(props: {
  readonly stats: RangeStats
  readonly active: number | undefined
  /** The request log with what a figure counts. */
  readonly logsOf: (more: Readonly<Record<string, string>>) => string
}) {
  const { t, format } = useI18n()
  const now = () => props.stats.now
  const before = (name: keyof NonNullable<RequestStats['before']>): number => now().before?.[name] ?? 0
  const tokens = (): number => now().total_input_tokens + now().total_output_tokens
  const first = () => now().first_token_ms
  return (
    <dl class="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
      <Tile
        name={t('kpi.requests')}
        value={format().number(now().total_requests)}
        href={props.logsOf({})}
        change={changeOf(now().total_requests, before('total_requests'))}
      />
      <Tile
        name={t('kpi.success')}
        noteHref={props.logsOf({ status: 'failed' })}
        value={now().total_requests > 0 ? format().share(now().success_rate / 100) : '–'}
        note={
          now().failed_requests > 0
            ? t(`kpi.failed.${format().form(now().failed_requests)}`, { count: format().number(now().failed_requests) })
            : undefined
        }
      />
      <Tile
        name={t('kpi.tokens')}
        value={format().compact(tokens())}
        change={changeOf(tokens(), before('total_input_tokens') + before('total_output_tokens'))}
        note={t('kpi.inOut', {
          in: format().compact(now().total_input_tokens),
          out: format().compact(now().total_output_tokens),
        })}
      />
      <Tile
        name={t('kpi.credits')}
        value={format().number(roundedCredits(now().total_credits))}
        change={changeOf(now().total_credits, before('total_credits'))}
        note={t('kpi.cost', { cost: format().usd(now().total_cost_usd) })}
      />
      <Tile
        name={t('kpi.firstToken')}
        value={first() ? format().duration(first()?.p50 ?? 0) : '–'}
        note={first() ? t('kpi.p95', { time: format().duration(first()?.p95 ?? 0) }) : t('kpi.noStreams')}
      />
      <Tile name={t('kpi.active')} value={format().number(props.active ?? 0)} note={t('kpi.activeNow')} />
    </dl>
  )
}

function Tile(props: {
  readonly name: string
  readonly value: string
  readonly note?: string | undefined
  readonly href?: string
  readonly noteHref?: string
  readonly change?: number | undefined
}): JSX.Element {
  const { t, format } = useI18n()
  return (
    <div class="flex min-w-0 flex-col gap-0.5 rounded-lg border border-border bg-surface px-4 py-3">
      <dt class="text-12 text-text-2">{props.name}</dt>
      <dd class="numbers font-semibold text-24">
        <Maybe href={props.href}>{props.value}</Maybe>
      </dd>
      <Show when={props.note}>
        <dd class="numbers text-12 text-text-3">
          <Maybe href={props.noteHref}>{props.note}</Maybe>
        </dd>
      </Show>
      <Show when={props.change !== undefined && props.change}>
        {(change) => (
          <dd class="numbers inline-flex items-center gap-1 text-12 text-text-3" title={t('kpi.before')}>
            <Show when={change() > 0} fallback={<TrendingDown size={14} strokeWidth={1.75} aria-hidden="true" />}>
              <TrendingUp size={14} strokeWidth={1.75} aria-hidden="true" />
            </Show>
            {change() > 0 ? '+' : ''}
            {format().percent(change())}
            <span class="sr-only">{t('kpi.before')}</span>
          </dd>
        )}
      </Show>
    </div>
  )
}

/** A way to the requests behind it, where there is one. */
function Maybe(props: { readonly href: string | undefined; readonly children: JSX.Element }) {
  return (
    <Show when={props.href} fallback={props.children}>
      {(href) => (
        <A href={href()} class="inline-flex items-center hover:underline max-md:-my-2 max-md:min-h-11 max-md:min-w-11">
          {props.children}
        </A>
      )}
    </Show>
  )
}
