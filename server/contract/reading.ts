import type { FinishReason } from '../conversation/ending.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import type { Missed } from '../relay/record.ts'
import type { CallDemand, Demand, ValueDemand } from './demand.ts'
import { HeldEvents } from './held-events.ts'
import { createValueReader, readJson, type ValueReader, valuesIn } from './json-text.ts'
import type { Faults } from './judging.ts'
import type { Judge } from './schema-judges.ts'

/** A call the model made, as far as it is of interest to a repair. */
export type MadeCall = {
  readonly id: string
  readonly name: string
  readonly json: string
  /** Empty: it went on to the caller. */
  readonly faults: readonly string[]
}

/** How a finished reply stands to what was demanded. */
export type Verdict =
  /** `events` complete what has gone on already. */
  | {
      readonly kept: true
      readonly events: readonly ReplyEvent[]
      readonly reason: FinishReason
      /** What was wrong with calls that have been left out beside it. */
      readonly leftOut: Faults
    }
  | {
      readonly kept: false
      readonly missed: Missed
      readonly faults: readonly string[]
      /** Nothing of what was wrong has gone on, so another turn may take its place. */
      readonly isOpen: boolean
      /** The caller has words of the answer or a call of it: in place of those nothing can be said. */
      readonly hasBegun: boolean
      /** What the model said. */
      readonly text: string
      /** It said something in words, which may be of no use. */
      readonly hasWords: boolean
      /** Those of the tools that were offered. */
      readonly calls: readonly MadeCall[]
      /** Tools that were called and had not been offered; of these calls nothing went on. */
      readonly strays: readonly string[]
      /** What was to be called has been. */
      readonly isMet: boolean
      /** What was right and has not gone on yet; it stands beside a repair. */
      readonly rest: readonly ReplyEvent[]
    }

/** What may go on; a promise where it is judged elsewhere first. */
type Ready = readonly ReplyEvent[] | Promise<readonly ReplyEvent[]>

/** Reads one reply against a demand. Feed it everything but the end; what it gives may go on at once. */
export type Reading = {
  /** Takes a piece of text that goes on as it is, the usual event; false: nothing was done, `push` it. */
  readonly passes: (event: ReplyEvent) => boolean
  readonly push: (event: ReplyEvent) => Ready
  readonly finish: (reason: FinishReason) => Promise<Verdict>
  /** Characters that it holds: what has gone on counts only where the judgement needs it, or a repair would be shown it. */
  readonly holds: () => number
  /** Lets go what only a repair would be shown, which can then be none. False: there is nothing. */
  readonly forget: () => boolean
  /** The reply broke off at a call whose input is no JSON object; undefined: of that call nothing was demanded. */
  readonly badInput: () => Promise<Verdict | undefined>
}

/** Ended by the model itself: only such a reply has to be whole. */
const ownEnds: ReadonlySet<FinishReason> = new Set(['end', 'tool-calls', 'stop-sequence'])
export const isOwnEnd = (reason: FinishReason): boolean => ownEnds.has(reason)

/**
 * `live`: what is certain goes on; `whole`: the same, but of an answer that is a value nothing goes on before the end but reasoning
 * and searches; `repair`: nothing at all does but searches, and no reasoning.
 */
export type ReadingMode = 'live' | 'whole' | 'repair'

export const createReading = (demand: Demand, mode: ReadingMode): Reading => new DemandReading(demand, mode)

type OpenCall = { id: string; name: string; json: string; goes: 'on' | 'held' | 'out' | 'answer' }

class DemandReading implements Reading {
  private readonly value: ValueDemand | undefined
  private readonly calls: CallDemand
  private readonly reader: ValueReader | undefined
  private made: MadeCall[] = []
  private readonly strays = new Set<string>()
  /** Text before a forced call, or what waits for the judgement. */
  private readonly held = new HeldEvents()
  /** A held call with half an input that ends the reply so far: perhaps a limit cut it. */
  private cut: readonly ReplyEvent[] = []
  /** That came amid the value. */
  private readonly searches: ReplyEvent[] = []
  private said = ''
  private hasWords = false
  private answer: string | undefined
  private open: OpenCall | undefined
  private called = false
  private readonly holdsAll: boolean
  private textOpen = false
  private textClosed = false
  /** Of what has gone on, as much as a repair would be shown. */
  private keptSize = 0
  private isForgetful = false

  constructor(
    demand: Demand,
    private readonly mode: ReadingMode,
  ) {
    this.value = demand.value
    this.calls = demand.calls
    this.holdsAll = mode === 'repair' || (mode === 'whole' && this.value !== undefined)
    this.reader = this.value && createValueReader(this.value.opening)
  }

  passes(event: ReplyEvent): boolean {
    if (event.type !== 'text-delta' || this.reader !== undefined || this.isHeldBack()) return false
    this.cut = []
    this.keepSaid(event.text)
    return true
  }

  push(event: ReplyEvent): Ready {
    switch (event.type) {
      case 'text-start':
      case 'text-end':
      case 'citation':
        return this.value === undefined ? this.pass(event) : []
      // It was done, whatever becomes of the words around it.
      case 'search-call':
        if (this.calls.forced?.orSearch !== true) return this.search(event)
        this.called = true
        return this.holdsAll ? [event] : [...this.held.release(), event]
      case 'search-result':
        return this.search(event)
      case 'text-delta':
        this.cut = []
        if (this.reader === undefined) {
          this.keepSaid(event.text)
          return this.pass(event)
        }
        if (this.answer !== undefined) return []
        return this.flow(this.reader.push(event.text))
      case 'tool-call-start':
        return this.start(event)
      case 'tool-call-delta':
        return this.input(event)
      case 'tool-call-end':
        return this.end(event)
      default:
        return this.mode === 'repair' ? [] : [event]
    }
  }

  holds(): number {
    return this.held.size() + (this.answer ?? this.reader?.text() ?? '').length + this.keptSize
  }

  forget(): boolean {
    if (this.isForgetful) return false
    this.isForgetful = true
    this.said = ''
    if (this.open?.goes === 'on') this.open.json = ''
    this.made = this.made.map((call) => ({ ...call, json: '' }))
    this.keptSize = 0
    return true
  }

  async finish(reason: FinishReason): Promise<Verdict> {
    const strays = this.strayFaults()
    if (!isOwnEnd(reason)) return this.kept([...this.unjudged(), ...this.cut], reason) // as far as it came
    const { forced } = this.calls
    const wrong = this.made.filter(({ faults }) => faults.length > 0)
    if (wrong.length > 0) {
      const faults = wrong.flatMap(({ name, faults: of }) => of.map((fault) => `${name}: ${fault}`))
      return this.miss('tool-arguments', [...faults, ...strays], true)
    }
    if (forced !== undefined && !this.called)
      return this.miss('tool-choice', strays.length > 0 ? strays : [uncalled(forced.name)], true)
    const isDue = this.value !== undefined && (this.answer !== undefined || !this.called)
    if (isDue) return this.valueVerdict(this.value, reason, strays)
    if (strays.length > 0 && this.isAnswered())
      return this.kept(this.held.release(), reason === 'tool-calls' ? 'end' : reason)
    if (strays.length > 0) return this.miss('tool-choice', strays, true)
    // Beside calls no answer is due: a value that stood there has gone on, whatever it is, and other words have not.
    return this.kept([...this.closing(), ...this.held.release()], this.value === undefined ? reason : 'tool-calls')
  }

  async badInput(): Promise<Verdict | undefined> {
    const { open, value } = this
    if (open?.goes === 'answer' && value !== undefined) {
      const given = this.answer ?? ''
      const faults = await faultsOf(given, value)
      return this.miss('output-format', faults.length > 0 ? faults : [noObject], !this.isOut(), given)
    }
    if (open?.goes === 'out') return this.finish('tool-calls')
    const judge = open?.goes === 'held' ? this.calls.strict.get(open.name) : undefined
    if (open === undefined || judge === undefined) return undefined
    const faults = await faultsOfInput(open.json, judge)
    this.ended({ type: 'tool-call-end', index: 0 }, open, faults.length > 0 ? faults : [noObject])
    return this.finish('tool-calls')
  }

  private async valueVerdict(value: ValueDemand, reason: FinishReason, strays: Faults): Promise<Verdict> {
    const ending: FinishReason = reason === 'tool-calls' ? 'end' : reason
    if (this.isOut()) {
      const given = this.answer ?? this.reader?.given() ?? ''
      const faults = await this.faultsOfGiven(given, value)
      return faults.length === 0 ? this.kept(this.closing(), ending) : this.miss('output-format', faults, false, given)
    }
    const said = this.answer ?? this.reader?.text() ?? ''
    const { fitting, verdicts } = await lookThrough(said, value)
    const [only] = fitting
    if (only !== undefined && fitting.length === 1) return this.kept(textOf(only.json), ending)
    return this.miss('output-format', [...whyNot(said, verdicts, fitting.length), ...strays], true, said)
  }

  /** What went out has to be what the whole text would be taken for: the model may have gone on to another value. */
  private async faultsOfGiven(given: string, value: ValueDemand): Promise<Faults> {
    const faults = await faultsOf(given, value)
    const said = this.reader?.text() ?? ''
    if (faults.length > 0 || this.answer !== undefined || said.trim() === given) return faults
    const { fitting } = await lookThrough(said, value)
    if (fitting.length > 1) return [severalFit]
    return fitting[0]?.json === given ? [] : ['another JSON value follows the first']
  }

  private kept(events: readonly ReplyEvent[], reason: FinishReason): Verdict {
    return { kept: true, events, reason, leftOut: this.strayFaults() }
  }

  private strayFaults(): Faults {
    return [...this.strays].map((name) => strayed(this.calls.nameOf(name)))
  }

  /**
   * Where there is no tool to call, words beside a call of one are the answer. Of a model that knows of tools from earlier turns
   * they may as well only lead up to the call, so it is asked once whether there is more to say.
   */
  private isAnswered(): boolean {
    const { offered, knowsNone } = this.calls
    return this.hasWords && offered.size === 0 && (knowsNone || this.mode === 'repair')
  }

  private miss(missed: Missed, faults: Faults, isOpen: boolean, text?: string): Verdict {
    const isBeside = missed === 'tool-arguments' || (missed === 'tool-choice' && (this.called || !this.calls.forced))
    return {
      ...{ kept: false, missed, faults },
      isOpen: isOpen && !(isBeside && this.isForgetful),
      hasBegun: this.isOut() || (this.called && !this.holdsAll),
      text: text ?? this.reader?.text() ?? this.said,
      hasWords: this.hasWords,
      calls: this.made,
      strays: [...this.strays],
      isMet: this.called,
      rest: isBeside ? [...this.closing(), ...this.held.release()] : [],
    }
  }

  /** Some of the answer has gone to the caller. */
  private isOut(): boolean {
    return this.textOpen && !this.holdsAll
  }

  private start(event: Extract<ReplyEvent, { type: 'tool-call-start' }>): readonly ReplyEvent[] {
    const { forced, strict, offered } = this.calls
    const { id, name } = event
    this.cut = []
    if (name === this.value?.by) {
      // Once the value has begun in the text, that is the answer.
      const goes = this.reader?.begun() || this.answer !== undefined ? 'out' : 'answer'
      if (goes === 'answer') this.answer = ''
      this.open = { id, name, json: '', goes }
      return []
    }
    const isOther = forced?.name !== undefined && forced.name !== name
    const isStray = !isOther && !offered.has(name)
    if (isStray) this.strays.add(name)
    const goes = isOther || isStray ? 'out' : strict.has(name) || this.holdsAll ? 'held' : 'on'
    this.open = { id, name, json: '', goes }
    if (goes === 'out') return []
    const before = this.closing()
    if (goes === 'held') {
      this.held.add(event)
      return before
    }
    this.called = true
    return [...before, ...this.held.release(), event]
  }

  private input(event: Extract<ReplyEvent, { type: 'tool-call-delta' }>): readonly ReplyEvent[] {
    const { open } = this
    switch (open?.goes) {
      case 'answer':
        return this.flow(event.json)
      case 'held':
        open.json += event.json
        this.held.add(event)
        return []
      case 'on':
        if (!this.isForgetful) open.json += event.json
        if (!this.isForgetful) this.keptSize += event.json.length
        return [event]
      default:
        return []
    }
  }

  private end(event: ReplyEvent): Ready {
    const { open } = this
    this.open = undefined
    if (open === undefined || open.goes === 'out') return []
    if (open.goes === 'answer') return []
    const judge = this.calls.strict.get(open.name)
    const faults = judge === undefined || open.goes === 'on' ? [] : faultsOfInput(open.json, judge)
    return faults instanceof Promise
      ? faults.then((found) => this.ended(event, open, found))
      : this.ended(event, open, faults)
  }

  private ended(event: ReplyEvent, open: OpenCall, faults: Faults): readonly ReplyEvent[] {
    const json = open.json === '' ? '{}' : open.json
    this.made.push({ id: open.id, name: open.name, json: this.isForgetful ? '' : json, faults })
    if (open.goes === 'on') return [event]
    this.held.add(event)
    if (faults.length > 0) {
      const events = this.held.takeCall()
      this.cut = faults.includes(noObject) ? events : []
    } else this.called = true
    if (!this.isForgetful) this.keptSize += json.length
    return this.holdsAll || faults.length > 0 ? [] : this.held.release()
  }

  /** Text that goes on, unless a forced call has to come first. */
  private pass(event: ReplyEvent): readonly ReplyEvent[] {
    if (!this.isHeldBack()) return [event]
    this.held.add(event)
    return []
  }

  private isHeldBack(): boolean {
    return this.holdsAll || (this.calls.forced !== undefined && !this.called)
  }

  /** A piece of the answer; none behind a call that closed it. */
  private flow(piece: string): readonly ReplyEvent[] {
    if (piece === '' || this.textClosed) return []
    if (this.answer !== undefined) this.answer += piece
    const start: readonly ReplyEvent[] = this.textOpen ? [] : [{ type: 'text-start', index: 0 }]
    this.textOpen = true
    return this.unlessHeld([...start, { type: 'text-delta', index: 0, text: piece }])
  }

  /** A value that has begun goes on behind a search, and is one block: the search comes behind it. */
  private search(event: ReplyEvent): readonly ReplyEvent[] {
    if (!this.isOut() || this.textClosed) return [event]
    this.searches.push(event)
    return []
  }

  private closing(): readonly ReplyEvent[] {
    if (!this.textOpen || this.textClosed) return []
    this.textClosed = true
    return [...this.unlessHeld([{ type: 'text-end', index: 0 }]), ...this.searches]
  }

  private unlessHeld(events: readonly ReplyEvent[]): readonly ReplyEvent[] {
    if (!this.holdsAll) return events
    for (const event of events) this.held.add(event, false)
    return []
  }

  private keepSaid(text: string): void {
    this.hasWords ||= text.trim() !== ''
    const room = this.isForgetful ? 0 : shownCharacters - this.said.length
    if (room <= 0) return
    const piece = text.slice(0, room)
    this.said += piece
    this.keptSize += piece.length
  }

  /** What a reply that was cut short said, as it said it. */
  private unjudged(): readonly ReplyEvent[] {
    const words = this.answer ?? this.reader?.text() ?? ''
    const value = this.value !== undefined && !this.textOpen && words !== '' ? textOf(words) : []
    return [...value, ...this.closing(), ...this.held.release()]
  }
}

export const uncalled = (name: string | undefined): string =>
  name === undefined ? 'no tool was called' : `the tool ${name} was not called`

export const strayed = (name: string): string => `the tool ${name} was called, which was not offered`

/** The JSON values in a text, and which of them may be the answer. */
async function lookThrough(said: string, { judge }: ValueDemand) {
  const found = valuesIn(said)
  const judged = await judge(found.map(({ value }) => value))
  const verdicts = found.map(({ fault }, index) => (fault === undefined ? (judged[index] ?? []) : [fault]))
  return { verdicts, fitting: found.filter((_, index) => verdicts[index]?.length === 0) }
}

const textOf = (text: string): readonly ReplyEvent[] => [
  { type: 'text-start', index: 0 },
  { type: 'text-delta', index: 0, text },
  { type: 'text-end', index: 0 },
]

async function faultsOf(json: string, { judge }: ValueDemand): Promise<Faults> {
  const read = readJson(json)
  return read.ok ? ((await judge([read.value]))[0] ?? []) : [read.error]
}

const noObject = 'the input is no JSON object'

/** Of what the model said, as much as is shown again. */
export const shownCharacters = 50_000

function faultsOfInput(json: string, judge: Judge): Faults | Promise<Faults> {
  const read = readJson(json === '' ? '{}' : json)
  if (!read.ok) return [read.error.startsWith('#') ? read.error : noObject]
  const { value } = read
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [noObject]
  const judged = judge([value])
  return judged instanceof Promise ? judged.then(([faults = []]) => faults) : (judged[0] ?? [])
}

const severalFit = 'several JSON values fit, and one was asked for'

function whyNot(said: string, verdicts: readonly Faults[], fitting: number): Faults {
  if (fitting > 1) return [severalFit]
  const [only, more] = verdicts
  if (only === undefined) return [said.trim() === '' ? 'the answer is empty' : 'the answer holds no JSON value']
  return more === undefined ? only : ['none of the JSON values in the answer fits']
}
