import { createMemo, createSignal, Match, Switch } from 'solid-js'
import type { RangeStats } from '../../api/stats.ts'
import { Chart } from '../../components/chart.tsx'
import { ChoiceBar } from '../../components/choice-bar.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { type Figures, figuresOf, peakOf, valuesOf } from './figures.ts'

type Props = { readonly stats: RangeStats }

const kinds = ['requests', 'latency', 'tokens', 'credits'] as const

/** One chart at a time, for a phone. */
export function OneChart(props: Props) {
  const { t } = useI18n()
  const [kind, setKind] = createSignal<(typeof kinds)[number]>('requests')
  return (
    <div class="flex min-w-0 flex-col gap-2">
      <ChoiceBar
        legend={t('charts.which')}
        value={kind()}
        options={kinds.map((value) => ({ value, text: t(`charts.${value}`) }))}
        onChange={setKind}
      />
      <Switch>
        <Match when={kind() === 'requests'}>
          <RequestChart stats={props.stats} />
        </Match>
        <Match when={kind() === 'latency'}>
          <LatencyChart stats={props.stats} />
        </Match>
        <Match when={kind() === 'tokens'}>
          <TokenChart stats={props.stats} />
        </Match>
        <Match when={kind() === 'credits'}>
          <CreditChart stats={props.stats} />
        </Match>
      </Switch>
    </div>
  )
}

/** One reading of the answer for all charts of the page. */
const createFigures = (props: Props): (() => Figures) => createMemo(() => figuresOf(props.stats.span, props.stats.now))

export function RequestChart(props: Props) {
  const { t, format } = useI18n()
  const figures = createFigures(props)
  const all = () => valuesOf(figures(), (group) => group.request_count, 0)
  const summary = (): string => {
    const { total_requests, success_rate } = props.stats.now
    const peak = peakOf(all())
    if (peak === undefined) return t('charts.noRequests')
    const counts = { count: format().number(total_requests), rate: format().share(success_rate / 100) }
    const at = figures().times[peak] ?? 0
    return t('charts.requestsSummary', {
      ...counts,
      most: format().number(all()[peak] ?? 0),
      time: props.stats.now.bucket === 'day' ? format().date(at) : format().dateTime(at),
    })
  }
  return (
    <Chart
      title={t('charts.requests')}
      summary={summary()}
      times={figures().times}
      stepMs={figures().stepMs}
      form="columns"
      series={[
        {
          text: t('charts.ok'),
          color: 'outcome-ok',
          values: valuesOf(figures(), (group) => group.request_count - group.failed_requests, 0),
        },
        {
          text: t('charts.failed'),
          color: 'outcome-upstream',
          values: valuesOf(figures(), (group) => group.failed_requests, 0),
        },
      ]}
      value={(value) => format().number(value)}
      axis={(value) => format().compact(value)}
      empty={t('charts.noRequests')}
    />
  )
}

export function LatencyChart(props: Props) {
  const { t, format } = useI18n()
  const figures = createFigures(props)
  const summary = (): string => {
    const { first_token_ms: first, duration_ms: total } = props.stats.now
    if (!total) return t('charts.noRequests')
    const time = (ms: number | undefined): string => (ms === undefined ? '–' : format().duration(ms))
    return t('charts.latencySummary', {
      first: time(first?.p50),
      firstWorst: time(first?.p95),
      total: time(total.p50),
      totalWorst: time(total.p95),
      samples: format().number(first?.requests ?? 0),
    })
  }
  return (
    <Chart
      title={t('charts.latency')}
      summary={summary()}
      times={figures().times}
      stepMs={figures().stepMs}
      form="lines"
      series={[
        {
          text: t('charts.first50'),
          color: 'chart-1',
          values: valuesOf(figures(), (group) => group.first_token_ms?.p50, null),
        },
        {
          text: t('charts.first95'),
          color: 'chart-1',
          dashed: true,
          values: valuesOf(figures(), (group) => group.first_token_ms?.p95, null),
        },
        {
          text: t('charts.total50'),
          color: 'chart-2',
          values: valuesOf(figures(), (group) => group.duration_ms?.p50, null),
        },
        {
          text: t('charts.total95'),
          color: 'chart-2',
          dashed: true,
          values: valuesOf(figures(), (group) => group.duration_ms?.p95, null),
        },
      ]}
      value={(value) => format().duration(value)}
      empty={t('charts.noRequests')}
    />
  )
}

export function TokenChart(props: Props) {
  const { t, format } = useI18n()
  const figures = createFigures(props)
  const summary = (): string =>
    t('charts.tokensSummary', {
      in: format().compact(props.stats.now.total_input_tokens),
      out: format().compact(props.stats.now.total_output_tokens),
    })
  return (
    <Chart
      title={t('charts.tokens')}
      summary={summary()}
      times={figures().times}
      stepMs={figures().stepMs}
      form="columns"
      series={[
        { text: t('charts.input'), color: 'chart-1', values: valuesOf(figures(), (group) => group.input_tokens, 0) },
        { text: t('charts.output'), color: 'chart-3', values: valuesOf(figures(), (group) => group.output_tokens, 0) },
      ]}
      value={(value) => format().number(value)}
      axis={(value) => format().compact(value)}
      empty={t('charts.noRequests')}
    />
  )
}

export function CreditChart(props: Props) {
  const { t, format } = useI18n()
  const figures = createFigures(props)
  const rounded = (value: number): string => format().number(Math.round(value * 100) / 100)
  return (
    <Chart
      title={t('charts.credits')}
      summary={t('charts.creditsSummary', {
        credits: rounded(props.stats.now.total_credits),
        cost: format().usd(props.stats.now.total_cost_usd),
      })}
      times={figures().times}
      stepMs={figures().stepMs}
      form="columns"
      series={[
        { text: t('charts.credits'), color: 'chart-1', values: valuesOf(figures(), (group) => group.credits, 0) },
      ]}
      value={rounded}
      axis={(value) => format().compact(value)}
      empty={t('charts.noCredits')}
    />
  )
}
