import type { FinishReason } from '../conversation/ending.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import type { Missed } from '../relay/record.ts'
import type { CallDemand, Demand, ValueDemand } from './demand.ts'
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
  | { readonly kept: true; readonly events: readonly ReplyEvent[]; readonly reason: FinishReason }
  | {
      readonly kept: false
      readonly missed: Missed
      readonly faults: readonly string[]
      /** Nothing of what was wrong has gone on, so another turn may take its place. */
      readonly isOpen: boolean
      /** What the model said. */
      readonly text: string
      readonly calls: readonly MadeCall[]
      /** What was right and has not gone on yet; it stands beside a repair. */
      readonly rest: readonly ReplyEvent[]
    }

/** What may go on; a promise where it is judged elsewhere first. */
type Ready = readonly ReplyEvent[] | Promise<readonly ReplyEvent[]>

/** Reads one reply against a demand. Feed it everything but the end; what it gives may go on at once. */
export type Reading = {
  readonly push: (event: ReplyEvent) => Ready
  readonly finish: (reason: FinishReason) => Promise<Verdict>
  /** The reply broke off at a call whose input is no JSON object; undefined: of that call nothing was demanded. */
  readonly badInput: () => Promise<Verdict | undefined>
}

/** Ended by the model itself: only such a reply has to be whole. */
const ownEnds: ReadonlySet<FinishReason> = new Set(['end', 'tool-calls', 'stop-sequence'])

/** `live`: what is certain goes on; `whole`: nothing but reasoning and searches does before the end; `repair`: nothing at all but searches, and no reasoning. */
export type ReadingMode = 'live' | 'whole' | 'repair'

export const createReading = (demand: Demand, mode: ReadingMode): Reading => new DemandReading(demand, mode)

type OpenCall = { id: string; name: string; json: string; goes: 'on' | 'held' | 'out' | 'answer' }

class DemandReading implements Reading {
  private readonly value: ValueDemand | undefined
  private readonly calls: CallDemand
  private readonly reader: ValueReader | undefined
  private readonly made: MadeCall[] = []
  /** Text before a forced call, or what waits for the judgement. */
  private held: ReplyEvent[] = []
  /** That came amid the value. */
  private readonly searches: ReplyEvent[] = []
  private said = ''
  private answer: string | undefined
  private open: OpenCall | undefined
  private called = false
  private readonly holdsAll: boolean
  private textOpen = false
  private textClosed = false

  constructor(
    demand: Demand,
    private readonly mode: ReadingMode,
  ) {
    this.holdsAll = mode !== 'live'
    this.value = demand.value
    this.calls = demand.calls
    this.reader = this.value && createValueReader(this.value.opening)
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
        return this.holdsAll ? [event] : [...this.release(), event]
      case 'search-result':
        return this.search(event)
      case 'text-delta':
        this.said += event.text
        if (this.reader === undefined) return this.pass(event)
        if (this.answer !== undefined) return []
        return this.flow(this.reader.push(event.text))
      case 'tool-call-start':
        return this.start(event)
      case 'tool-call-delta': {
        const { open } = this
        if (open === undefined) return []
        open.json += event.json
        if (open.goes === 'on') return [event]
        if (open.goes === 'held') this.held.push(event)
        return open.goes === 'answer' ? this.flow(event.json) : []
      }
      case 'tool-call-end':
        return this.end(event)
      default:
        return this.mode === 'repair' ? [] : [event]
    }
  }

  async finish(reason: FinishReason): Promise<Verdict> {
    const isOwn = ownEnds.has(reason)
    if (!isOwn) return this.kept([...this.unjudged(), ...this.closing()], reason)
    const wrong = this.made.filter(({ faults }) => faults.length > 0)
    if (wrong.length > 0) {
      const faults = wrong.flatMap(({ name, faults: of }) => of.map((fault) => `${name}: ${fault}`))
      return this.miss('tool-arguments', faults, true)
    }
    if (this.calls.forced !== undefined && !this.called) {
      const { name } = this.calls.forced
      return this.miss('tool-choice', [uncalled(name)], true)
    }
    if (this.value === undefined) return this.kept(this.release(), reason)
    const isBeside = this.answer === undefined && this.called
    return isBeside ? this.besideCalls(this.value) : this.valueVerdict(this.value, reason)
  }

  async badInput(): Promise<Verdict | undefined> {
    const { open, value } = this
    if (open?.goes === 'answer' && value !== undefined) {
      const faults = await faultsOf(open.json, value)
      return this.miss('output-format', faults.length > 0 ? faults : [noObject], !this.textOpen, open.json)
    }
    if (open?.goes === 'out' && open.name === value?.by) return this.finish('tool-calls')
    const judge = open?.goes === 'held' ? this.calls.strict.get(open.name) : undefined
    if (open === undefined || judge === undefined) return undefined
    const faults = await faultsOfInput(open.json, judge)
    this.ended({ type: 'tool-call-end', index: 0 }, open, faults.length > 0 ? faults : [noObject])
    return this.finish('tool-calls')
  }

  private async valueVerdict(value: ValueDemand, reason: FinishReason): Promise<Verdict> {
    const ending: FinishReason = reason === 'tool-calls' ? 'end' : reason
    const given = this.textOpen ? (this.answer ?? this.reader?.given() ?? '') : undefined
    if (given !== undefined) {
      const faults = await this.faultsOfGiven(given, value)
      return faults.length === 0 ? this.kept(this.closing(), ending) : this.miss('output-format', faults, false, given)
    }
    const said = this.answer ?? this.reader?.text() ?? ''
    const { fitting, verdicts } = await lookThrough(said, value)
    const [only] = fitting
    if (only !== undefined && fitting.length === 1) return this.kept([...this.release(), ...textOf(only.json)], ending)
    return this.miss('output-format', whyNot(said, verdicts, fitting.length), true, said)
  }

  /** An answer is due only when no tool is called; beside calls a value may stand, and other words would be taken for one. */
  private async besideCalls(value: ValueDemand): Promise<Verdict> {
    const given = this.textOpen ? (this.reader?.given() ?? '') : undefined
    if (given === undefined) return this.kept(this.release(), 'tool-calls')
    const faults = await this.faultsOfGiven(given, value)
    return faults.length === 0
      ? this.kept(this.closing(), 'tool-calls')
      : this.miss('output-format', faults, false, given)
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
    return { kept: true, events, reason }
  }

  private miss(missed: Missed, faults: readonly string[], isOpen: boolean, text = this.said): Verdict {
    const rest = missed === 'tool-arguments' ? this.release() : []
    return { kept: false, missed, faults, isOpen, text, calls: this.made, rest }
  }

  private start(event: Extract<ReplyEvent, { type: 'tool-call-start' }>): readonly ReplyEvent[] {
    const { forced, strict } = this.calls
    const { id, name } = event
    if (name === this.value?.by) {
      // Once the value has begun in the text, that is the answer.
      const goes = this.reader?.begun() || this.answer !== undefined ? 'out' : 'answer'
      if (goes === 'answer') this.answer = ''
      this.open = { id, name, json: '', goes }
      return []
    }
    const isWrong = forced?.name !== undefined && forced.name !== name
    const goes = isWrong ? 'out' : strict.has(name) || this.holdsAll ? 'held' : 'on'
    this.open = { id, name, json: '', goes }
    if (goes === 'out') return []
    const before = this.value === undefined ? [] : this.closing()
    if (goes === 'held') {
      this.held.push(event)
      return before
    }
    this.called = true
    return [...before, ...this.release(), event]
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

  private ended(event: ReplyEvent, open: OpenCall, faults: readonly string[]): readonly ReplyEvent[] {
    this.made.push({ id: open.id, name: open.name, json: open.json === '' ? '{}' : open.json, faults })
    if (open.goes === 'on') return [event]
    if (faults.length > 0) {
      this.held.length = this.held.findLastIndex(({ type }) => type === 'tool-call-start')
      return []
    }
    this.held.push(event)
    this.called = true
    return this.holdsAll ? [] : this.release()
  }

  /** Text that goes on, unless a forced call has to come first. */
  private pass(event: ReplyEvent): readonly ReplyEvent[] {
    if (!this.holdsAll && (this.calls.forced === undefined || this.called)) return [event]
    this.held.push(event)
    return []
  }

  /** A piece of the answer. */
  private flow(piece: string): readonly ReplyEvent[] {
    if (piece === '') return []
    if (this.answer !== undefined) this.answer += piece
    if (this.holdsAll) return []
    if (this.textOpen) return [{ type: 'text-delta', index: 0, text: piece }]
    this.textOpen = true
    return [
      { type: 'text-start', index: 0 },
      { type: 'text-delta', index: 0, text: piece },
    ]
  }

  /** A value that has begun goes on behind a search, and is one block: the search comes behind it. */
  private search(event: ReplyEvent): readonly ReplyEvent[] {
    if (!this.textOpen || this.textClosed) return [event]
    this.searches.push(event)
    return []
  }

  private closing(): readonly ReplyEvent[] {
    if (!this.textOpen || this.textClosed) return []
    this.textClosed = true
    return [{ type: 'text-end', index: 0 }, ...this.searches]
  }

  /** What a reply that was cut short said, as it said it. */
  private unjudged(): readonly ReplyEvent[] {
    const words = this.answer ?? this.reader?.text() ?? ''
    const value = this.value !== undefined && !this.textOpen && words !== '' ? textOf(words) : []
    return [...value, ...this.release()]
  }

  private release(): readonly ReplyEvent[] {
    const given = this.held
    this.held = []
    return given
  }
}

export const uncalled = (name: string | undefined): string =>
  name === undefined ? 'no tool was called' : `the tool ${name} was not called`

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
