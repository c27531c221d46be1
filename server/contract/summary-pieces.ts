import type { ImagePart, Message, Part } from '../conversation/conversation.ts'
import type { Unshown } from '../relay/relay.ts'
import { besides } from './clients-summary.ts'
import { lengthOf, longestSaid, mostOfText, type Spoken, spokenOf, transcriptOf, unshownOf } from './transcript.ts'

/** What one call makes a summary of. */
export type Piece = {
  readonly text: string
  readonly images: readonly ImagePart[]
  /** The messages up to here are in it or before it; undefined: it ends within one. */
  readonly end: number | undefined
  /** What was said in the messages that end in it and is in no piece. */
  readonly unshown: Unshown
}

export const mostPieces = 8
/** Of fewer characters no piece is made. */
const leastRoom = 1_000
/** Only where as much of a piece is left is a message begun in it. */
const shareBegun = 0.05
/** So far back a text is broken between words. */
const lookBack = 200
/** How exactly the bound of what is shown of long texts is found, characters. */
const exactly = 500

const between = '\n\n'

type Of = { readonly spoken: Spoken; readonly images: readonly ImagePart[]; readonly end: number }

/**
 * The messages between two places, but for a client's own summary, in pieces of so many characters. Messages stay in one piece
 * where that takes no more than there may be, and all that was said is shown; only what is too much for all of them is cut, the
 * longest texts first. Undefined: even so it is too much.
 */
export function piecesOf(
  messages: readonly Message[],
  from: number,
  to: number,
  own: Message | undefined,
  room: number,
): readonly Piece[] | undefined {
  const characters = Math.max(room, leastRoom)
  const all = messages.slice(from, to).flatMap((message, index): readonly Of[] =>
    besides(own, [message]).map((rest) => ({
      spoken: spokenOf(rest),
      images: rest.parts.flatMap(imagesIn),
      end: from + index + 1,
    })),
  )
  const longest = all.reduce((most, { spoken }) => Math.max(most, longestSaid(spoken)), 0)
  const mostShown = mostPieces * characters
  if (all.reduce((sum, { spoken }) => sum + lengthOf(spoken), 0) <= mostShown) {
    for (const fills of [false, true]) {
      const pieces = packed(all, longest, characters, fills)
      if (pieces.length <= mostPieces) return pieces
    }
  }
  let found = packed(all, mostOfText, characters, true)
  if (found.length > mostPieces) return undefined
  for (let [least, most] = [mostOfText, Math.min(longest, mostShown)]; most - least > exactly; ) {
    const middle = Math.floor((least + most) / 2)
    const tried = packed(all, middle, characters, true)
    if (tried.length > mostPieces) most = middle
    else [least, found] = [middle, tried]
  }
  return found
}

/** `fills`: a message is broken in two to fill a piece, not only where it is longer than one. */
function packed(all: readonly Of[], most: number, characters: number, fills: boolean): readonly Piece[] {
  const pieces: { texts: string[]; images: ImagePart[]; end: number | undefined; unshown: Unshown }[] = []
  let room = 0
  const begin = (): void => {
    pieces.push({ texts: [], images: [], end: undefined, unshown: allShown })
    room = characters
  }
  const put = (text: string): void => {
    pieces.at(-1)?.texts.push(text)
    room -= text.length + between.length
  }
  for (const { spoken, images, end } of all) {
    let text = transcriptOf(spoken, most)
    while (text.length > room) {
      const isBroken = fills || text.length > characters
      if (room < characters * shareBegun || !isBroken) {
        begin()
        continue
      }
      const at = breakIn(text, room)
      put(text.slice(0, at))
      const begun = pieces.at(-1)
      if (begun !== undefined) begun.end = undefined
      text = `[${spoken.role}, going on]\n${text.slice(at).trimStart()}`
      room = 0
    }
    put(text)
    const last = pieces.at(-1)
    if (last === undefined) continue
    last.images.push(...images)
    last.end = end
    last.unshown = sumUnshown(last.unshown, unshownIn(spoken, most))
  }
  return pieces.map(({ texts, ...piece }) => ({ ...piece, text: texts.join(between) }))
}

export const allShown: Unshown = { characters: 0, messages: 0 }

function unshownIn(spoken: Spoken, most: number): Unshown {
  const characters = unshownOf(spoken, most)
  return characters === 0 ? allShown : { characters, messages: 1 }
}

export const sumUnshown = (one: Unshown, other: Unshown): Unshown => ({
  characters: one.characters + other.characters,
  messages: one.messages + other.messages,
})

/** Between two words where there are any, and never within a character. */
function breakIn(text: string, room: number): number {
  const end = text.slice(Math.max(0, room - lookBack), room)
  const space = end.search(/\s\S*$/)
  if (space > 0) return room - end.length + space
  return /[\ud800-\udbff]$/.test(end) ? room - 1 : room
}

const imagesIn = (part: Part): readonly ImagePart[] =>
  part.type === 'image'
    ? [part]
    : part.type === 'tool-result'
      ? part.parts.filter((inner) => inner.type === 'image')
      : []
