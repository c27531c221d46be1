import type { Conversation } from '../conversation/conversation.ts'
import type { FinishReason } from '../conversation/ending.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import { searchAsCalled } from '../conversation/search.ts'
import { ok } from '../lib/result.ts'
import type { Sink } from '../lib/source.ts'
import type { Repair } from '../relay/record.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import { type Demand, demandsAnything, readDemand } from './demand.ts'
import type { Holds } from './hold.ts'
import type { Layer, Turns } from './layer.ts'
import { createReading, type MadeCall, type Reading, uncalled, type Verdict } from './reading.ts'
import { repairOf } from './repair.ts'
import type { SchemaJudges } from './schema-judges.ts'

export type FormsDeps = {
  readonly judges: SchemaJudges
  readonly holds: Holds
  /** Whether a reply that missed is asked for once more, where the key says nothing. */
  readonly repairs: () => boolean
}

/**
 * Holds the model to the form its caller demands: JSON by a schema, a forced tool, inputs of strict tools. What fits goes on
 * as it comes, what does not is asked for once more, and what still does not is said to be none, in the API's own way.
 */
export const createForms = (deps: FormsDeps): Layer => ({
  wants: demandsAnything,
  begin: async (conversation) => {
    const demand = await readDemand(conversation, deps.judges)
    return demand.ok ? ok(demand.value.conversation) : demand
  },
  serve: async (conversation, turns) => {
    const demand = await readDemand(conversation, deps.judges)
    if (!demand.ok) return demand
    const first = await turns.run(demand.value.conversation)
    return first.ok ? ok(new FormedReply(first.value, demand.value, turns, deps)) : first
  },
})

/**
 * The same for a search that is demanded: it lies below the layer that gives the model a tool for it, and holds the first turn to
 * a call of that tool. The call goes on as it comes, also where the reply is wanted whole: one whose input is no JSON is the
 * search's to answer.
 */
export const createForcedSearches = (deps: FormsDeps): Layer => {
  const forms = createForms(deps)
  return {
    ...forms,
    wants: ({ search, toolChoice }) => search?.isForced === true && toolChoice.type === 'tool',
    serve: (conversation, turns) => forms.serve({ ...conversation, stream: true }, turns),
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
        else if (hold.add([event])) {
          const ready = reading.push(event)
          if (ready instanceof Promise) return ready.then((events) => pass(batch, at + 1, [...out, ...events]))
          for (const one of ready) out.push(one)
        } else {
          over = true
          out.push({ type: 'error', error: unmet('The reply is too large to be looked at') })
        }
      }
      if (out.length === 0) return true
      const taken = sink(out)
      const isOver = over
      return typeof taken === 'boolean' ? more(taken) && !isOver : taken.then((goesOn) => more(goesOn) && !isOver)
    }
    try {
      await stream.run((batch) => pass(batch, 0, []))
      const verdict = badInput && (await reading.badInput())
      if (verdict !== undefined) return { how: 'finished', finish: this.broken(), verdict }
      if (badInput !== undefined) await sink([badInput])
      if (over || finish === undefined) return { how: 'over' }
      return { how: 'finished', finish, verdict: await reading.finish(finish.reason) }
    } finally {
      hold.take()
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
      if (repaired.failure?.kind === 'context-too-long') return [{ type: 'error', error: repaired.failure }]
      return this.no(repaired.miss ?? miss, finish)
    }
    tell('repaired', repaired.after)
    return [...miss.rest, ...repaired.events]
  }

  private async repair(conversation: Conversation, miss: Miss, sink: Sink<readonly ReplyEvent[]>): Promise<Repaired> {
    const sent = await this.turns.run(conversation, 'repair')
    if (!sent.ok) return { after: `no reply: ${sent.error.message}`, failure: sent.error }
    const events: ReplyEvent[] = []
    let failure: GatewayError | undefined
    const read = await this.read(sent.value, createReading(this.demand, 'repair'), (batch) => {
      const searches: ReplyEvent[] = []
      for (const event of batch) {
        if (event.type === 'error') failure = event.error
        else if (event.type === 'search-call' || event.type === 'search-result') searches.push(event)
        else if (event.type !== 'reply-start') events.push(event)
      }
      return searches.length === 0 || sink(searches)
    })
    if (read.how === 'over')
      return { after: `no reply: ${failure?.message ?? 'the caller left'}`, ...(failure && { failure }) }
    const { verdict, finish } = read
    if (!verdict.kept) return { after: shown(verdict), miss: verdict }
    const all = [...events, ...verdict.events]
    if (miss.missed !== 'tool-arguments')
      return { events: [...all, ending(finish, verdict.reason)], after: wordsOf(all) }
    const calls = onlyCalls(all, miss.calls)
    return calls === undefined
      ? { after: wordsOf(all) }
      : { events: [...calls, ending(finish, 'tool-calls')], after: wordsOf(calls) }
  }

  /** The API's own way of saying that there is no answer. Nothing that has gone out is called whole. */
  private no(miss: Miss, finish: Finish): readonly ReplyEvent[] {
    const { search, toolChoice } = this.demand.conversation
    // The tool is ours, and the caller has another name for it.
    const isSearch = miss.missed === 'tool-choice' && search?.isForced === true && toolChoice.type === 'tool'
    const faults = isSearch ? [uncalled(searchAsCalled)] : miss.faults
    const reason = `${leads[miss.missed]}: ${faults.slice(0, 3).join('; ') || 'no answer'}`
    const isStrict = this.demand.value?.isStrict === true && this.demand.isWhole
    if (!miss.isOpen || miss.missed !== 'output-format' || isStrict) return [{ type: 'error', error: unmet(reason) }]
    return [
      { type: 'text-start', index: 0, isRefusal: true },
      { type: 'text-delta', index: 0, text: sentence(reason) },
      { type: 'text-end', index: 0 },
      ending(finish, 'refusal'),
    ]
  }
}

const leads: Readonly<Record<Miss['missed'], string>> = {
  'output-format': 'The model gave no answer in the form that was asked for',
  'tool-choice': 'The model did not call the tool it was told to',
  'tool-arguments': 'The model called a strict tool with an input that is not valid',
}

const sentence = (text: string): string => `${text.replace(/\.+$/, '')}.`
const unmet = (reason: string): GatewayError => gatewayError('unmet-demand', sentence(reason))
const ending = (finish: Finish, reason: FinishReason): Finish => ({
  type: 'finish',
  reason,
  usage: finish.usage,
  ...(reason === 'stop-sequence' && finish.stopSequence !== undefined && { stopSequence: finish.stopSequence }),
})

const unknown = { tokens: 0, source: 'estimated' } as const

const mostFaults = 8
const longestFault = 300
/** Of a reply, as much as stands in the request's record. */
const shownCharacters = 2_000

const shown = ({ text, calls, missed }: Miss): string =>
  (missed === 'tool-arguments' ? calls.map(({ name, json }) => `${name} ${json}`).join('\n') : text).slice(
    0,
    shownCharacters,
  )

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

/** Of the calls of a repair those that take the place of wrong ones, each once; undefined: one is missing. */
function onlyCalls(events: readonly ReplyEvent[], before: readonly MadeCall[]): readonly ReplyEvent[] | undefined {
  const missing = before.filter(({ faults }) => faults.length > 0).map(({ name }) => name)
  const taken: ReplyEvent[] = []
  let takes = false
  for (const event of events) {
    if (event.type === 'tool-call-start') {
      const at = missing.indexOf(event.name)
      takes = at >= 0
      if (takes) missing.splice(at, 1)
    }
    if (takes && event.type.startsWith('tool-call')) taken.push(event)
  }
  return missing.length === 0 ? taken : undefined
}
