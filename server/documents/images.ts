import type { ImageFormat, ImagePart } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { sizeOfImage } from '../conversation/image-size.ts'
import { err, ok, type Result } from '../lib/result.ts'

/**
 * `bytes`: what the provider's model of a request declares for one image; `side`: the most pixels its models take, across or
 * down. Beyond them an image is made smaller, up to what is safe to unpack.
 */
export const imageLimits = {
  bytes: 2_800_000,
  side: 8_000,
  /** Larger files are not read. */
  fileBytes: 32 * 1024 * 1024,
  /** Four bytes each while it is unpacked. */
  pixels: 80_000_000,
} as const

export type CheckedImage = { readonly part: ImagePart; readonly isOver: boolean }

/**
 * The image under its true format: clients often declare a wrong one, and the provider refuses the whole request then. What is
 * none of the four formats, or beyond what can be made smaller, is refused.
 */
export function checkImage(part: ImagePart): Result<CheckedImage, GatewayError> {
  const bytes = Math.floor((part.base64.length * 3) / 4)
  if (bytes > imageLimits.fileBytes) {
    const most = imageLimits.fileBytes
    // The words by which Claude Code knows it, and offers a smaller image.
    return refuseImage(part, `exceeds ${most / 1024 / 1024} MB maximum: ${bytes} bytes > ${most} bytes`)
  }
  const format = formatOf(Buffer.from(part.base64.slice(0, 24), 'base64'))
  if (format === undefined)
    return refuseImage(part, `is not a PNG, JPEG, GIF or WebP image (declared as ${part.format}).`)
  const size = sizeOfImage(part.base64)
  if (size !== undefined && size.width * size.height > imageLimits.pixels) {
    return refuseImage(
      part,
      `has ${size.width} x ${size.height} pixels; at most ${imageLimits.pixels / 1_000_000} million can be made smaller.`,
    )
  }
  const isOver =
    bytes > imageLimits.bytes || (size !== undefined && Math.max(size.width, size.height) > imageLimits.side)
  return ok({ part: format === part.format ? part : { ...part, format }, isOver })
}

export function refuseImage({ field = 'messages' }: ImagePart, reason: string): Result<never, GatewayError> {
  return err(gatewayError('invalid-request', `${field}: image ${reason}`, { field }))
}

/** The format by its first bytes. */
export function formatOf(bytes: Buffer): ImageFormat | undefined {
  const text = bytes.toString('latin1', 0, 12)
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif'
  return text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP' ? 'webp' : undefined
}
