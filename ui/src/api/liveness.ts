import { createSignal } from 'solid-js'

/**
 * `live`: changes come by the stream; `connecting`: it is being opened; `polling`: it could not be, so the pages ask by themselves;
 * `off`: nobody looks.
 */
export type Liveness = 'off' | 'connecting' | 'live' | 'polling'

const [liveness, setLiveness] = createSignal<Liveness>('off')

export { liveness, setLiveness }

/** How often a query that the stream keeps fresh is asked for: seldom while there is one, for what the stream does not tell. */
export const pollEvery =
  (ms: number, liveMs: number | false = false): (() => number | false) =>
  () =>
    liveness() === 'live' ? liveMs : ms
