import type { Conversation, Message, Part } from '../conversation/conversation.ts'
import type { Demand } from './demand.ts'
import { answerTool } from './demand.ts'
import type { Verdict } from './reading.ts'
import { inputOf } from './turn-reader.ts'

type Miss = Extract<Verdict, { kept: false }>

/** Of what the model said, as much as it is shown again. */
const shownCharacters = 50_000
/** Fewer tokens than these are no answer worth a turn. */
const leastOutputTokens = 16

/**
 * The conversation that shows the model what was wrong and asks once more; undefined: the caller's limit leaves no room for
 * another answer. `spentTokens`: what the first one took of it.
 */
export function repairOf({ conversation, value }: Demand, miss: Miss, spentTokens: number): Conversation | undefined {
  const { limits } = conversation
  const left = limits.maxOutputTokens === undefined ? undefined : limits.maxOutputTokens - spentTokens
  if (left !== undefined && left < leastOutputTokens) return undefined
  const { search } = conversation
  return {
    ...conversation,
    // The first answer came after the search that was demanded.
    ...(search?.isForced === true && { search: { ...search, isForced: false } }),
    limits: { ...limits, ...(left !== undefined && { maxOutputTokens: left }) },
    messages: [
      ...conversation.messages,
      ...said(miss, value?.by),
      { role: 'user', parts: order(conversation, miss, value?.by) },
    ],
  }
}

function said({ missed, text, calls }: Miss, by: string | undefined): readonly Message[] {
  const words: readonly Part[] =
    text.trim() === '' || (by !== undefined && missed === 'output-format' && isObjectText(text))
      ? []
      : [{ type: 'text', text: text.slice(0, shownCharacters) }]
  const answer: readonly Part[] =
    by !== undefined && missed === 'output-format' && isObjectText(text)
      ? [{ type: 'tool-call', id: answerId, name: answerTool, input: JSON.parse(text) as Record<string, unknown> }]
      : []
  const made = missed === 'tool-arguments' ? calls.map(callPart) : []
  const parts = [...words, ...answer, ...made]
  return parts.length === 0 ? [] : [{ role: 'assistant', parts }]
}
const answerId = 'tooluse_answer_to_correct'

const callPart = ({ id, name, json }: Miss['calls'][number]): Part => ({
  type: 'tool-call',
  id,
  name,
  input: inputOf(json),
})

function order(
  { toolChoice }: Conversation,
  { missed, faults, text, calls }: Miss,
  by: string | undefined,
): readonly Part[] {
  const list = faults.map((fault) => `- ${fault}`).join('\n')
  switch (missed) {
    case 'tool-arguments': {
      const results = calls.map(
        ({ id, json, faults: of }): Part => ({
          type: 'tool-result',
          callId: id,
          isError: of.length > 0,
          parts: [
            {
              type: 'text',
              text:
                of.length > 0
                  ? `Not run. The input is not valid:\n${of.join('\n')}${isObjectText(json) ? '' : `\nIt was: ${json.slice(0, shownCharacters)}`}`
                  : 'Taken. Do not call this again.',
            },
          ],
        }),
      )
      return [
        ...results,
        words(
          'Make the calls that were not run again, each with an input that is valid against its schema. Make no other calls and write nothing else.',
        ),
      ]
    }
    case 'tool-choice':
      return [
        words(
          `That was no answer that can be taken: ${faults.join('; ')}. ${
            toolChoice.type === 'tool' ? `Call the tool ${toolChoice.name} now` : 'Call one of the tools now'
          }, and write nothing else.`,
        ),
      ]
    case 'output-format': {
      const wrong = `The answer is not valid:\n${list}`
      if (by === undefined)
        return [
          words(
            `${wrong}\nGive the whole answer again, corrected: one JSON value and nothing else, no explanation, no code fence.`,
          ),
        ]
      const again = `Call ${answerTool} again with the whole answer, corrected, and write nothing else.`
      if (!isObjectText(text)) return [words(`${wrong}\n${again}`)]
      return [
        { type: 'tool-result', callId: answerId, isError: true, parts: [{ type: 'text', text: wrong }] },
        words(again),
      ]
    }
  }
}

const words = (text: string): Part => ({ type: 'text', text })

function isObjectText(text: string): boolean {
  if (text.length > shownCharacters) return false
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
