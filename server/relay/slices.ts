import type { UpstreamEvent } from '../conversation/event.ts'
import { stretches } from '../usage/estimate.ts'

/** Characters that are limited and counted in one go, which takes some milliseconds. */
export const mostAtOnce = 8 * 1024

/** Whether a batch is more than should be looked at in one go. */
export function isHuge(batch: readonly UpstreamEvent[]): boolean {
  let characters = 0
  for (const event of batch) characters += textOf(event).length
  return characters > mostAtOnce
}

/** The same reply in batches of at most `mostAtOnce` characters: what a delta holds is cut where need be. */
export function* slicesOf(batch: readonly UpstreamEvent[]): Iterable<readonly UpstreamEvent[]> {
  let slice: UpstreamEvent[] = []
  let room = mostAtOnce
  for (const event of batch) {
    const text = textOf(event)
    for (const piece of text.length > mostAtOnce ? stretches(text, mostAtOnce) : [text]) {
      if (piece.length > room) {
        yield slice
        slice = []
        room = mostAtOnce
      }
      slice.push(piece === text ? event : withText(event, piece))
      room -= piece.length
    }
  }
  yield slice
}

const textOf = (event: UpstreamEvent): string =>
  event.type === 'text-delta' || event.type === 'reasoning-delta'
    ? event.text
    : event.type === 'tool-call-delta'
      ? event.json
      : ''

const withText = (event: UpstreamEvent, text: string): UpstreamEvent =>
  event.type === 'text-delta' || event.type === 'reasoning-delta'
    ? { ...event, text }
    : event.type === 'tool-call-delta'
      ? { ...event, json: text }
      : event
