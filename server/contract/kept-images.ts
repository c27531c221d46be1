import type { ImagePart, Message, Part } from '../conversation/conversation.ts'
import { imageTokens } from '../usage/image-tokens.ts'

/** Images that stay where the turns they came with are replaced; `numbers` count from 1 among all `of` that part. */
export type KeptImages = {
  readonly images: readonly ImagePart[]
  readonly numbers: readonly number[]
  readonly of: number
}

/** Of those the user gave, and of those that tools did. */
const mostGiven = 4
const mostOfTools = 2
/** Base64 of all of them together. */
const mostCharacters = 4_000_000

/** A client's own way to name a pasted image in its text; nothing that a language has words for. */
const numbering = /\[image\s*#?(\d+)\]/gi

type Seen = { readonly image: ImagePart; readonly isGiven: boolean; readonly number: number }

/**
 * Which images before a cut stay. Whether a later word is about one cannot be told in every language, so the newest stay: those
 * the user gave, for they are what people come back to, and fewer of those that tools did. Before all of them come those that
 * what stays names by number. `mostTokens` bounds them all together, so that the rest can still fit.
 */
export function imagesToKeep(replaced: readonly Message[], kept: readonly Message[], mostTokens: number): KeptImages {
  const seen = imagesOf(replaced)
  const none: KeptImages = { images: [], numbers: [], of: seen.length }
  if (seen.length === 0) return none
  const stillThere = new Set(imagesOf(kept).map(({ image }) => image.base64))
  const latest = new Map(seen.map((one) => [one.image.base64, one]))
  const candidates = [...latest.values()].filter(({ image }) => !stillThere.has(image.base64))
  const given = candidates.filter(({ isGiven }) => isGiven)
  const ofTools = candidates.filter(({ isGiven }) => !isGiven)
  const wanted = new Set([
    ...namedIn(kept, seen).filter((one) => candidates.includes(one)),
    ...given.slice(-mostGiven).toReversed(),
    ...ofTools.slice(-mostOfTools).toReversed(),
  ])
  const taken: Seen[] = []
  let tokens = mostTokens
  let characters = mostCharacters
  for (const one of wanted) {
    const ofImage = imageTokens(one.image)
    if (taken.length === mostGiven + mostOfTools) break
    if (ofImage > tokens || one.image.base64.length > characters) continue
    tokens -= ofImage
    characters -= one.image.base64.length
    taken.push(one)
  }
  const inOrder = taken.toSorted((a, b) => a.number - b.number)
  return { ...none, images: inOrder.map(({ image }) => image), numbers: inOrder.map(({ number }) => number) }
}

/** For the model: which images it sees behind the summary, and which it does not see any more. */
export function tellImages({ numbers, of }: KeptImages): string {
  if (of === 0) return 'The conversation goes on from there.'
  if (numbers.length === of) return 'The images of that part follow; then the conversation goes on.'
  const lost = 'the others cannot be seen any more, only the summary tells of them'
  return numbers.length === 0
    ? `That part had ${of === 1 ? 'an image' : `${of} images`}, which cannot be seen any more; only the summary tells of them. The conversation goes on from there.`
    : `Of the ${of} images of that part ${listOf(numbers)} follow${numbers.length === 1 ? 's' : ''}; ${lost}. Then the conversation goes on.`
}

const listOf = (numbers: readonly number[]): string =>
  `number ${numbers.length === 1 ? '' : `${numbers.slice(0, -1).join(', ')} and `}${numbers.at(-1)}`

function imagesOf(messages: readonly Message[]): readonly Seen[] {
  const found: Omit<Seen, 'number'>[] = []
  for (const { parts } of messages)
    for (const part of parts) {
      if (part.type === 'image') found.push({ image: part, isGiven: true })
      if (part.type === 'tool-result')
        for (const inner of part.parts) if (inner.type === 'image') found.push({ image: inner, isGiven: false })
    }
  return found.map((one, index) => ({ ...one, number: index + 1 }))
}

/** Clients number what the user gave; tools give images without a number. */
function namedIn(kept: readonly Message[], seen: readonly Seen[]): readonly Seen[] {
  const given = seen.filter(({ isGiven }) => isGiven)
  const said = kept.flatMap(({ role, parts }) => (role === 'user' ? parts.flatMap(textIn) : [])).join('\n')
  return [...said.matchAll(numbering)].flatMap(
    ([, number]) => given[Number(number) - 1] ?? seen[Number(number) - 1] ?? [],
  )
}

const textIn = (part: Part): readonly string[] => (part.type === 'text' ? [part.text] : [])
