import type { Conversation, Message, ToolResultPart } from '../conversation/conversation.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import {
  type SearchFault,
  type SearchOutcome,
  type SearchResult,
  type SearchWish,
  searchText,
} from '../conversation/search.ts'
import { cutText } from '../lib/sound-text.ts'
import type { Sink } from '../lib/source.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import type { Search } from '../relay/search.ts'
import { longestQuery } from '../upstream/search.ts'
import { addressKey, charactersOf, citationsIn } from './citations.ts'
import { withinDomains } from './domains.ts'
import type { Turns } from './layer.ts'
import { type HeldCall, inputOf, type SearchCall, TurnReader } from './turn-reader.ts'

export type SearchDeps = {
  readonly search: Search
}

/** Of one request, whatever the caller allows. */
const mostSearches = 20
const mostRounds = 10
/** A model that was told so often that it may not search, and goes on searching, gives no answer. */
const mostRefusals = 2

/** A conversation with the search tool among its tools. */
export type Prepared = {
  readonly conversation: Conversation
  readonly wish: SearchWish
  readonly toolName: string
}

/** The turns of one reply, with the searches between them. */
export class SearchReply implements ReplyStream {
  private readonly found = new Map<string, SearchResult>()
  private stream: ReplyStream
  private messages: readonly Message[]
  /** Characters of the texts that have ended. */
  private before = 0
  private text = ''

  constructor(
    first: ReplyStream,
    private readonly prepared: Prepared,
    /** Output tokens of the turns before, which the limit of this conversation has left out already. */
    private readonly spentBefore: number,
    private readonly turns: Turns,
    private readonly deps: SearchDeps,
  ) {
    this.stream = first
    this.messages = prepared.conversation.messages
  }

  drop(): void {
    this.stream.drop()
  }

  async run(sink: Sink<readonly ReplyEvent[]>): Promise<void> {
    const { toolName, conversation } = this.prepared
    for (let refusals = 0; ; ) {
      // Behind the only call of a turn no search can come.
      const reader = new TurnReader(toolName, conversation.parallelToolCalls)
      const isWanted = await this.pass(reader, sink)
      const { searches } = reader
      const end = reader.endsInBadSearch ? this.callsEnd() : reader.end
      if (!isWanted || end === undefined) return
      const isDue =
        end.type === 'finish' && searches.length > 0 && (end.reason === 'tool-calls' || end.reason === 'end')
      if (!isDue) {
        await sink(end.type === 'finish' ? [...reader.held.flatMap(callEvents), end] : [end])
        return
      }
      if (!this.maySearch()) refusals++
      const results = await this.searchAll(searches, sink)
      if (results === undefined) return
      const left = this.outputLeft()
      if (reader.callsCaller || left === 0 || refusals === mostRefusals) {
        const reason = reader.callsCaller ? 'tool-calls' : left === 0 ? 'max-tokens' : 'paused'
        await sink([...reader.held.flatMap(callEvents), { ...end, reason }])
        return
      }
      this.messages = [...this.messages, { role: 'assistant', parts: reader.parts }, { role: 'user', parts: results }]
      const next = await this.turns.run(this.nextConversation(refusals > 0, left), 'search')
      if (!next.ok) {
        await sink([{ type: 'error', error: next.error }])
        return
      }
      this.stream = next.value
    }
  }

  /** False: the caller wants no more. */
  private async pass(reader: TurnReader, sink: Sink<readonly ReplyEvent[]>): Promise<boolean> {
    let isWanted = true
    await this.stream.run((batch) => {
      const out: ReplyEvent[] = []
      for (const event of batch) {
        const shown = reader.read(event)
        if (shown === undefined) continue
        if (shown.type === 'text-end') out.push(...this.cited(shown.index))
        if (shown.type === 'text-start') this.text = ''
        if (shown.type === 'text-delta') this.text += shown.text
        out.push(shown)
      }
      // Where the turn ends, the reply perhaps does not: what is left of it is shown, and its end kept back.
      const isOver = reader.end !== undefined
      const goesOn = (more: boolean): boolean => {
        isWanted = more
        return more || isOver
      }
      const taken = out.length === 0 || sink(out)
      return typeof taken === 'boolean' ? goesOn(taken) : taken.then(goesOn)
    })
    return isWanted
  }

  private cited(index: number): readonly ReplyEvent[] {
    // A value that is held to a schema has no words to mark.
    const isProse = this.prepared.conversation.output.type === 'text'
    const citations = isProse ? citationsIn(this.text, this.found, this.before) : []
    this.before += charactersOf(this.text)
    return citations.map((citation) => ({ type: 'citation', index, citation }))
  }

  /** What the model gets; undefined: the caller wants no more. */
  private async searchAll(
    calls: readonly SearchCall[],
    sink: Sink<readonly ReplyEvent[]>,
  ): Promise<readonly ToolResultPart[] | undefined> {
    const results: ToolResultPart[] = []
    for (const call of calls) {
      const query = queryOf(call)
      const callId = call.id
      if (!(await sink([{ type: 'search-call', index: 0, id: callId, query: query ?? '' }]))) return undefined
      const outcome = await this.searchOne(query)
      if (this.turns.signal.aborted) return undefined
      if (outcome.ok) for (const result of outcome.results) this.found.set(addressKey(result.url), result)
      if (!(await sink([{ type: 'search-result', index: 0, callId, query: query ?? '', outcome }]))) return undefined
      const parts = [{ type: 'text', text: searchText(outcome) }] as const
      results.push({ type: 'tool-result', callId, parts, isError: !outcome.ok })
    }
    return results
  }

  private async searchOne(query: string | undefined): Promise<SearchOutcome> {
    const { wish } = this.prepared
    const startedMs = this.turns.elapsed()
    const tell = (outcome: SearchOutcome, more: { accountId?: string; cause?: string } = {}): SearchOutcome => {
      const endedMs = this.turns.elapsed()
      this.turns.searched({
        ...(outcome.ok ? { outcome: 'ok', results: outcome.results.length } : { outcome: outcome.fault, results: 0 }),
        ...{ startedMs, endedMs, ...more },
      })
      return outcome
    }
    if (!this.maySearch()) return tell({ ok: false, fault: 'uses-spent' })
    if (query === undefined) return tell({ ok: false, fault: 'invalid-input' })
    const asked = { accountId: this.turns.accountId(), accounts: this.turns.asked.accounts }
    const { accountId, found } = await this.deps.search(query, asked, this.turns.signal)
    const who = accountId === undefined ? {} : { accountId }
    if (found.ok) return tell({ ok: true, results: withinDomains(found.value, wish) }, who)
    const { kind, cause } = found.error
    return tell({ ok: false, fault: faultOf(kind) }, { ...who, cause: cutText(cause ?? kind, 300) })
  }

  private maySearch(): boolean {
    const most = Math.min(this.prepared.wish.maxUses ?? mostSearches, mostSearches)
    return this.turns.searches() < most && this.turns.rounds() < mostRounds
  }

  /** The end of a turn that broke off at its call; whoever stands above all layers counts what it has used. */
  private callsEnd(): Extract<ReplyEvent, { type: 'finish' }> {
    const none = { tokens: 0, source: 'estimated' } as const
    return { type: 'finish', reason: 'tool-calls', usage: this.turns.usage() ?? { input: none, output: none } }
  }

  /** What the caller's `max_tokens` leaves for further turns; undefined: no limit. */
  private outputLeft(): number | undefined {
    const { maxOutputTokens } = this.prepared.conversation.limits
    if (maxOutputTokens === undefined) return undefined
    return Math.max(0, maxOutputTokens - ((this.turns.usage()?.output.tokens ?? 0) - this.spentBefore))
  }

  private nextConversation(isRefused: boolean, left: number | undefined): Conversation {
    const { conversation } = this.prepared
    return {
      ...conversation,
      messages: this.messages,
      // A search was forced, or the caller's demand was met by one; from here on the model goes on as it likes. Once it may
      // search no more and does, it is told to call nothing, but for tools of the caller's.
      toolChoice: { type: isRefused && conversation.tools.length === 1 ? 'none' : 'auto' },
      limits: { ...conversation.limits, ...(left === undefined ? {} : { maxOutputTokens: left }) },
    }
  }
}

const callEvents = ({ id, name, json }: HeldCall): readonly ReplyEvent[] => [
  { type: 'tool-call-start', index: 0, id, name },
  ...(json === '' ? [] : [{ type: 'tool-call-delta', index: 0, json } as const]),
  { type: 'tool-call-end', index: 0 },
]

function queryOf({ json }: SearchCall): string | undefined {
  const { query } = inputOf(json)
  const words = typeof query === 'string' ? query.toWellFormed().replace(/\s+/g, ' ').trim() : ''
  if (words.length <= longestQuery) return words || undefined
  return words.slice(0, longestQuery + 1).replace(/\s*\S*$/, '') || cutText(words, longestQuery)
}

const faultOf = (kind: string): SearchFault =>
  kind === 'rate-limited' || kind === 'service-throttled' ? 'rate-limited' : 'unavailable'
