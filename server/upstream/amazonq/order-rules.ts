import type { Steps } from '../../lib/slices.ts'
import {
  type Breach,
  type Checked,
  entriesOf,
  type Place,
  type Rule,
  resultsOf,
  toolsOf,
  usesOf,
  withTurns,
} from './breach.ts'
import type { Look } from './schema-faults.ts'
import type { AssistantEntry, RequestBody, ToolUse, UserEntry } from './wire.ts'
import { isObject, wireLimits } from './wire.ts'

const turns: Place = { in: 'turns' }
const at = (turn: number): Place => ({ in: 'turn', turn })

const idPattern = /^[a-zA-Z0-9_-]{1,64}$/

/** How turns follow one another, and how calls and their results belong together. The encoder keeps all but the last two. */
export const orderRules: readonly Rule[] = [
  {
    name: 'starts-with-user',
    sure: 'known',
    demands: 'A conversation has to start with a user message.',
    find: ({ turns: [first] }) =>
      first?.role === 'assistant' ? [{ place: at(0), is: 'starts with the assistant' }] : [],
  },
  {
    name: 'alternation',
    sure: 'known',
    demands: 'Messages of user and assistant have to take turns.',
    find: ({ turns: list }) =>
      list.flatMap(({ role }, index) =>
        index > 0 && list[index - 1]?.role === role ? [{ place: at(index), is: `two ${role} messages in a row` }] : [],
      ),
  },
  {
    name: 'results-first',
    sure: 'known',
    demands: 'The first message cannot carry results of tools.',
    find: ({ turns: [first] }) => (resultsOf(first).length > 0 ? [{ place: at(0), is: 'tool results' }] : []),
  },
  {
    name: 'result-pairing',
    sure: 'known',
    demands: 'Every tool call needs its one result in the next message, and every result its call in the one before.',
    find: pairingBreaches,
  },
  {
    name: 'tools-declared',
    sure: 'known',
    demands: 'Every tool that was called has to be among the tools of the request.',
    find: ({ turns: list, body }) => {
      const declared = new Set(toolsOf(body).map(({ toolSpecification: { name } }) => name))
      return list
        .flatMap(usesOf)
        .filter(({ name }) => !declared.has(name))
        .map((use) => ({ place: callOf(use, 'name'), is: 'a tool that is not declared' }))
    },
  },
  {
    name: 'call-id',
    sure: 'known',
    demands: 'The id of a tool call has 1 to 64 letters, digits, _ and -.',
    find: ({ turns: list }) =>
      list
        .flatMap(usesOf)
        .filter(({ toolUseId }) => !idPattern.test(toolUseId))
        .map((use) => ({ place: callOf(use, 'id'), is: `${use.toolUseId.length} characters` })),
  },
  {
    name: 'call-input',
    sure: 'known',
    demands: 'The input of a tool call has to be an object without nameless members.',
    *find({ turns: list, look }) {
      const breaches: Breach[] = []
      for (const use of list.flatMap(usesOf)) {
        const place = callOf(use, 'input')
        if (!isObject(use.input)) breaches.push({ place, is: 'no object' })
        else if (yield* hasEmptyKey(use.input, look)) breaches.push({ place, is: 'a nameless member' })
      }
      return breaches
    },
  },
  {
    name: 'empty-message',
    sure: 'known',
    demands: 'A message without tool calls or results needs a text.',
    find: ({ turns: list }) =>
      list.flatMap((turn, index) =>
        turn.message.content === '' && usesOf(turn).length === 0 && resultsOf(turn).length === 0
          ? [{ place: at(index), is: 'no text' }]
          : [],
      ),
  },
  {
    name: 'calls-per-message',
    sure: 'reported',
    demands: `One message may hold ${wireLimits.oldCallsPerMessage} tool calls.`,
    find: ({ turns: list }) =>
      list.flatMap((turn, index) => {
        const { length } = usesOf(turn)
        return length > wireLimits.oldCallsPerMessage ? [{ place: at(index), is: `${length} tool calls` }] : []
      }),
    repair: {
      does: `messages of ${wireLimits.oldCallsPerMessage} calls each, every one followed by its results`,
      apply: (body) => ({ body: splitCalls(body) }),
    },
  },
  {
    name: 'history-length',
    sure: 'reported',
    demands: `A conversation may have ${wireLimits.oldHistoryLength} messages.`,
    find: ({ turns: list }) =>
      list.length - 1 > wireLimits.oldHistoryLength ? [{ place: turns, is: `${list.length} messages` }] : [],
  },
]

const callOf = ({ toolUseId }: ToolUse, part: 'name' | 'input' | 'id'): Place => ({ in: 'call', toolUseId, part })

function pairingBreaches({ turns: list }: Checked): readonly Breach[] {
  const breaches: Breach[] = []
  const known = new Set<string>()
  for (const [index, turn] of list.entries()) {
    for (const use of usesOf(turn)) {
      if (known.has(use.toolUseId)) breaches.push({ place: callOf(use, 'id'), is: 'an id that was used before' })
      known.add(use.toolUseId)
    }
    if (turn.role !== 'user' || index === 0) continue
    const wanted = new Set(usesOf(list[index - 1]).map(({ toolUseId }) => toolUseId))
    for (const { toolUseId } of resultsOf(turn)) {
      if (!wanted.delete(toolUseId)) {
        breaches.push({ place: { in: 'result', toolUseId }, is: 'a result without its call, or a second one' })
      }
    }
    for (const toolUseId of wanted)
      breaches.push({ place: { in: 'call', toolUseId, part: 'id' }, is: 'a call without its result' })
  }
  return breaches
}

/** Whether any object inside has a member named "". */
function* hasEmptyKey(root: object, look: Look): Steps<boolean> {
  const open: object[] = [root]
  for (let value = open.pop(); value !== undefined && look.left > 0; value = open.pop()) {
    if (!Array.isArray(value) && Object.hasOwn(value, '')) return true
    const before = look.left
    for (const name in value) {
      if (look.left-- <= 0) break
      const member: unknown = value[name as keyof typeof value]
      if (typeof member === 'object' && member !== null) open.push(member)
    }
    yield before - look.left + 1
  }
  return false
}

/** Calls and results of one round in several rounds: what each says stays, and so does their order. */
function splitCalls(body: RequestBody): RequestBody {
  const most = wireLimits.oldCallsPerMessage
  const entries = entriesOf(body)
  const split = entries.flatMap((entry, index): readonly (UserEntry | AssistantEntry)[] => {
    if ('userInputMessage' in entry) {
      const before = entries[index - 1]
      const uses =
        before && 'assistantResponseMessage' in before ? (before.assistantResponseMessage.toolUses ?? []) : []
      return uses.length > most ? [] : [entry] // written with its calls
    }
    const { toolUses = [], ...rest } = entry.assistantResponseMessage
    const next = entries[index + 1]
    if (toolUses.length <= most || next === undefined || !('userInputMessage' in next)) return [entry]
    const { toolResults = [], tools } = next.userInputMessage.userInputMessageContext ?? {}
    const rounds = Array.from({ length: Math.ceil(toolUses.length / most) }, (_, round) => round)
    return rounds.flatMap((round) => {
      const uses = toolUses.slice(round * most, (round + 1) * most)
      const ids = new Set(uses.map(({ toolUseId }) => toolUseId))
      const results = toolResults.filter(({ toolUseId }) => ids.has(toolUseId))
      const isLast = round === rounds.length - 1
      const context = { toolResults: results, ...(isLast && tools ? { tools } : {}) }
      return [
        { assistantResponseMessage: round === 0 ? { ...rest, toolUses: uses } : { content: '', toolUses: uses } },
        {
          userInputMessage: isLast
            ? { ...next.userInputMessage, userInputMessageContext: context }
            : { content: '', userInputMessageContext: context, origin: next.userInputMessage.origin },
        },
      ]
    })
  })
  return withTurns(body, split)
}
