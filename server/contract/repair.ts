import type { Conversation, Message, Part, ToolChoice } from '../conversation/conversation.ts'
import type { Demand } from './demand.ts'
import { answerTool } from './demand.ts'
import { shownCharacters, type Verdict } from './reading.ts'
import { inputOf } from './turn-reader.ts'

type Miss = Extract<Verdict, { kept: false }>

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
    // The calls that were demanded are made: what is due besides is the model's to choose.
    ...(isBeside(miss) && conversation.toolChoice.type === 'any' && { toolChoice: { type: 'auto' } }),
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

/** A call of a tool that was not offered stood beside good ones, or a search, which have been taken. */
export const isBeside = ({ missed, isMet }: Miss): boolean => missed === 'tool-choice' && isMet

/**
 * What its reply is held to: where calls are made again no answer is due, and that they were not made is the calls' fault;
 * beside calls that were taken no call is due either.
 */
export function demandOfRepair(demand: Demand, miss: Miss): Demand {
  const { value: _, calls, ...rest } = demand
  if (miss.missed === 'tool-arguments') return { ...rest, calls }
  if (!isBeside(miss)) return demand
  const { forced: __, ...others } = calls
  return { ...rest, calls: others }
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
  const made = missed === 'output-format' ? [] : calls.map(callPart)
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
  { toolChoice, tools, alsoDeclared = [], search }: Conversation,
  { missed, faults, text, calls, strays }: Miss,
  by: string | undefined,
): readonly Part[] {
  const list = faults.map((fault) => `- ${fault}`).join('\n')
  const absent = strays
    .map((name) => `There is no tool ${name} to call in this reply: that call was not run. `)
    .join('')
  switch (missed) {
    case 'tool-arguments':
      return [
        ...calls.map(resultPart),
        words(
          `${absent}Make each call that was not run for its input again, once and in the same order, with its own values and an input that is valid against its schema. The calls that were taken stand: do not repeat them. Make no other calls and write nothing else.`,
        ),
      ]
    case 'tool-choice': {
      if (calls.length > 0)
        return [
          ...calls.map(resultPart),
          words(
            `${absent}The calls that were taken stand: do not repeat them. Do without the other, or call a tool that there is.`,
          ),
        ]
      const wrong = absent || `That was no answer that can be taken: ${faults.join('; ')}. `
      const mayCall = tools.length + alsoDeclared.length > 0 || search !== undefined
      return [words(`${wrong}${mayCall ? orders[toolChoice.type](toolChoice) : orders.none(toolChoice)}`)]
    }
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

/** Of a tool that takes a text the model likes to write that text, and thinks it has called it. */
const withAll = 'with all that is meant for it in its input'

const orders: { readonly [Type in ToolChoice['type']]: (choice: ToolChoice) => string } = {
  auto: () => 'Call a tool that there is, or answer in words.',
  none: () => 'Call no tool: answer in words.',
  any: () => `Call one of the tools that there are now, ${withAll}, and write nothing else.`,
  tool: (choice) => `Call the tool ${'name' in choice ? choice.name : ''} now, ${withAll}, and write nothing else.`,
}

function resultPart({ id, json, faults }: Miss['calls'][number]): Part {
  const shown = isObjectText(json) ? '' : `\nIt was: ${json.slice(0, shownCharacters)}`
  const text =
    faults.length > 0
      ? `Not run. The input is not valid:\n${faults.join('\n')}${shown}`
      : 'Taken. Do not call this again.'
  return { type: 'tool-result', callId: id, isError: faults.length > 0, parts: [{ type: 'text', text }] }
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
