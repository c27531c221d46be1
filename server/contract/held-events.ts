import type { ReplyEvent } from '../conversation/event.ts'

/** What an event takes besides its text, characters. */
const charactersOfEvent = 64

/** Events of a reply that wait, in order. Texts that follow one another are joined: a reply comes in many pieces. */
export class HeldEvents {
  private events: ReplyEvent[] = []
  private characters = 0

  /** `counts` false: whoever adds it counts it. */
  add(event: ReplyEvent, counts = true): void {
    const last = this.events.at(-1)
    const joined = last && joinedOf(last, event)
    if (counts) this.characters += sizeOf(joined ?? event) - (joined && last ? sizeOf(last) : 0)
    if (joined === undefined) this.events.push(event)
    else this.events[this.events.length - 1] = joined
  }

  size(): number {
    return this.characters
  }

  /** Gives up all of them. */
  release(): readonly ReplyEvent[] {
    const given = this.events
    this.events = []
    this.characters = 0
    return given
  }

  /** Takes the last call out, as far as it came. */
  takeCall(): readonly ReplyEvent[] {
    const call = this.events.splice(this.events.findLastIndex(({ type }) => type === 'tool-call-start'))
    for (const event of call) this.characters -= sizeOf(event)
    return call
  }
}

function joinedOf(one: ReplyEvent, next: ReplyEvent): ReplyEvent | undefined {
  if (one.type === 'text-delta' && next.type === 'text-delta') return { ...one, text: one.text + next.text }
  if (one.type === 'tool-call-delta' && next.type === 'tool-call-delta') return { ...one, json: one.json + next.json }
  return undefined
}

function sizeOf(event: ReplyEvent): number {
  if (event.type === 'text-delta') return charactersOfEvent + event.text.length
  return charactersOfEvent + (event.type === 'tool-call-delta' ? event.json.length : 0)
}
