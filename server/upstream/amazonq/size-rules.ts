import { leftOut } from '../../conversation/left-out.ts'
import { type Breach, type Checked, entriesOf, imagesOf, type Rule, resultsOf, withTurns } from './breach.ts'
import type { Image, RequestBody, UserEntry } from './wire.ts'
import { wireLimits } from './wire.ts'
import { wireText } from './wire-text.ts'

const count = (value: number): string => value.toLocaleString('en-US')
/** Of the bytes behind base64. */
const bytesOf = ({ source: { bytes } }: Image): number => Math.floor((bytes.length * 3) / 4)
const isLarger =
  (most: number) =>
  (image: Image): boolean =>
    bytesOf(image) > most

function imageBreaches(
  { turns }: Checked,
  isBad: (image: Image) => boolean,
  say: (image: Image) => string,
): readonly Breach[] {
  return turns
    .flatMap(imagesOf)
    .filter(isBad)
    .map((image) => ({ place: { in: 'image', base64: image.source.bytes }, is: say(image) }))
}
const sizeOf = (image: Image): string => `${count(bytesOf(image))} bytes`

const textRule = (name: string, role: 'user' | 'assistant', most: number): Rule => ({
  name,
  sure: 'reported',
  demands: `The text of one ${role} message may have ${count(most)} characters.`,
  find: ({ turns }) =>
    turns.flatMap((turn, index) =>
      turn.role === role && turn.message.content.length > most
        ? [{ place: { in: 'turn', turn: index }, is: `${count(turn.message.content.length)} characters` }]
        : [],
    ),
})

/** How much of something a request may hold, and what its images must be. */
export const sizeRules: readonly Rule[] = [
  {
    name: 'image-bytes',
    sure: 'known',
    demands: 'An image has to be a PNG, JPEG, GIF or WebP file, whole and of the format it is said to be.',
    find: (checked) => imageBreaches(checked, isMisnamed, ({ format }) => `not read as ${format}`),
    repair: {
      does: 'named by what they are; what is no image replaced by a line of text in earlier messages',
      apply: (body) => ({
        body: withoutPast(mapImages(body, renamed), (image) => formatOf(image) === undefined, 'no image'),
      }),
    },
  },
  {
    name: 'image-size',
    sure: 'known',
    demands: `One image may have ${count(wireLimits.imageBytes)} bytes.`,
    find: (checked) => imageBreaches(checked, isLarger(wireLimits.imageBytes), sizeOf),
    repair: {
      does: 'replaced by a line of text in earlier messages',
      apply: (body) => ({ body: withoutPast(body, isLarger(wireLimits.imageBytes), 'too large for the provider') }),
    },
  },
  {
    name: 'images-per-message',
    sure: 'known',
    demands: `One message may hold ${wireLimits.imagesPerMessage} images.`,
    find: ({ turns }) =>
      turns.flatMap((turn) => {
        const images = imagesOf(turn)
        const surplus = images[wireLimits.imagesPerMessage]
        return surplus === undefined
          ? []
          : [{ place: { in: 'image', base64: surplus.source.bytes }, is: `${images.length} images` }]
      }),
  },
  {
    name: 'image-model',
    sure: 'known',
    demands: 'This model reads no images.',
    find: (checked) => (checked.model.acceptsImages ? [] : imageBreaches(checked, () => true, sizeOf)),
  },
  {
    name: 'result-size',
    sure: 'known',
    demands: `One text of a tool result may have ${count(wireLimits.resultCharacters)} characters.`,
    find: ({ turns }) =>
      turns.flatMap(resultsOf).flatMap(({ toolUseId, content }) => {
        const longest = Math.max(0, ...content.map(({ text }) => text.length))
        return longest > wireLimits.resultCharacters
          ? [{ place: { in: 'result', toolUseId }, is: `${count(longest)} characters` }]
          : []
      }),
  },
  {
    name: 'image-size-old',
    sure: 'reported',
    demands: `One image may have ${count(wireLimits.oldImageBytes)} bytes.`,
    find: (checked) => imageBreaches(checked, isLarger(wireLimits.oldImageBytes), sizeOf),
    repair: {
      does: 'replaced by a line of text in earlier messages',
      apply: (body) => ({ body: withoutPast(body, isLarger(wireLimits.oldImageBytes), 'too large for the provider') }),
    },
  },
  textRule('user-text', 'user', wireLimits.oldUserCharacters),
  textRule('assistant-text', 'assistant', wireLimits.oldAssistantCharacters),
  {
    name: 'body-size',
    sure: 'reported',
    demands: `A whole request may have ${count(wireLimits.reportedBodyBytes)} bytes.`,
    find: ({ body }) => {
      const bytes = Buffer.byteLength(wireText(body))
      return bytes > wireLimits.reportedBodyBytes ? [{ place: { in: 'turns' }, is: `${count(bytes)} bytes` }] : []
    },
  },
]

/** What its first bytes say; undefined: none of the four. */
function formatOf({ source: { bytes } }: Image): Image['format'] | undefined {
  const head = Buffer.from(bytes.slice(0, 16), 'base64')
  if (head.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n') return 'png'
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'jpeg'
  const first = head.toString('latin1', 0, 4)
  if (first === 'GIF8') return 'gif'
  return first === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP' ? 'webp' : undefined
}
const isMisnamed = (image: Image): boolean => formatOf(image) !== image.format
const renamed = (image: Image): Image => ({ ...image, format: formatOf(image) ?? image.format })

const mapImages = (body: RequestBody, change: (image: Image) => Image): RequestBody =>
  withTurns(
    body,
    entriesOf(body).map((entry) => {
      if (!('userInputMessage' in entry) || entry.userInputMessage.images === undefined) return entry
      return { userInputMessage: { ...entry.userInputMessage, images: entry.userInputMessage.images.map(change) } }
    }),
  )

/** A line of text for each of these images before the current message, which is the caller's to correct. */
function withoutPast(body: RequestBody, isBad: (image: Image) => boolean, reason: string): RequestBody {
  const entries = entriesOf(body).map((entry, index, all) => {
    const isPast = index < all.length - 1
    return isPast && 'userInputMessage' in entry ? withoutImages(entry, isBad, reason) : entry
  })
  return withTurns(body, entries)
}

function withoutImages(entry: UserEntry, isBad: (image: Image) => boolean, reason: string): UserEntry {
  const { images = [], content, ...rest } = entry.userInputMessage
  const bad = images.filter(isBad)
  if (bad.length === 0) return entry
  const kept = images.filter((image) => !isBad(image))
  const lines = bad.map(() => leftOut('image', reason).text)
  return {
    userInputMessage: {
      ...rest,
      content: [content, ...lines].filter((text) => text !== '').join('\n\n'),
      ...(kept.length === 0 ? {} : { images: kept }),
    },
  }
}
