import type { UpstreamEvent } from './event.ts'

/**
 * Neighbouring deltas of one block as one delta. Events of one batch arrived in one network read and leave in one write, so
 * nobody waits longer for them; what lies between costs per delta, and a reply is hundreds of deltas of a few characters.
 */
export function joinDeltas(batch: readonly UpstreamEvent[]): readonly UpstreamEvent[] {
  if (batch.length < 2) return batch
  const out: UpstreamEvent[] = []
  let last: UpstreamEvent | undefined
  let text = ''
  const settle = (): void => {
    if (last === undefined) return
    if (last.type === 'text-delta' || last.type === 'reasoning-delta') out.push({ ...last, text })
    else if (last.type === 'tool-call-delta') out.push({ ...last, json: text })
    last = undefined
    text = ''
  }
  for (const event of batch) {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
        if (last?.type !== event.type || last.index !== event.index) settle()
        last = event
        text += event.text
        break
      case 'tool-call-delta':
        if (last?.type !== event.type || last.index !== event.index) settle()
        last = event
        text += event.json
        break
      default:
        settle()
        out.push(event)
    }
  }
  settle()
  return out
}
