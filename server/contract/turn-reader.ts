import type { Part } from '../conversation/conversation.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import { searchIdPrefix } from '../conversation/search.ts'

/** A call of the search tool, as the model made it. */
export type SearchCall = { readonly id: string; readonly json: string }
/** A call of a tool of the caller's, which waits for the searches of its turn. */
export type HeldCall = { readonly id: string; readonly name: string; readonly json: string }
type End = Extract<ReplyEvent, { type: 'finish' | 'error' }>

/** Reads one turn of the model: what the caller is shown of it, what is to be searched, and what it said, for the next turn. */
export class TurnReader {
  readonly parts: Part[] = []
  readonly searches: SearchCall[] = []
  readonly held: HeldCall[] = []
  /** The model called a tool of the caller's too, whose result the caller has to bring. */
  callsCaller = false
  end: End | undefined
  /** The turn broke off at a call of the search tool whose input is no JSON object; that call is among `searches`. */
  endsInBadSearch = false
  private text = ''
  private call = { id: '', name: '' }
  private isSearch = false
  private isCallOpen = false

  /** `holdsCalls`: calls of the caller's tools are kept in `held`, for a search that comes behind them in the turn comes before them in the reply. */
  constructor(
    private readonly searchTool: string,
    private readonly holdsCalls: boolean,
  ) {}

  /** The same event, or undefined for what the caller does not see yet or at all: calls that are held or of the search tool, and the end. */
  read(event: ReplyEvent): ReplyEvent | undefined {
    switch (event.type) {
      case 'text-start':
      case 'reasoning-start':
        this.text = ''
        return event
      case 'text-delta':
      case 'reasoning-delta':
        this.text += event.text
        return event
      case 'text-end':
        if (this.text !== '') this.parts.push({ type: 'text', text: this.text })
        return event
      case 'reasoning-end':
        if (event.signature) this.parts.push({ type: 'reasoning', text: this.text, signature: event.signature })
        return event
      case 'redacted-reasoning':
        this.parts.push({ type: 'redacted-reasoning', base64: event.base64 })
        return event
      case 'tool-call-start':
        this.call = { id: event.id, name: event.name }
        this.text = ''
        this.isSearch = event.name === this.searchTool
        this.isCallOpen = true
        if (!this.isSearch) this.callsCaller = true
        return this.isSearch || this.holdsCalls ? undefined : event
      case 'tool-call-delta':
        this.text += event.json
        return this.isSearch || this.holdsCalls ? undefined : event
      case 'tool-call-end':
        this.endCall()
        return this.isSearch || this.holdsCalls ? undefined : event
      case 'finish':
      case 'error':
        this.end = event
        if (event.type === 'error' && event.error.isBadInput && this.isSearch && this.isCallOpen) {
          this.endsInBadSearch = true
          this.endCall()
        }
        return undefined
      default:
        return event
    }
  }

  private endCall(): void {
    const { name } = this.call
    // The caller gives the call back under this id: the conversation is then the same as it was here.
    const id = this.isSearch ? `${searchIdPrefix}${this.call.id}` : this.call.id
    const json = this.text
    if (this.isSearch) this.searches.push({ id, json })
    else if (this.holdsCalls) this.held.push({ id, name, json })
    this.parts.push({ type: 'tool-call', id, name, input: inputOf(json) })
    this.isCallOpen = false
  }
}

export function inputOf(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json === '' ? '{}' : json)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {}
  } catch {
    return {}
  }
}
