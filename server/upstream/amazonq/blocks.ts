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
export function createBlocks(emit: (event: BlockEvent) => void) {
  const queue: Entry[] = []
  let nextIndex = 0
  let held = 0
  let calls = 0

  function start({ block, index }: Entry): void {
    switch (block.kind) {
      case 'text':
        emit({ type: 'text-start', index })
        break
      case 'reasoning':
        emit({ type: 'reasoning-start', index })
        break
      case 'call':
        emit({ type: 'tool-call-start', index, id: block.id, name: block.name ?? '' })
        break
      case 'redacted':
        emit({ type: 'redacted-reasoning', index, base64: block.base64 })
        break
    }
  }

  function delta(block: Block, index: number, piece: string): void {
    if (block.kind === 'text') emit({ type: 'text-delta', index, text: piece })
    else if (block.kind === 'reasoning') emit({ type: 'reasoning-delta', index, text: piece })
    else if (block.kind === 'call') emit({ type: 'tool-call-delta', index, json: piece })
  }

  function end(block: Block, index: number): void {
    if (block.kind === 'text') emit({ type: 'text-end', index })
    else if (block.kind === 'call') emit({ type: 'tool-call-end', index })
    else if (block.kind === 'reasoning') {
      emit({ type: 'reasoning-end', index, ...(block.signature === '' ? {} : { signature: block.signature }) })
    }
  }

  function drain(): void {
    for (let entry = queue[0]; entry !== undefined; entry = queue[0]) {
      const { block } = entry
      if (block.kind === 'call' && block.name === undefined) return
      if (entry.index < 0) {
        entry.index = nextIndex++
        start(entry)
      }
      if (entry.pieces.length > 0) {
        for (const piece of entry.pieces) {
          held -= piece.length
          delta(block, entry.index, piece)
        }
        entry.pieces = []
      }
      if (!block.closed) return
      end(block, entry.index)
      queue.shift()
    }
  }

  function add(block: Block): Entry {
    const entry = { block, index: -1, pieces: [] }
    queue.push(entry)
    return entry
  }

  function feed(entry: Entry, piece: string): void {
    if (piece === '') return
    // The usual case, a delta of the live block, is not held at all. (A live block's own pieces have been given out.)
    if (entry === queue[0] && entry.index >= 0) delta(entry.block, entry.index, piece)
    else {
      held += piece.length
      entry.pieces.push(piece)
    }
  }

  /** Ends a text or reasoning block at the tail: something else follows. */
  function closeTail(): void {
    const tail = queue.at(-1)?.block
    if (tail !== undefined && (tail.kind === 'text' || tail.kind === 'reasoning')) tail.closed = true
  }

  function tailOf(kind: 'text' | 'reasoning'): Entry {
    const tail = queue.at(-1)
    if (tail?.block.kind === kind && !tail.block.closed) return tail
    closeTail()
    return add({ kind, signature: '', closed: false })
  }

  return {
    text: (kind: 'text' | 'reasoning', text: string): void => {
      const only = queue.length === 1 ? queue[0] : undefined
      // The usual delta goes on with the one block that is open and live.
      if (only !== undefined && only.index >= 0 && goesOn(only.block, kind)) {
        if (text !== '') delta(only.block, only.index, text)
        return
      }
      const tail = queue.at(-1)?.block
      // Reasoning that goes on after its signature is a new block with one of its own.
      if (kind === 'reasoning' && tail?.kind === 'reasoning' && tail.signature !== '') tail.closed = true
      feed(tailOf(kind), text)
      drain()
    },
    /** Belongs to the reasoning before it, or stands alone where the model shows none of its reasoning. */
    signature: (signature: string): void => {
      const { block } = tailOf('reasoning')
      if (block.kind === 'reasoning') block.signature += signature
      drain()
    },
    redacted: (base64: string): void => {
      closeTail()
      add({ kind: 'redacted', base64, closed: true })
      drain()
    },
    call: (id: string): CallBlock => {
      closeTail()
      calls++
      const block: CallBlock = { kind: 'call', id, name: undefined, json: '', closed: false }
      add(block)
      return block
    },
    callInput: (block: CallBlock, json: string): void => {
      block.json += json
      const entry = queue.find((entry) => entry.block === block)
      if (entry !== undefined) feed(entry, json)
      drain()
    },
    /** To be called after a call's name or `closed` changed. */
    drain,
    /** No more will come. */
    finish: (): void => {
      closeTail()
      drain()
    },
    /** The reply ends in the middle: what has begun is closed as far as it came, a call without a name left out. */
    cut: (): void => {
      const named = queue.filter(({ block }) => block.kind !== 'call' || block.name !== undefined)
      queue.splice(0, queue.length, ...named)
      for (const { block } of named) if (block.kind !== 'redacted') block.closed = true
      drain()
    },
    /** The index of the text that is live and stands alone: more of it is a delta and nothing else. */
    liveText: (): number | undefined => {
      const only = queue.length === 1 ? queue[0] : undefined
      return only !== undefined && only.index >= 0 && goesOn(only.block, 'text') ? only.index : undefined
    },
    callCount: (): number => calls,
    isEmpty: (): boolean => nextIndex === 0 && queue.length === 0,
    hasUnfinished: (): boolean => queue.length > 0,
    isOverfull: (): boolean => held > maxHeldCharacters,
  }
}

/** Whether a delta of this kind belongs to the block. Reasoning that has its signature is complete. */
const goesOn = (block: Block, kind: 'text' | 'reasoning'): boolean =>
  block.kind === kind && block.signature === '' && !block.closed

export type Blocks = ReturnType<typeof createBlocks>
