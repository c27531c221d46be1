import type { Conversation, Tool, ToolChoice } from '../conversation/conversation.ts'
import { type SearchWish, searchAsCalled, searchIdPrefix, searchToolName } from '../conversation/search.ts'
import { ok } from '../lib/result.ts'
import { longestQuery } from '../upstream/search.ts'
import type { Layer } from './layer.ts'
import { type Prepared, type SearchDeps, SearchReply } from './search-reply.ts'

/**
 * The web search of the client APIs: the model gets a tool of ours, its calls are answered with the provider's search, and
 * it goes on, as often as it likes within bounds. The caller sees the searches in its API's own form.
 */
export const searchLayer = (deps: SearchDeps): Layer => ({
  wants: ({ search, toolChoice }) => search !== undefined && toolChoice.type !== 'none',
  begin: async (conversation) =>
    ok(conversation.search === undefined ? conversation : prepare(conversation, conversation.search).conversation),
  serve: async (conversation, turns) => {
    const { search: wish } = conversation
    if (wish === undefined) return turns.run(conversation)
    const prepared = prepare(conversation, wish)
    const spent = turns.usage()?.output.tokens ?? 0
    const first = await turns.run(prepared.conversation)
    return first.ok ? ok(new SearchReply(first.value, prepared, spent, turns, deps)) : first
  },
})

function prepare(conversation: Conversation, wish: SearchWish): Prepared {
  const toolName = freeName(conversation.tools)
  const toolChoice: ToolChoice = wish.isForced === true ? { type: 'tool', name: toolName } : conversation.toolChoice
  const tools = [...conversation.tools, { name: toolName, alias: searchAsCalled, description: describe(wish), schema }]
  return {
    conversation: { ...conversation, messages: renamed(conversation, toolName), tools, toolChoice },
    wish,
    toolName,
  }
}

const schema = {
  type: 'object',
  properties: { query: { type: 'string', description: `What to search for, at most ${longestQuery} characters.` } },
  required: ['query'],
} as const

function describe({ allowedDomains, blockedDomains, near }: SearchWish): string {
  return [
    'Searches the web and returns titles, addresses and excerpts of pages. Use it for what you do not know or what may have changed.',
    'Where your answer rests on a page, link to it as [title](address).',
    allowedDomains.length > 0 ? `Only pages of ${allowedDomains.join(', ')} are returned.` : '',
    blockedDomains.length > 0 ? `Pages of ${blockedDomains.join(', ')} are not returned.` : '',
    near === undefined ? '' : `The user is in ${near}: name the place in the query where it matters.`,
  ]
    .filter((line) => line !== '')
    .join(' ')
}

/** A caller's tool may have our name; the provider takes names that differ by case alone for one. */
function freeName(tools: readonly Tool[]): string {
  const taken = new Set(tools.map(({ name }) => name.toLowerCase()))
  for (let count = 1, name = searchToolName; ; name = `${searchToolName}_${++count}`) if (!taken.has(name)) return name
}

/** Searches of earlier turns are calls of this tool, whatever it is called now. */
function renamed({ messages }: Conversation, toolName: string): Conversation['messages'] {
  if (toolName === searchToolName) return messages
  return messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) =>
      part.type === 'tool-call' && part.id.startsWith(searchIdPrefix) ? { ...part, name: toolName } : part,
    ),
  }))
}
