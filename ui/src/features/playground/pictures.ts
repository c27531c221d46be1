import type { PlainKey } from '../../i18n/dictionary.ts'
import type { Exchange, Picture } from './chat.ts'

/** What the gateway takes, and how much of it one request may hold: everything before is sent along. */
export const pictureTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const
export const pictureLimits: PictureLimits = { bytes: 10 * 1024 * 1024, together: 20 * 1024 * 1024, count: 10 }
type PictureLimits = { readonly bytes: number; readonly together: number; readonly count: number }

export type ReadPictures = { readonly pictures: readonly Picture[]; readonly faults: readonly PictureFault[] }
export type PictureFault = { readonly name: string; readonly fault: PlainKey }

export const bytesOf = ({ base64 }: Picture): number => Math.floor((base64.length * 3) / 4)
export const picturesIn = (exchanges: readonly Exchange[]): readonly Picture[] =>
  exchanges.flatMap(({ question }) => question.pictures)

/** Reads dropped, pasted or chosen files; what cannot be sent is said by name. `held`: what the chat has already. */
export async function readPictures(
  files: readonly File[],
  held: readonly Picture[],
  attached: number,
  limits = pictureLimits,
): Promise<ReadPictures> {
  const pictures: Picture[] = []
  const faults: PictureFault[] = []
  let bytes = held.reduce((sum, picture) => sum + bytesOf(picture), 0)
  for (const file of files) {
    const name = file.name || 'image'
    const fault = faultOf(file, bytes, attached + pictures.length, limits)
    if (fault !== undefined) {
      faults.push({ name, fault })
      continue
    }
    bytes += file.size
    pictures.push({ name, type: file.type, base64: base64Of(new Uint8Array(await file.arrayBuffer())) })
  }
  return { pictures, faults }
}

function faultOf(file: File, bytes: number, attached: number, limits: PictureLimits): PlainKey | undefined {
  if (!pictureTypes.some((type) => type === file.type)) return 'playground.imageType'
  if (file.size > limits.bytes) return 'playground.imageLarge'
  if (attached >= limits.count) return 'playground.imageMany'
  return bytes + file.size > limits.together ? 'playground.imagesLarge' : undefined
}

/** In pieces: as arguments of one call, a photo's bytes would be too many. */
export function base64Of(bytes: Uint8Array): string {
  const step = 0x8000
  let text = ''
  for (let at = 0; at < bytes.length; at += step) text += String.fromCharCode(...bytes.subarray(at, at + step))
  return btoa(text)
}
