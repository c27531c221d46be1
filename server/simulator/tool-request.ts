const words: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  both: 2,
  一: 1,
  两: 2,
  二: 2,
  三: 3,
  四: 4,
  五: 5,
}
const number = `(\\d{1,2}|${Object.keys(words).join('|')})`
const english = new RegExp(
  `\\b(?:use|call|run|invoke|make)\\s+(?:exactly\\s+)?${number}\\s+(?:[a-z]+\\s+){0,2}?(?:tools?|functions?|tool calls)\\b`,
  'i',
)
const chinese = new RegExp(`(?:使用|调用)\\s*${number}\\s*(?:个|次)?\\s*(?:工具|函数)`)
const anyTool =
  /\b(?:use|call|run|invoke)\s+(?:a|the|any|some|your|all)?\s*(?:\w+\s+){0,2}(?:tools?|functions?)\b|(?:使用|调用)[^。\n]{0,10}(?:工具|函数)/i

/** A prompt's own words stand at its end; before them there may be a system prompt that talks about tools. */
const lookBack = 1500
const shortPrompt = 600
const ownWords = (text: string): string =>
  text.length <= shortPrompt
    ? text
    : (text
        .slice(-lookBack)
        .trimEnd()
        .split(/\n\s*\n/)
        .at(-1) ?? '')

/**
 * Which tools a prompt asks for in words: it names one ("what does get_weather say?"), or asks for some
 * ("use 3 tools", "call two tools in parallel", "调用两个工具", "use the tool"). Undefined: it asks for none.
 */
export function asksForTools(
  asked: string,
  names: readonly string[],
): { readonly names: readonly string[]; readonly count: number } | undefined {
  const text = ownWords(asked.replaceAll(/<system-reminder>[\s\S]*?<\/system-reminder>/g, ''))
  const named = names.filter((name) => (isPlainWord(name) ? isAskedFor(text, name) : mentions(text, name)))
  const digits = english.exec(text)?.[1] ?? chinese.exec(text)?.[1]
  const asksFor = digits === undefined ? undefined : (words[digits.toLowerCase()] ?? Number(digits))
  if (asksFor !== undefined) return { names: named.length > 0 ? named : names, count: asksFor }
  if (named.length > 0) return { names: named, count: named.length }
  return anyTool.test(text) ? { names: names.slice(0, 1), count: 1 } : undefined
}

/** `Read` and `Workflow` stand in prose without anyone meaning the tool: a verb must ask for them. */
const isPlainWord = (name: string): boolean => /^[A-Z]?[a-z]+$/.test(name)
const isAskedFor = (text: string, name: string): boolean =>
  new RegExp(`(?:\\b(?:use|call|run|invoke)\\s+(?:(?:the|your)\\s+)?|(?:使用|调用)\\s*)${name}(?![\\w-])`, 'i').test(
    text,
  )

function mentions(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const isEdge = (character: string | undefined): boolean =>
      character === undefined || !/[A-Za-z0-9_-]/.test(character)
    if (isEdge(text[at - 1]) && isEdge(text[at + name.length])) return true
  }
  return false
}
