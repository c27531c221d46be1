import { useSearchParams } from '@solidjs/router'
import { readRange, type TimeRange, writeRange } from './time-range.ts'

export type RangeState = {
  readonly range: () => TimeRange
  readonly set: (range: TimeRange) => void
  /** A text for the key of a query: of a range that moves with the time, its name. */
  readonly key: () => string
}

/** The range of a page, kept in its address. */
export function createTimeRange(): RangeState {
  const [search, setSearch] = useSearchParams<{ range: string; from: string; to: string }>()
  const range = (): TimeRange => readRange(search)
  return {
    range,
    set: (next) => setSearch(writeRange(next), { scroll: false }),
    key: () => {
      const now = range()
      return 'name' in now ? now.name : `${now.from}-${now.to}`
    },
  }
}
