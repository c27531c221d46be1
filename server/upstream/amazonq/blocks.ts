import type { BlockEvent } from '../../conversation/event.ts'

/** A tool call as its fragments come in. */
export type CallBlock = {
  readonly kind: 'call'
  readonly id: string
  /** In the caller's spelling; unknown until a fragment names it. */
  name: string | undefined
  /** All of the input's JSON text so far. */
  json: string
  closed: boolean
}
type TextBlock = { readonly kind: 'text' | 'reasoning'; signature: string; closed: boolean }
type RedactedBlock = { readonly kind: 'redacted'; readonly base64: string; readonly closed: true }
type Block = CallBlock | TextBlock | RedactedBlock

type Entry = { readonly block: Block; index: number; pieces: string[] }

/** Held back behind an unfinished block: far more than any sound reply has. */
const maxHeldCharacters = 16 * 1024 * 1024

/**
 * Turns what arrives in any order into blocks that follow one another. The first unfinished block is live and its pieces
 * pass at once; what belongs to later ones waits until it ends.
 */
export class Blocks {
  private readonly queue: Entry[] = []
  private nextIndex = 0
  private held = 0
  private calls = 0

  constructor(private readonly emit: (event: BlockEvent) => void) {}

  text(kind: 'text' | 'reasoning', text: string): void {
    const only = this.queue.length === 1 ? this.queue[0] : undefined
    // The usual delta goes on with the one block that is open and live.
    if (only !== undefined && only.index >= 0 && goesOn(only.block, kind)) {
      if (text !== '') this.delta(only.block, only.index, text)
      return
    }
    const tail = this.queue.at(-1)?.block
    // Reasoning that goes on after its signature is a new block with one of its own.
    if (kind === 'reasoning' && tail?.kind === 'reasoning' && tail.signature !== '') tail.closed = true
    this.feed(this.tailOf(kind), text)
    this.drain()
  }

  /** Belongs to the reasoning before it, or stands alone where the model shows none of its reasoning. */
  signature(signature: string): void {
    const { block } = this.tailOf('reasoning')
    if (block.kind === 'reasoning') block.signature += signature
    this.drain()
  }

  redacted(base64: string): void {
    this.closeTail()
    this.add({ kind: 'redacted', base64, closed: true })
    this.drain()
  }

  call(id: string): CallBlock {
    this.closeTail()
    this.calls++
    const block: CallBlock = { kind: 'call', id, name: undefined, json: '', closed: false }
    this.add(block)
    return block
  }

  callInput(block: CallBlock, json: string): void {
    block.json += json
    const entry = this.queue.find((entry) => entry.block === block)
    if (entry !== undefined) this.feed(entry, json)
    this.drain()
  }

  /** To be called after a call's name or `closed` changed. */
  drain(): void {
    const { queue } = this
    for (let entry = queue[0]; entry !== undefined; entry = queue[0]) {
      const { block } = entry
      if (block.kind === 'call' && block.name === undefined) return
      if (entry.index < 0) {
        entry.index = this.nextIndex++
        this.start(entry)
      }
      if (entry.pieces.length > 0) {
        for (const piece of entry.pieces) {
          this.held -= piece.length
          this.delta(block, entry.index, piece)
        }
        entry.pieces = []
      }
      if (!block.closed) return
      this.end(block, entry.index)
      queue.shift()
    }
  }

  /** No more will come. */
  finish(): void {
    this.closeTail()
    this.drain()
  }

  /** The reply ends in the middle: what has begun is closed as far as it came, a call without a name left out. */
  cut(): void {
    const named = this.queue.filter(({ block }) => block.kind !== 'call' || block.name !== undefined)
    this.queue.splice(0, this.queue.length, ...named)
    for (const { block } of named) if (block.kind !== 'redacted') block.closed = true
    this.drain()
  }

  /** The index of the text that is live and stands alone: more of it is a delta and nothing else. */
  liveText(): number | undefined {
    const only = this.queue.length === 1 ? this.queue[0] : undefined
    return only !== undefined && only.index >= 0 && goesOn(only.block, 'text') ? only.index : undefined
  }

  callCount(): number {
    return this.calls
  }

  isEmpty(): boolean {
    return this.nextIndex === 0 && this.queue.length === 0
  }

  hasUnfinished(): boolean {
    return this.queue.length > 0
  }

  isOverfull(): boolean {
    return this.held > maxHeldCharacters
  }

  private start({ block, index }: Entry): void {
    switch (block.kind) {
      case 'text':
        this.emit({ type: 'text-start', index })
        break
      case 'reasoning':
        this.emit({ type: 'reasoning-start', index })
        break
      case 'call':
        this.emit({ type: 'tool-call-start', index, id: block.id, name: block.name ?? '' })
        break
      case 'redacted':
        this.emit({ type: 'redacted-reasoning', index, base64: block.base64 })
        break
    }
  }

  private delta(block: Block, index: number, piece: string): void {
    if (block.kind === 'text') this.emit({ type: 'text-delta', index, text: piece })
    else if (block.kind === 'reasoning') this.emit({ type: 'reasoning-delta', index, text: piece })
    else if (block.kind === 'call') this.emit({ type: 'tool-call-delta', index, json: piece })
  }

  private end(block: Block, index: number): void {
    if (block.kind === 'text') this.emit({ type: 'text-end', index })
    else if (block.kind === 'call') this.emit({ type: 'tool-call-end', index })
    else if (block.kind === 'reasoning') {
      this.emit({ type: 'reasoning-end', index, ...(block.signature === '' ? {} : { signature: block.signature }) })
    }
  }

  private add(block: Block): Entry {
    const entry = { block, index: -1, pieces: [] }
    this.queue.push(entry)
    return entry
  }

  private feed(entry: Entry, piece: string): void {
    if (piece === '') return
    // The usual case, a delta of the live block, is not held at all. (A live block's own pieces have been given out.)
    if (entry === this.queue[0] && entry.index >= 0) this.delta(entry.block, entry.index, piece)
    else {
      this.held += piece.length
      entry.pieces.push(piece)
    }
  }

  /** Ends a text or reasoning block at the tail: something else follows. */
  private closeTail(): void {
    const tail = this.queue.at(-1)?.block
    if (tail !== undefined && (tail.kind === 'text' || tail.kind === 'reasoning')) tail.closed = true
  }

  private tailOf(kind: 'text' | 'reasoning'): Entry {
    const tail = this.queue.at(-1)
    if (tail?.block.kind === kind && !tail.block.closed) return tail
    this.closeTail()
    return this.add({ kind, signature: '', closed: false })
  }
}

/** Whether a delta of this kind belongs to the block. Reasoning that has its signature is complete. */
const goesOn = (block: Block, kind: 'text' | 'reasoning'): boolean =>
  block.kind === kind && block.signature === '' && !block.closed
