import { asFault, type Fault, type FaultName } from './fault.ts'
import { exceptionFrame, type Piece } from './frames.ts'
import { splitHalves } from './split.ts'
import type { Script, Step } from './step.ts'

const defaultWaitMs = 1000
const defaultAfterFrames = 3
const upset = 'Encountered an unexpected error when processing the request, please try again.'

/** Faults that change what is said rather than how it arrives. */
export function scriptUnder(script: Script, fault: Fault | undefined): Script {
  switch (fault?.name) {
    case 'empty':
      return { ...script, steps: [], closing: false }
    case 'filtered':
      return {
        ...script,
        steps: [{ type: 'event', name: 'metadataEvent', payload: { stopReason: 'CONTENT_FILTERED' } }],
        closing: false,
      }
    case 'nothing-said':
      return { ...script, steps: [] }
    case 'cut-characters':
      return { ...script, steps: script.steps.flatMap(cutCharacters) }
    case 'stop-incomplete':
      return {
        ...script,
        steps: script.steps.map((step) =>
          step.type === 'tool'
            ? { ...step, json: (step.json ?? JSON.stringify(step.input ?? { a: 1 })).slice(0, -1) }
            : step,
        ),
      }
    default:
      return script
  }
}

/** The same said in deltas that end in the middle of each character that has two halves. */
function cutCharacters(step: Step): readonly Step[] {
  switch (step.type) {
    case 'text':
    case 'reasoning':
      return splitHalves(step.text).map((text) => ({ ...step, text, split: false }))
    case 'tool':
      return [{ ...step, fragments: splitHalves(step.json ?? JSON.stringify(step.input ?? {})) }]
    default:
      return [step]
  }
}

/** Strikes a stream of pieces with a fault of the connection or of the body. */
export function* piecesUnder(pieces: Iterable<Piece>, given: Fault | FaultName | undefined): Generator<Piece> {
  const fault = given === undefined ? undefined : asFault(given)
  const after =
    fault?.name === 'silence' || fault?.name === 'exception-first' ? 0 : (fault?.afterFrames ?? defaultAfterFrames)
  if (fault?.name === 'reset') yield { type: 'reset' }
  let content = 0
  let struck = false
  for (const piece of pieces) {
    const isDue = piece.type === 'bytes' && (piece.content ? content++ >= after : isClosing(content))
    if (fault === undefined || struck || !isDue) {
      yield piece
      continue
    }
    // A reply too short for the fault is struck at its closing frames.
    struck = true
    const then = strike(fault, piece.bytes)
    yield* then.pieces
    if (then.isLast) return
    if (!then.replaces) yield piece
  }
}

const isClosing = (contentBefore: number): boolean => contentBefore > 0

type Strike = { readonly pieces: readonly Piece[]; readonly isLast: boolean; readonly replaces: boolean }

function strike(fault: Fault, bytes: Uint8Array): Strike {
  const last = (...pieces: readonly Piece[]): Strike => ({ pieces, isLast: true, replaces: true })
  const first = (...pieces: readonly Piece[]): Strike => ({ pieces, isLast: false, replaces: false })
  const raw = (part: Uint8Array): Piece => ({ type: 'bytes', bytes: part, content: true })
  switch (fault.name) {
    case 'cut-in-frame':
      return last(raw(bytes.subarray(0, Math.ceil(bytes.length / 2))))
    case 'cut-boundary':
      return last()
    case 'reset-after-text':
      // The pause lets what was written reach the client before the break.
      return last({ type: 'pause', ms: 10 }, { type: 'reset' })
    case 'exception-first':
    case 'exception-after-text':
      return last(exceptionFrame('error', { message: upset, reason: null }))
    case 'exception-too-long':
      return last(exceptionFrame('ContentLengthExceededException', { message: 'Input is too long.' }))
    case 'silence':
    case 'silence-after-text':
      return first({ type: 'pause', ms: fault.waitMs ?? defaultWaitMs })
    case 'crc': {
      const broken = bytes.slice()
      const at = broken.length - 1
      broken[at] = (broken[at] ?? 0) ^ 0xff
      return { pieces: [raw(broken)], isLast: false, replaces: true }
    }
    default:
      return first()
  }
}

/** `slow-headers`: how long the answer waits before it starts. */
export function headersWaitMs(fault: Fault | undefined): number {
  return fault?.name === 'slow-headers' ? (fault.waitMs ?? defaultWaitMs) : 0
}
