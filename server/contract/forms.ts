import type { Conversation } from '../conversation/conversation.ts'
import type { FinishReason } from '../conversation/ending.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import { searchAsCalled } from '../conversation/search.ts'
import { err, ok } from '../lib/result.ts'
import type { Sink } from '../lib/source.ts'
import type { Repair } from '../relay/record.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import { type Demand, demandsAnything, notItsTurn, readDemand } from './demand.ts'
import type { Holds } from './hold.ts'
import type { Layer, Turns } from './layer.ts'
import { mendedCalls, newCalls } from './mended-calls.ts'
import { createReading, isOwnEnd, type Reading, uncalled, type Verdict } from './reading.ts'
import { demandOfRepair, isBeside, repairOf } from './repair.ts'
import type { SchemaJudges } from './schema-judges.ts'
import { leftOutCalls, longestFault, mostFaults, sentence, unmetDemand, whyUnmet } from './unmet-demand.ts'

export type FormsDeps = {
  readonly judges: SchemaJudges
  readonly holds: Holds
  /** Whether a reply that missed is asked for once more, where the key says nothing. */
  readonly repairs: () => boolean
}

/**
 * Holds the model to the form its caller demands: JSON by a schema, a forced tool, no other tools than the offered ones, inputs of
 * strict tools. What fits goes on as it comes, what does not is asked for once more, and what still does not is said to be none, in
 * the API's own way.
 */
export const createForms = (deps: FormsDeps): Layer => ({
  wants: demandsAnything,
  looksOn: true,
  begin: async (conversation, { callerId }) => {
    const demand = await readDemand(conversation, deps.judges, { callerId, signal: new AbortController().signal })
    return demand.ok ? ok(demand.value.conversation) : demand
  },
  serve: async (conversation, turns) => {
    let isUnjudged = false
    const asker = {
      callerId: turns.asked.callerId,
      signal: turns.signal,
      onBusy: () => {
        isUnjudged = true
      },
    }
    const demand = await readDemand(conversation, deps.judges, asker)
    if (!demand.ok) return turns.signal.aborted ? err(gatewayError('cancelled', 'The caller left.')) : demand
    const first = await turns.run(demand.value.conversation)
    return first.ok ? ok(new FormedReply(first.value, demand.value, turns, deps, () => isUnjudged)) : first
  },
})

/**
 * The same for a search that is demanded: it lies below the layer that gives the model a tool for it, and holds the first turn to
 * a call of that tool. The call goes on as it comes, also where the reply is wanted whole: one whose input is no JSON is the
 * search's to answer.
 */
export const createForcedSearches = (deps: FormsDeps): Layer => {
  const { begin, serve } = createForms(deps)
  return {
    begin,
    wants: ({ search, toolChoice }) => search?.isForced === true && toolChoice.type === 'tool',
    serve: (conversation, turns) => serve({ ...conversation, stream: true }, turns),
  }
}

type Finish = Extract<ReplyEvent, { type: 'finish' }>
type Miss = Extract<Verdict, { kept: false }>

/** How a turn was read to its end. */
type Read =
  | { readonly how: 'finished'; readonly finish: Finish; readonly verdict: Verdict }
  /** It ended by an error, which has gone on, or nobody reads any more. */
  | { readonly how: 'over' }

/** What became of a repair; without `events` it did not mend the reply. */
type Repaired = {
  readonly events?: readonly ReplyEvent[]
  readonly after: string
  readonly miss?: Miss
  readonly failure?: GatewayError
}

class FormedReply implements ReplyStream {
  constructor(
    private readonly first: ReplyStream,
    private readonly demand: Demand,
    private readonly turns: Turns,
    private readonly deps: FormsDeps,
    /** Something could not be judged, since too many others wait for it. */
    private readonly isUnjudged: () => boolean,
  ) {}

  drop(): void {
    this.first.drop()
  }

  async run(sink: Sink<readonly ReplyEvent[]>): Promise<void> {
    const { demand } = this
    const mode = demand.isWhole ? 'whole' : 'live'
    const read = await this.read(this.first, createReading(demand, mode), sink)
    if (read.how === 'over') return
    const { verdict, finish } = read
    if (verdict.kept) {
      if (verdict.leftOut.length > 0) this.turns.tell(leftOutCalls(verdict.leftOut))
      await sink([...verdict.events, ending(finish, verdict.reason)])
      return
    }
    await sink(await this.afterMiss(verdict, finish, sink))
  }

  /** Reads a turn; what may go on goes on. */
  private async read(stream: ReplyStream, reading: Reading, sink: Sink<readonly ReplyEvent[]>): Promise<Read> {
    const hold = this.deps.holds.open()
    let finish: Finish | undefined
    let badInput: Extract<ReplyEvent, { type: 'error' }> | undefined
    let over = false
    const more = (taken: boolean): boolean => {
      if (!taken) over = true
      return taken
    }
    const hasRoom = (): boolean => hold.resize(reading.holds()) || (reading.forget() && hold.resize(reading.holds()))
    const pass = (batch: readonly ReplyEvent[], from: number, out: ReplyEvent[]): boolean | Promise<boolean> => {
      for (let at = from; at < batch.length && !over && finish === undefined; at++) {
        const event = batch[at]
        if (event === undefined) continue
        if (event.type === 'finish') finish = event
        else if (event.type === 'error' && event.error.isBadInput) {
          over = true
          badInput = event
        } else if (event.type === 'error') {
          over = true
          out.push(event)
        } else if (event.type === 'reply-start') out.push(event)
        else {
          const ready = reading.push(event)
          if (ready instanceof Promise) return ready.then((events) => pass(batch, at + 1, [...out, ...events]))
          for (const one of ready) out.push(one)
          if (hasRoom()) continue
          over = true
          out.push({ type: 'error', error: gatewayError('unmet-demand', 'The reply is too large to be looked at.') })
        }
      }
      if (out.length === 0) return true
      const taken = sink(out)
      const isOver = over
      return typeof taken === 'boolean' ? more(taken) && !isOver : taken.then((goesOn) => more(goesOn) && !isOver)
    }
    try {
      await stream.run((batch) => {
        const [only] = batch
        if (batch.length !== 1 || only === undefined || !reading.passes(only) || !hasRoom()) return pass(batch, 0, [])
        const taken = sink(batch)
        return typeof taken === 'boolean' ? more(taken) : taken.then(more)
      })
      const verdict = badInput && (await reading.badInput())
      if (verdict !== undefined) return { how: 'finished', finish: this.broken(), verdict }
      if (badInput !== undefined) await sink([badInput])
      if (over || finish === undefined) return { how: 'over' }
      return { how: 'finished', finish, verdict: await reading.finish(finish.reason) }
    } finally {
      hold.free()
    }
  }

  /** The end of a reply that broke off: what it has used is counted, if not told. */
  private broken(): Finish {
    const usage = this.turns.usage() ?? { input: unknown, output: unknown }
    return { type: 'finish', reason: 'tool-calls', usage }
  }

  /** What the caller gets in place of a reply that missed. */
  private async afterMiss(
    miss: Miss,
    finish: Finish,
    sink: Sink<readonly ReplyEvent[]>,
  ): Promise<readonly ReplyEvent[]> {
    if (this.isUnjudged()) return unjudged
    const { turns, demand, deps } = this
    const isOn = turns.asked.terms?.repair ?? deps.repairs()
    const spent = turns.usage()?.output.tokens ?? 0
    const again = miss.isOpen && !turns.signal.aborted ? repairOf(demand, miss, spent) : undefined
    const tell = (outcome: Repair['outcome'], after?: string): void =>
      turns.tell({
        of: miss.missed,
        outcome,
        faults: miss.faults.map((fault) => fault.slice(0, longestFault)).slice(0, mostFaults),
        before: shown(miss),
        ...(after !== undefined && { after: after.slice(0, shownCharacters) }),
      })
    if (!isOn || again === undefined) {
      tell(isOn ? 'late' : 'off')
      return this.no(miss, finish)
    }
    const repaired = await this.repair(again, miss, sink)
    // Nobody is left to be told, and it is not the model's fault.
    if (repaired.events === undefined && turns.signal.aborted) return []
    if (repaired.events === undefined) {
      tell('failed', repaired.after)
      // The caller can do something about it: in a shorter conversation there is room for the repair.
      if (repaired.failure?.kind === 'context-too-long' && !this.stands(miss))
        return [{ type: 'error', error: repaired.failure }]
      const told = this.stands(miss) ? miss : (repaired.miss ?? miss)
      return this.no({ ...told, hasBegun: miss.hasBegun }, finish)
    }
    tell('repaired', repaired.after)
    return [...miss.rest, ...repaired.events]
  }

  private async repair(conversation: Conversation, miss: Miss, sink: Sink<readonly ReplyEvent[]>): Promise<Repaired> {
    const { turns } = this
    const until = turns.elapsed() + Math.max(leastRepairMs, 2 * turns.elapsed())
    const sent = await turns.run(conversation, 'repair')
    if (!sent.ok) return { after: `no reply: ${sent.error.message}`, failure: sent.error }
    const events: ReplyEvent[] = []
    let failure: GatewayError | undefined
    let isLate = false
    const reading = createReading(demandOfRepair(this.demand, miss), 'repair')
    const read = await this.read(sent.value, reading, (batch) => {
      const searches: ReplyEvent[] = []
      for (const event of batch) {
        if (event.type === 'error') failure = event.error
        else if (event.type === 'search-call' || event.type === 'search-result') searches.push(event)
        else if (event.type !== 'reply-start') events.push(event)
      }
      isLate = turns.elapsed() > until
      return !isLate && (searches.length === 0 || sink(searches))
    })
    if (isLate) return { after: 'no reply: it took too long' }
    if (read.how === 'over')
      return { after: `no reply: ${failure?.message ?? 'the caller left'}`, ...(failure && { failure }) }
    const { verdict, finish } = read
    if (!verdict.kept) return { after: shown(verdict), miss: verdict }
    const all = [...events, ...verdict.events]
    if (miss.missed !== 'tool-arguments' && miss.calls.length === 0)
      return { events: [...all, ending(finish, verdict.reason)], after: wordsOf(all) }
    const isWhole = isOwnEnd(verdict.reason)
    const calls = miss.missed === 'tool-arguments' ? mendedCalls(all, miss.calls) : newCalls(all, miss.calls)
    return calls === undefined || !isWhole
      ? { after: wordsOf(all) }
      : { events: [...calls, ending(finish, 'tool-calls')], after: wordsOf(calls) }
  }

  /** Good calls stand, whatever stood beside them, and so do words where there is no tool to call. */
  private stands(miss: Miss): boolean {
    const isAnswered = miss.missed === 'tool-choice' && miss.hasWords && this.demand.calls.offered.size === 0
    return isAnswered || isBeside(miss)
  }

  /** The API's own way of saying that there is no answer. Nothing that has gone out is called whole. */
  private no(miss: Miss, finish: Finish): readonly ReplyEvent[] {
    if (this.isUnjudged()) return unjudged
    if (this.stands(miss)) return [...miss.rest, ending(finish, miss.calls.length > 0 ? 'tool-calls' : 'end')]
    const { search, toolChoice } = this.demand.conversation
    // The tool is ours, and the caller has another name for it.
    const isSearch = miss.missed === 'tool-choice' && search?.isForced === true && toolChoice.type === 'tool'
    const faults = isSearch ? [uncalled(searchAsCalled)] : miss.faults
    const reason = whyUnmet(miss.missed, faults)
    const isStrict = this.demand.value?.isStrict === true && this.demand.isWhole
    if (!miss.isOpen || miss.hasBegun || miss.missed !== 'output-format' || isStrict)
      return [{ type: 'error', error: unmetDemand(miss.missed, faults) }]
    return [
      { type: 'text-start', index: 0, isRefusal: true },
      { type: 'text-delta', index: 0, text: sentence(reason) },
      { type: 'text-end', index: 0 },
      ending(finish, 'refusal'),
    ]
  }
}

const unjudged: readonly ReplyEvent[] = [
  { type: 'error', error: notItsTurn('The answer could not be judged: too many others wait for it.') },
]

const ending = (finish: Finish, reason: FinishReason): Finish => ({
  type: 'finish',
  reason,
  usage: finish.usage,
  ...(reason === 'stop-sequence' && finish.stopSequence !== undefined && { stopSequence: finish.stopSequence }),
})

const unknown = { tokens: 0, source: 'estimated' } as const

/** A repair may take twice as long as what it repairs, and so long in any case: the caller waits and sees nothing of it. */
const leastRepairMs = 120_000
/** Of a reply, as much as stands in the request's record. */
const shownCharacters = 2_000

function shown({ text, calls, strays, missed }: Miss): string {
  const made = calls.map(({ name, json }) => `${name} ${json}`)
  const lines = { 'output-format': [text], 'tool-choice': [text, ...made, ...strays], 'tool-arguments': made }[missed]
  return lines
    .filter((line) => line !== '')
    .join('\n')
    .slice(0, shownCharacters)
}

const wordsOf = (events: readonly ReplyEvent[]): string =>
  events
    .map((event) =>
      event.type === 'text-delta'
        ? event.text
        : event.type === 'tool-call-delta'
          ? event.json
          : event.type === 'tool-call-start'
            ? `${event.name} `
            : '',
    )
    .join('')
    .slice(0, shownCharacters)
