import { createEffect, on, onCleanup, onMount } from 'solid-js'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { type ChartForm, type ChartSeries, drawnSeries, drawnValues } from './chart-data.ts'

export type PlotProps = {
  readonly times: readonly number[]
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
  return {
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
      x: { time: true },
      y: { range: (_, __, max) => [0, props.top ?? (max > 0 ? (uPlot.rangeNum(0, max, 0.1, true)[1] ?? 1) : 1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 64,
        values: (_, splits) => splits.map((at) => props.axisTime(at * 1000)),
      },
      { ...axis, size: 56, space: 36, values: (_, splits) => splits.map((value) => props.axisValue(value)) },
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
          points: { show: !stacked && props.times.length < 3, size: 6 },
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
