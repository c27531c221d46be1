import { type Directives, markersOf, readDirectives, withoutDirectives } from './directive.ts'
import { jsonRequest } from './json-request.ts'
import { countTokens } from './meter.ts'
import type { SimulatedModel } from './models.ts'
import type { Prompt } from './prompt.ts'
import { sampleOf } from './sample-input.ts'
import { asksForSearch, pagesIn, searchToolOf } from './search-request.ts'
import { shapeOf, textOf } from './shape.ts'
import type { Script, Step, ToolStep } from './step.ts'
import { asksForTools } from './tool-request.ts'

const quoteLength = 200

/**
 * The automatic answer: sensible for the request, the same for the same request, and always saying that it is simulated.
 * It calls tools when asked to (in words or by directive), quotes their results, reasons when thinking is on (native
 * fields or tags in the text), answers JSON when told to, and echoes markers.
 */
export function answer(prompt: Prompt, model: SimulatedModel): { readonly script: Script; readonly told: Directives } {
  const told = willed(readDirectives(prompt.asked), readDirectives(prompt.opening))
  const calls = callsOf(prompt, told, model)
  const spoken = calls.length > 0 && told.text === undefined ? '' : textAnswer(prompt, told, model)
  const thought = told.think ?? (thinks(prompt, model) ? thinking(prompt) : undefined)
  const tagged = thought !== undefined && told.think === undefined && model.fields === undefined && !isMiniMax(model)
  const text = limited(tagged ? inTags(thought, told.thoughts ?? 1, spoken) : spoken, prompt)
  const steps: Step[] = []
  if (told.delayMs !== undefined) steps.push({ type: 'pause', ms: told.delayMs })
  if (thought !== undefined && !tagged) steps.push(...reasoningSteps(thought, prompt, model))
  if (told.redacted) steps.push({ type: 'redacted' })
  if (text.text !== '') {
    steps.push({
      type: 'text',
      text: text.text,
      split: true,
      ...(told.repeat === undefined ? {} : { times: told.repeat }),
    })
  }
  steps.push(...calls)
  // GPT's reasoning is opaque and arrives at the end.
  if (isGpt(model) && textOf(shapeOf(prompt.fields.reasoning)?.effort) !== undefined) steps.push({ type: 'redacted' })
  const stopReason = told.stop ?? (text.isCut ? 'MAX_TOKENS' : undefined)
  return { script: { steps, ...(stopReason === undefined ? {} : { stopReason }) }, told }
}

/** What is said instead of all else goes before it. */
function willed(told: Directives, atFirst: Directives): Directives {
  const instead = told.instead ?? told.always ?? atFirst.always
  return instead === undefined ? told : { ...told, text: instead, instead }
}

/** Thoughts between tags, with the answer after each. */
const inTags = (thought: string, count: number, spoken: string): string =>
  Array.from({ length: count }, () => `<thinking>${thought}</thinking>\n\n${spoken}`).join('\n\n')

const isGpt = (model: SimulatedModel): boolean => model.id.startsWith('gpt-')
const isMiniMax = (model: SimulatedModel): boolean => model.id.startsWith('minimax-')
/** A gateway may put a system prompt in front: the language is that of the end. */
const isChinese = (text: string): boolean => /\p{Script=Han}/u.test(text.slice(-400))

function thinks(prompt: Prompt, model: SimulatedModel): boolean {
  if (isMiniMax(model)) return true
  const type = shapeOf(prompt.fields.thinking)?.type
  if (type !== undefined) return type !== 'disabled'
  return /<thinking_mode>\s*(?:enabled|adaptive|interleaved)\s*<\/thinking_mode>/.test(prompt.text + prompt.opening)
}

function reasoningSteps(thought: string, prompt: Prompt, model: SimulatedModel): readonly Step[] {
  // Open-weight models: one frame, no signature, empty text around it.
  if (isMiniMax(model)) {
    return [
      { type: 'text', text: '' },
      { type: 'reasoning', text: thought },
      { type: 'text', text: '' },
    ]
  }
  if (shapeOf(prompt.fields.thinking)?.display === 'omitted') return [{ type: 'signature' }]
  return [{ type: 'reasoning', text: thought, split: true }, { type: 'signature' }]
}

function thinking(prompt: Prompt): string {
  const quote = quoted(withoutDirectives(prompt.asked))
  return isChinese(prompt.asked)
    ? `（模拟的思考）用户写道：“${quote}”`
    : `(Simulated reasoning.) The user wrote: “${quote}”`
}

function callsOf(prompt: Prompt, told: Directives, model: SimulatedModel): readonly ToolStep[] {
  if (prompt.tools.length === 0 || told.instead !== undefined) return []
  const isResult = prompt.results.length > 0
  if (isResult && prompt.rounds >= (told.rounds ?? 1)) return []
  const searches = searchesOf(prompt, told)
  const others = wanted(prompt, told).filter(({ name }) => searches.length === 0 || name !== searches[0]?.name)
  return [...searches, ...others].flatMap((call): readonly ToolStep[] => {
    const { name } = call
    const tool = prompt.tools.find((candidate) => candidate.name === name)
    if (tool === undefined) return []
    const input = call.input ?? told.input ?? shapeOf(sampleOf(tool.schema)) ?? {}
    return [
      {
        type: 'tool',
        name,
        ...(Object.keys(input).length === 0 ? {} : { input }),
        fragments: /^(claude|auto|gpt)/.test(model.id) ? 'recorded' : 'one-piece',
      },
    ]
  })
}

/** Searches of this round: as directed, else once where the words ask for one. */
function searchesOf(prompt: Prompt, told: Directives): Directives['calls'] {
  const name = searchToolOf(prompt.tools.map((tool) => tool.name))
  if (name === undefined) return []
  const call = (query: string): Directives['calls'][number] => ({ name, input: { query } })
  if (told.searches.length > 0) {
    if ((told.rounds ?? 1) <= 1) return told.searches.map(call)
    return told.searches.slice(prompt.rounds, prompt.rounds + 1).map(call)
  }
  if (told.calls.length > 0 || told.tool !== undefined || told.tools !== undefined || told.rounds !== undefined)
    return []
  const query = asksForSearch(withoutDirectives(prompt.asked))
  return query === undefined ? [] : [call(query)]
}

/** The tools to call, in order. */
function wanted(prompt: Prompt, told: Directives): Directives['calls'] {
  const names = prompt.tools.map((tool) => tool.name)
  const around = (from: readonly string[], count: number): Directives['calls'] =>
    Array.from({ length: count }, (_, index) => ({ name: from[index % from.length] ?? '' }))
  if (told.calls.length > 0) return told.calls
  if (told.tool !== undefined) return around([told.tool], told.tools ?? 1)
  if (told.tools !== undefined) return around(names, told.tools)
  const request = asksForTools(prompt.asked, names)
  if (request !== undefined) return around(request.names, request.count)
  return told.rounds === undefined || told.searches.length > 0 ? [] : around(names, 1)
}

function textAnswer(prompt: Prompt, told: Directives, model: SimulatedModel): string {
  if (told.text !== undefined) return [told.text, ...told.markers].join(' ')
  const json = told.json ? {} : jsonRequest(prompt.asked, prompt.opening)
  const markers = [...told.markers, ...prompt.results.flatMap(markersOf)]
  if (json !== undefined) {
    const value =
      json.schema === undefined
        ? { simulated: true, answer: 'This answer is simulated.', ...(markers.length > 0 ? { markers } : {}) }
        : sampleOf(json.schema)
    return JSON.stringify(value)
  }
  const said = isChinese(prompt.asked) ? chinese(prompt, model) : english(prompt, model)
  return [said, ...markers].join(' ')
}

function english(prompt: Prompt, model: SimulatedModel): string {
  const head = `This answer is simulated; no model was asked (${model.id}). `
  if (prompt.results.length > 0) {
    const pages = pagesIn(prompt.results)
    if (pages.length > 0) return `${head}The simulated search found ${pages.join(' and ')}.`
    return `${head}The tool results were: ${prompt.results.map((result) => `“${quoted(result)}”`).join(', ')}.`
  }
  const images = prompt.images > 0 ? ` It came with ${prompt.images} image(s).` : ''
  return `${head}You wrote: “${quoted(withoutDirectives(prompt.asked))}”.${images} 🙂`
}

function chinese(prompt: Prompt, model: SimulatedModel): string {
  const head = `这是模拟的回答，没有询问任何模型（${model.id}）。`
  if (prompt.results.length > 0) {
    const pages = pagesIn(prompt.results)
    if (pages.length > 0) return `${head}模拟的搜索找到了 ${pages.join(' 和 ')}。`
    return `${head}工具返回：${prompt.results.map((result) => `“${quoted(result)}”`).join('、')}。`
  }
  const images = prompt.images > 0 ? `附有 ${prompt.images} 张图片。` : ''
  return `${head}您写道：“${quoted(withoutDirectives(prompt.asked))}”。${images}🙂`
}

/** The end of a text is where the person speaks when a gateway puts its system prompt in front. */
function quoted(text: string): string {
  const characters = [...text.slice(-quoteLength * 2)]
  return characters.length <= quoteLength ? characters.join('') : `…${characters.slice(-quoteLength).join('')}`
}

/** Applies `max_tokens` of the native fields. */
function limited(text: string, prompt: Prompt): { readonly text: string; readonly isCut: boolean } {
  const max = prompt.fields.max_tokens
  if (typeof max !== 'number' || countTokens(text) <= max) return { text, isCut: false }
  let low = 0
  let high = text.length
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (countTokens(text.slice(0, middle)) <= max) low = middle
    else high = middle - 1
  }
  return { text: text.slice(0, low), isCut: true }
}
