import { createSignal, For, type JSX, Show, Suspense } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { later } from '../lib/later.tsx'
import { Button } from './button.tsx'
import { type ChartForm, type ChartSeries, isEmpty, movedCursor } from './chart-data.ts'

const ChartPlot = later(() => import('./chart-plot.tsx'))

type ChartProps = {
  readonly title: string
  /** The chart in one sentence: "12,480 requests, 0.8 % failed, most at 14:00". */
  readonly summary: string
  /** Beginning of each stretch, epoch ms; `stepMs` is how long one is. */
  readonly times: readonly number[]
  readonly stepMs: number
  readonly series: readonly ChartSeries[]
  readonly form: ChartForm
  /** How a value is written in the table and at the cursor; `axis` for the short form beside the chart. */
  readonly value: (value: number) => string
  readonly axis?: (value: number) => string
  readonly top?: number
  /** Said in place of an empty chart. */
  readonly empty: string
  /** Switches and the like, beside the title. */
  readonly children?: JSX.Element
}

const swatches: Readonly<Record<ChartSeries['color'], string>> = {
  'chart-1': 'bg-chart-1',
  'chart-2': 'bg-chart-2',
  'chart-3': 'bg-chart-3',
  'chart-4': 'bg-chart-4',
  'chart-5': 'bg-chart-5',
  'chart-6': 'bg-chart-6',
  'text-3': 'bg-text-3',
  'outcome-ok': 'bg-outcome-ok',
  'outcome-client': 'bg-outcome-client',
  'outcome-limited': 'bg-outcome-limited',
  'outcome-upstream': 'bg-outcome-upstream',
}

/** As it is drawn: a line, a broken line, an area. */
function Swatch(props: { readonly series: ChartSeries; readonly form: ChartForm }) {
  const piece = (size: string): JSX.Element => (
    <span class={`forced-fill inline-block shrink-0 rounded-sm ${size} ${swatches[props.series.color]}`} />
  )
  return (
    <span aria-hidden="true" class="inline-flex shrink-0 gap-0.5">
      <Show when={props.form === 'lines'} fallback={piece('size-2.5')}>
        <Show when={props.series.dashed} fallback={piece('h-0.5 w-3.5')}>
          {piece('h-0.5 w-1.5')}
          {piece('h-0.5 w-1.5')}
        </Show>
      </Show>
    </span>
  )
}

/** Values over time: drawn for the eye, in a sentence and a table for everybody, with a cursor for pointer and arrow keys. */
export function Chart(props: ChartProps) {
  const { t, format } = useI18n()
  const [asTable, setAsTable] = createSignal(false)
  const [point, setPoint] = createSignal<{ readonly index: number; readonly left: number }>()
  const [byKey, setByKey] = createSignal(false)
  const [index, setIndex] = createSignal<number>()
  const empty = (): boolean => props.times.length === 0 || isEmpty(props.series)
  const long = (): boolean => (props.times.at(-1) ?? 0) - (props.times[0] ?? 0) > 36 * 3_600_000
  const axisTime = (at: number): string => (long() ? format().date(at) : format().time(at))
  const stretch = (at: number): string => format().range(at, at + props.stepMs)
  const said = (at: number): string =>
    [stretch(props.times[at] ?? 0), ...props.series.map(({ text, values }) => `${text}: ${shown(values[at])}`)].join(
      ', ',
    )
  const shown = (value: number | null | undefined): string =>
    value === null || value === undefined ? t('chart.nothing') : props.value(value)
  const move = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      setIndex(undefined)
      setPoint(undefined)
      return
    }
    const next = movedCursor(event.key, index() ?? point()?.index, props.times.length)
    if (next === undefined) return
    event.preventDefault()
    setByKey(true)
    setIndex(next)
  }
  return (
    <figure class="flex min-w-0 flex-col gap-2 rounded-lg border border-border bg-surface p-4">
      <figcaption class="flex flex-wrap items-start justify-between gap-x-3">
        <div class="min-w-40 flex-1">
          <h2 class="font-semibold text-14">{props.title}</h2>
          <p class="numbers text-13 text-text-2">{props.summary}</p>
        </div>
        <div class="-mt-1 -mr-2 flex shrink-0 items-center gap-2">
          {props.children}
          <Show when={!empty()}>
            <Button look="quiet" aria-pressed={asTable()} onClick={() => setAsTable(!asTable())}>
              {asTable() ? t('chart.asChart') : t('chart.asTable')}
              <span class="sr-only">: {props.title}</span>
            </Button>
          </Show>
        </div>
      </figcaption>
      <Show when={!empty()} fallback={<p class="flex h-45 items-center justify-center text-text-3">{props.empty}</p>}>
        <ul class="flex flex-wrap gap-x-4 gap-y-1 text-12 text-text-2">
          <For each={props.series}>
            {(series) => (
              <li class="inline-flex items-center gap-1.5">
                <Swatch series={series} form={props.form} />
                {series.text}
              </li>
            )}
          </For>
        </ul>
        <Show when={!asTable()} fallback={<ChartTable {...props} stretch={stretch} shown={shown} />}>
          {/* A slider over time: arrow keys are its own, and what stands at the cursor is read out. */}
          <div
            tabIndex={0}
            role="slider"
            aria-label={t('chart.label', { title: props.title })}
            aria-valuemin={0}
            aria-valuemax={props.times.length - 1}
            aria-valuenow={index() ?? props.times.length - 1}
            aria-valuetext={index() === undefined ? props.summary : said(index() ?? 0)}
            class="relative h-45 rounded-md"
            onKeyDown={move}
            onPointerMove={() => setByKey(false)}
          >
            <div aria-hidden="true" class="size-full">
              <Suspense>
                <ChartPlot
                  times={props.times}
                  stepMs={props.stepMs}
                  series={props.series}
                  form={props.form}
                  top={props.top}
                  axisTime={axisTime}
                  axisValue={props.axis ?? props.value}
                  index={index()}
                  onPoint={(next) => {
                    setPoint(next)
                    if (!byKey()) setIndex(undefined)
                  }}
                />
              </Suspense>
            </div>
            <Show when={point()}>
              {(at) => (
                <div
                  aria-hidden="true"
                  class="pointer-events-none absolute top-0 z-10 min-w-40 rounded-md border border-border bg-surface p-2 text-12 shadow-overlay"
                  classList={{ '-translate-x-full': at().left > 320 }}
                  style={{ left: `${at().left + (at().left > 320 ? -8 : 8)}px` }}
                >
                  <p class="numbers whitespace-nowrap font-medium">{stretch(props.times[at().index] ?? 0)}</p>
                  <For each={props.series}>
                    {(series) => (
                      <p class="flex items-center justify-between gap-3">
                        <span class="inline-flex items-center gap-1.5 text-text-2">
                          <Swatch series={series} form={props.form} />
                          {series.text}
                        </span>
                        <span class="numbers">{shown(series.values[at().index])}</span>
                      </p>
                    )}
                  </For>
                </div>
              )}
            </Show>
          </div>
        </Show>
      </Show>
    </figure>
  )
}

function ChartTable(
  props: ChartProps & {
    readonly stretch: (at: number) => string
    readonly shown: (value: number | null | undefined) => string
  },
) {
  const { t } = useI18n()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section tabIndex={0} aria-label={props.title} class="max-h-72 overflow-auto rounded-md border border-border">
      <table class="numbers w-full text-13">
        <thead class="sticky top-0 bg-surface-2 text-left text-12 text-text-2">
          <tr>
            <th class="px-3 py-1.5 font-medium">{t('chart.time')}</th>
            <For each={props.series}>
              {(series) => <th class="px-3 py-1.5 text-right font-medium">{series.text}</th>}
            </For>
          </tr>
        </thead>
        <tbody>
          <For each={props.times}>
            {(at, index) => (
              <tr class="border-border border-t">
                <td class="whitespace-nowrap px-3 py-1">{props.stretch(at)}</td>
                <For each={props.series}>
                  {(series) => <td class="px-3 py-1 text-right">{props.shown(series.values[index()])}</td>}
                </For>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </section>
  )
}
