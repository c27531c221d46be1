import { checkNesting, type Decoded, isObject, refuse } from './validate.ts'

/** More than a model's window has room for. What is done with so many in one go is done within some 100 ms. */
const mostMessages = 20_000
const mostParts = 50_000
const mostTools = 10_000

/** Where a body has its messages or items, and its tools: past turns are looked at one by one, schemas are cut by the encoder. */
export type Lists = { readonly turns: readonly string[]; readonly tools: readonly string[] }

/** Members in which a message or an item has its parts, and results theirs. */
const partMembers = ['content', 'tool_calls', 'output', 'summary'] as const

/** A body that is nested too deeply, or brings more than can be read while others wait, is refused by the member. */
export function checkBody(body: unknown, { turns, tools }: Lists): Decoded<unknown> {
  const nesting = checkNesting(body, [...turns, ...tools])
  if (!nesting.ok || !isObject(body)) return nesting
  for (const name of tools) if (lengthOf(body[name]) > mostTools) return refuse(name, tooMany(mostTools))
  for (const name of turns) {
    const list = body[name]
    if (!Array.isArray(list)) continue
    if (list.length > mostMessages) return refuse(name, tooMany(mostMessages))
    let parts = 0
    for (const [index, message] of list.entries()) {
      parts += partsIn(message, 2)
      if (parts > mostParts)
        return refuse(`${name}.${index}`, `all of ${name} together must have at most ${countOf(mostParts)} parts`)
    }
  }
  return nesting
}

function partsIn(value: unknown, levels: number): number {
  if (!isObject(value)) return 0
  let count = 0
  for (const name of partMembers) {
    const list = value[name]
    if (!Array.isArray(list)) continue
    count += list.length
    if (levels > 1 && count <= mostParts) for (const part of list) count += partsIn(part, levels - 1)
  }
  return count
}

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0)

const countOf = (count: number): string => count.toLocaleString('en')
const tooMany = (most: number): string => `must have at most ${countOf(most)} entries`
