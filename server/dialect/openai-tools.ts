import type { Tool, ToolChoice } from '../conversation/conversation.ts'
import type { SearchWish } from '../conversation/search.ts'
import { ok } from '../lib/result.ts'
import { isSearchType } from './search-wish.ts'
import { type Decoded, refuse } from './validate.ts'

/** The tools the model may see and how it may use them. */
export type Toolbox = {
  readonly tools: readonly Tool[]
  readonly alsoDeclared?: readonly string[]
  readonly toolChoice: ToolChoice
  readonly parallelToolCalls: boolean
  readonly search?: SearchWish
}
/** `only`: the names the caller allows; absent: all. `at`: the member that says it, where that is not `tool_choice`. */
export type Choice = { readonly toolChoice: ToolChoice; readonly only?: readonly string[]; readonly at?: string }

const words: Readonly<Record<string, Exclude<ToolChoice['type'], 'tool'>>> = {
  auto: 'auto',
  none: 'none',
  required: 'any',
  any: 'any',
}

/** A choice in one word. */
export function choiceOfWord(text: string, at: string): Decoded<Choice> {
  const type = words[text]
  return type === undefined
    ? refuse(at, 'must be none, auto, required or name a function')
    : ok({ toolChoice: { type } })
}

/** A choice of one tool. */
export const choiceOfName = (name: string | null | undefined, at: string): Decoded<Choice> =>
  name ? ok({ toolChoice: { type: 'tool', name } }) : refuse(at, 'is required')

/**
 * Applies the choice to what there is: a choice that only tools left out could meet falls back to `auto`, one that no tool at
 * all can meet is refused. `hosted` names the tools that another server would run, which are left out.
 */
export function narrow(
  all: readonly Tool[],
  hosted: readonly string[],
  choice: Choice,
  parallelToolCalls: boolean,
  wish?: SearchWish,
): Decoded<Toolbox> {
  const search = choice.only === undefined || choice.only.some(isSearchType) ? wish : undefined
  const isAllowed = (name: string): boolean => choice.only?.includes(name) ?? true
  const tools = all.filter(({ name }) => isAllowed(name))
  const alsoDeclared = hosted.filter((name) => isAllowed(name) && !isSearchType(name))
  const { toolChoice, at = 'tool_choice' } = choice
  const found = (value: ToolChoice, isForced = false): Decoded<Toolbox> =>
    ok({
      ...{ tools, toolChoice: value, parallelToolCalls },
      ...(alsoDeclared.length === 0 ? {} : { alsoDeclared }),
      ...(search === undefined ? {} : { search: isForced ? { ...search, isForced } : search }),
    })
  if (toolChoice.type !== 'tool') {
    if (toolChoice.type !== 'any' || tools.length > 0) return found(toolChoice)
    const isLeftOut = hosted.some(isAllowed)
    if (search !== undefined || isLeftOut) return found({ type: 'auto' }, true)
    return refuse(at, 'demands a call, and there is no tool to call')
  }
  if (tools.some((tool) => tool.name === toolChoice.name)) return found(toolChoice)
  // The search goes by many dates: `web_search_preview` chooses `web_search` too.
  const isSearch = isSearchType(toolChoice.name)
  if (hosted.includes(toolChoice.name) || (isSearch && hosted.some(isSearchType)))
    return found({ type: 'auto' }, isSearch)
  return refuse(at, 'names no tool of this request')
}
