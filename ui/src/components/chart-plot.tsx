import { createEffect, on, onCleanup, onMount } from 'solid-js'
import uPlot from 'uplot'
import { type ChartForm, type ChartSeries, drawnSeries, drawnValues } from './chart-data.ts'

export type PlotProps = {
  readonly times: readonly number[]
  readonly stepMs: number
  readonly series: readonly ChartSeries[]
  readonly form: ChartForm
  readonly axisTime: (at: number) => string
  readonly axisValue: (value: number) => string
  /** Fixed top of the values, as 1 for shares. */
  readonly top?: number | undefined
  readonly index: number | undefined
  /** `left`: CSS px from the left edge of the chart. */
  readonly onPoint: (point: { readonly index: number; readonly left: number } | undefined) => void
}

/** The canvas: drawn anew when the series change, filled anew when only values do. */
export default function ChartPlot(props: PlotProps) {
  let host: HTMLDivElement | undefined
  let plot: uPlot | undefined
  const data = (): uPlot.AlignedData =>
    [props.times.map((at) => at / 1000), ...drawnValues(props.series, props.form)] as uPlot.AlignedData
  const draw = (): void => {
    plot?.destroy()
    if (host) plot = new uPlot(options(props, host), data(), host)
  }
  onMount(() => {
    const resized = new ResizeObserver(() => {
      if (host && plot && host.clientWidth > 0) plot.setSize({ width: host.clientWidth, height: host.clientHeight })
    })
    const themed = new MutationObserver(draw)
    if (host) resized.observe(host)
    themed.observe(document.documentElement, { attributeFilter: ['data-theme', 'lang'] })
    onCleanup(() => {
      resized.disconnect()
      themed.disconnect()
      plot?.destroy()
    })
  })
  const looks = (): string => props.series.map(({ text, color, dashed }) => `${text} ${color} ${dashed}`).join()
  createEffect(on([looks, () => props.form], draw))
  createEffect(on(data, (values) => plot?.setData(values), { defer: true }))
  createEffect(() => {
    const { index } = props
    const at = index === undefined ? undefined : props.times[index]
    if (!plot || at === undefined) return
    if (plot.cursor.idx !== index) plot.setCursor({ left: plot.valToPos(at / 1000, 'x'), top: 0 }, true)
  })
  return <div ref={(element) => (host = element)} class="size-full" />
}

const shared = uPlot.sync('page')

/** Counts have no halves. */
const wholeSteps = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat()

const lonely = (values: ArrayLike<number | null | undefined>): number[] =>
  Array.from(values, (value, index) => ({ value, index }))
    .filter(({ value, index }) => value != null && values[index - 1] == null && values[index + 1] == null)
    .map(({ index }) => index)

function options(props: PlotProps, host: HTMLElement): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  const font = `12px ${getComputedStyle(host).fontFamily}`
  const axis: uPlot.Axis = {
    stroke: color('text-3'),
    font,
    grid: { stroke: color('border'), width: 1 },
    ticks: { show: false },
  }
  const { bars, linear } = uPlot.paths
  const columns = bars?.({ size: [0.85, 48], align: 1, gap: 1 })
  const stacked = props.form !== 'lines'
  const whole = props.series.every(({ values }) => values.every((value) => value === null || Number.isInteger(value)))
  return {
    padding: [8, 28, 0, 0],
    width: host.clientWidth || 300,
    height: host.clientHeight || 180,
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { show: !stacked, size: 6 },
      sync: { key: shared.key, setSeries: false },
    },
    scales: {
      // The last stretch is drawn to its end.
      x: { time: true, range: (_, min, max) => [min, props.form === 'columns' ? max + props.stepMs / 1000 : max] },
      y: { range: (_, __, max) => [0, props.top ?? (max > 0 ? (uPlot.rangeNum(0, max, 0.1, true)[1] ?? 1) : 1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 64,
        values: (_, splits) => splits.map((at) => props.axisTime(at * 1000)),
      },
      {
        ...axis,
        size: 60,
        space: 36,
        ...(whole ? { incrs: wholeSteps } : {}),
        values: (_, splits) => splits.map((value) => props.axisValue(value)),
      },
    ],
    series: [
      {},
      ...drawnSeries(props.series, props.form).map(
        (series): uPlot.Series => ({
          label: series.text,
          stroke: color(stacked ? 'surface' : series.color),
          ...(stacked ? { fill: color(series.color) } : {}),
          width: stacked ? 1 : 2,
          ...(series.dashed ? { dash: [6, 4] } : {}),
          paths: (props.form === 'columns' ? columns : linear?.()) ?? (() => null),
          // A value without neighbours has no line.
          points: { show: !stacked, size: 5, filter: (plot, index) => lonely(plot.data[index] ?? []) },
          spanGaps: false,
        }),
      ),
    ],
    hooks: {
      setCursor: [
        ({ cursor, over }) => {
          const { idx, left = -1 } = cursor
          if (typeof idx !== 'number' || left < 0) props.onPoint(undefined)
          else props.onPoint({ index: idx, left: left + over.offsetLeft })
        },
      ],
    },
  }
}
