import { listOf, type Shape, shapeOf, textOf } from './shape.ts'
import type { Checked } from './validate.ts'
import { resultsOf, type Turn } from './validate-turns.ts'

/** What the automatic answer looks at. */
export type Prompt = {
  /** Text of the current message. */
  readonly text: string
  /** The last thing a person asked: the current text, or, when it only brings results, the last one before them. */
  readonly asked: string
  /** First user text: where a gateway puts the system prompt. */
  readonly opening: string
  readonly tools: readonly { readonly name: string; readonly schema: Shape }[]
  /** Texts of the tool results in the current message, in order. */
  readonly results: readonly string[]
  /** Replies with tool uses since `asked`. */
  readonly rounds: number
  readonly earlier: number
  readonly images: number
  readonly fields: Shape
}

export function readPrompt({ body, history, current }: Checked): Prompt {
  const results = resultsOf(current).map(resultText)
  const text = textOf(current.message.content) ?? ''
  const turns: readonly Turn[] = [...history, current]
  const askedAt = turns.findLastIndex((turn) => turn.role === 'user' && resultsOf(turn).length === 0)
  return {
    text,
    asked: results.length === 0 ? text : (textOf(turns[askedAt]?.message.content) ?? ''),
    opening: textOf(turns[0]?.message.content) ?? '',
    tools: listOf(shapeOf(current.message.userInputMessageContext)?.tools).flatMap((tool) => {
      const specification = shapeOf(shapeOf(tool)?.toolSpecification)
      const name = textOf(specification?.name)
      return name === undefined ? [] : [{ name, schema: shapeOf(shapeOf(specification?.inputSchema)?.json) ?? {} }]
    }),
    results,
    rounds: turns.slice(askedAt).filter((turn) => turn.role === 'assistant' && listOf(turn.message.toolUses).length > 0)
      .length,
    earlier: history.length,
    images: listOf(current.message.images).length,
    fields: shapeOf(body.additionalModelRequestFields) ?? {},
  }
}

function resultText(entry: unknown): string {
  return listOf(shapeOf(entry)?.content)
    .map((block) => textOf(shapeOf(block)?.text) ?? JSON.stringify(shapeOf(block)?.json ?? {}))
    .join('\n')
}
