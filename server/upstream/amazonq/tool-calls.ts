import type { GatewayError } from '../../conversation/error.ts'
import type { Blocks, CallBlock } from './blocks.ts'
import { broken, unusable } from './broken.ts'
import { createEscapedHalves } from './escaped-halves.ts'
import { createHalves, type Halves } from './halves.ts'
import { isObject, type JsonObject, textOf } from './wire.ts'

/** Longest input of one tool call, characters. */
const maxInputCharacters = 16 * 1024 * 1024

type Call = { readonly block: CallBlock; readonly halves: Halves; readonly escapes: Halves }

/** Keeps the tool calls of a reply by their ids. */
export class Calls {
  private readonly byId = new Map<string, Call>()
  private latest: Call | undefined
  private bad: { readonly block: CallBlock; readonly fault: GatewayError } | undefined
  private passed = false

  /** `judged`: tools whose calls go on whatever their input is. */
  constructor(
    private readonly blocks: Blocks,
    private readonly toolName: (wireName: string) => string,
    private readonly judged: ReadonlySet<string> | undefined,
  ) {}

  step(payload: JsonObject): GatewayError | undefined {
    const id = textOf(payload.toolUseId)
    const call = id === undefined ? this.latest : (this.byId.get(id) ?? this.open(id))
    if (call === undefined) return broken(unusable, 'a tool call without an id')
    const { block, halves, escapes } = call
    if (block.closed) return undefined // announced again, whole
    const name = textOf(payload.name)
    if (block.name === undefined && name !== undefined) {
      block.name = this.toolName(name)
      this.blocks.drain()
    }
    const input = escapes.push(halves.push(inputText(payload.input, block.json)))
    if (block.json.length + input.length > maxInputCharacters) return broken(unusable, 'a tool call is too large')
    if (input !== '') this.blocks.callInput(block, input)
    return payload.stop === true ? this.close(call) : undefined
  }

  /** Gives out what was held of calls that are still open: nothing follows. */
  flush(): void {
    for (const { block, halves, escapes } of this.byId.values()) {
      const rest = block.closed ? '' : escapes.push(halves.flush()) + escapes.flush()
      if (rest !== '') this.blocks.callInput(block, rest)
    }
  }

  hasOpen(): boolean {
    return [...this.byId.values()].some(({ block }) => !block.closed)
  }

  /**
   * What is wrong with a call that the provider called complete. Asked once something follows, or at the end: that a limit cut the
   * input in two stands behind it.
   */
  fault(): GatewayError | undefined {
    const { bad } = this
    if (bad === undefined || this.judged?.has(bad.block.name ?? '') !== true) return bad?.fault
    this.bad = undefined
    this.passed = true
    bad.block.closed = true
    this.blocks.drain()
    return undefined
  }

  /** Whether a call went on whose input is no JSON object. */
  hasMalformed(): boolean {
    return this.passed
  }

  private open(id: string): Call {
    const call = { block: this.blocks.call(id), halves: createHalves(), escapes: createEscapedHalves() }
    this.byId.set(id, call)
    this.latest = call
    this.blocks.drain()
    return call
  }

  private close({ block, halves, escapes }: Call): GatewayError | undefined {
    const { blocks } = this
    if (block.name === undefined) return broken(unusable, 'a tool call without a name')
    const rest = escapes.push(halves.flush()) + escapes.flush()
    if (rest !== '') blocks.callInput(block, rest)
    if (block.json.trim() === '') blocks.callInput(block, '{}')
    else if (!isJsonObject(block.json)) {
      const fault = broken('The model gave a malformed tool call.', 'its input is no JSON object')
      this.bad = { block, fault: { ...fault, isBadInput: true } }
      return undefined
    }
    block.closed = true
    blocks.drain()
    return undefined
  }
}

/** `input` is a fragment of JSON text; some models were seen to give the object itself, perhaps with every fragment. */
function inputText(input: unknown, soFar: string): string {
  if (typeof input === 'string') return input
  if (!isObject(input) || Object.keys(input).length === 0) return ''
  const json = JSON.stringify(input, wholeCharacters)
  return json === soFar ? '' : json
}

/** Half a character inside a value would be spelled as an escape that not every client can read. */
const wholeCharacters = (_: string, value: unknown): unknown =>
  typeof value === 'string' ? value.toWellFormed() : value

function isJsonObject(json: string): boolean {
  try {
    return isObject(JSON.parse(json))
  } catch {
    return false
  }
}
