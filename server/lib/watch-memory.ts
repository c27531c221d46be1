/** Tells of a holder of memory whose size is bounded: how much it has, and may have. Several of one name are added up. */
export type WatchMemory = (name: string, size: () => number, most: number) => void

export const unwatched: WatchMemory = () => {}
