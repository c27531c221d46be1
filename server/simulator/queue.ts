import type { Operation } from './call.ts'
import { asFault, type Fault, type FaultName } from './fault.ts'
import type { Script } from './step.ts'

/** An answer as it stands. */
export type RawAnswer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What the next request meets: a fault, a told reply, or an answer byte for byte. */
export type Queued = Fault | FaultName | Script | RawAnswer

export type QueueTarget = {
  /** Default: a request of any account. */
  readonly account?: string
  /** Default: `GenerateAssistantResponse`. */
  readonly operation?: Operation
  /** Default 1. */
  readonly times?: number
}

export type NextAnswer =
  | { readonly type: 'fault'; readonly fault: Fault }
  | { readonly type: 'script'; readonly script: Script }
  | { readonly type: 'raw'; readonly raw: RawAnswer }

export type Queue = {
  readonly add: (item: Queued, target?: QueueTarget) => void
  /** Takes what the next request of this kind meets: what was meant for the account before what was meant for any. */
  readonly take: (operation: Operation, accountId: string | undefined) => NextAnswer | undefined
  readonly clear: () => void
  readonly size: () => number
}

const maxQueued = 10_000

export function createQueue(): Queue {
  type Entry = { readonly answer: NextAnswer; readonly account?: string; readonly operation: Operation }
  let entries: readonly Entry[] = []
  return {
    add: (item, target = {}) => {
      const times = target.times ?? 1
      if (entries.length + times > maxQueued) throw new Error(`at most ${maxQueued} answers wait in the simulator`)
      const entry: Entry = {
        answer: answerOf(item),
        operation: target.operation ?? 'GenerateAssistantResponse',
        ...(target.account === undefined ? {} : { account: target.account }),
      }
      entries = [...entries, ...Array.from({ length: times }, () => entry)]
    },
    take: (operation, accountId) => {
      if (entries.length === 0) return undefined
      const fits = (entry: Entry): boolean => entry.operation === operation
      const own = entries.findIndex((entry) => fits(entry) && accountId !== undefined && entry.account === accountId)
      const index = own >= 0 ? own : entries.findIndex((entry) => fits(entry) && entry.account === undefined)
      const found = entries[index]
      if (found === undefined) return undefined
      entries = entries.toSpliced(index, 1)
      return found.answer
    },
    clear: () => {
      entries = []
    },
    size: () => entries.length,
  }
}

function answerOf(item: Queued): NextAnswer {
  if (typeof item === 'string') return { type: 'fault', fault: asFault(item) }
  if ('steps' in item) return { type: 'script', script: item }
  if ('status' in item) return { type: 'raw', raw: item }
  return { type: 'fault', fault: item }
}
