/** The colours of styles/tokens.css that charts may have; the outcome ones never mean anything else. */
export type ChartColor =
  | 'chart-1'
  | 'chart-2'
  | 'chart-3'
  | 'chart-4'
  | 'chart-5'
  | 'chart-6'
  | 'text-3'
  | 'outcome-ok'
  | 'outcome-client'
  | 'outcome-limited'
  | 'outcome-upstream'

export type ChartSeries = {
  readonly text: string
  readonly color: ChartColor
  /** One for each time; null where there is nothing to say, which is not zero. */
  readonly values: readonly (number | null)[]
  readonly dashed?: boolean
}

/** `columns` and `area` stand on one another, in the order given from below. */
export type ChartForm = 'columns' | 'lines' | 'area'

/** What is drawn: for stacked forms each series with all below it, highest first, so that the lower ones cover it. */
export function drawnValues(series: readonly ChartSeries[], form: ChartForm): readonly (readonly (number | null)[])[] {
  if (form === 'lines') return series.map(({ values }) => values)
  let below: readonly number[] = []
  const sums = series.map(({ values }) => {
    below = values.map((value, index) => (value ?? 0) + (below[index] ?? 0))
    return below
  })
  return sums.toReversed()
}

export const drawnSeries = (series: readonly ChartSeries[], form: ChartForm): readonly ChartSeries[] =>
  form === 'lines' ? series : series.toReversed()

/** True when there is nothing but gaps and zeros. */
export const isEmpty = (series: readonly ChartSeries[]): boolean =>
  !series.some(({ values }) => values.some((value) => value !== null && value !== 0))

/** Where an arrow key leads from `index`; undefined: no cursor yet, or none any more. */
export function movedCursor(key: string, index: number | undefined, count: number): number | undefined {
  const last = count - 1
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, (index ?? count) - 1)
    case 'ArrowRight':
      return Math.min(last, (index ?? -1) + 1)
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return undefined
  }
}
