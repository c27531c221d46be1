import type { ImageFormat, ImagePart } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'

const maxImageBytes = 10 * 1024 * 1024

/**
 * The image under its true format: clients often declare a wrong one, and the provider refuses the whole request then. What is
 * none of the four formats, or too large, is refused; `name` says which image it is.
 */
export function checkImage(part: ImagePart, name: string): Result<ImagePart, GatewayError> {
  const bytes = Math.floor((part.base64.length * 3) / 4)
  if (bytes > maxImageBytes) {
    return err(
      gatewayError(
        'invalid-request',
        // The words by which Claude Code knows it, and offers a smaller image.
        `messages: ${name}: image exceeds ${maxImageBytes / 1024 / 1024} MB maximum: ${bytes} bytes > ${maxImageBytes} bytes`,
        {
          field: 'messages',
        },
      ),
    )
  }
  const format = formatOf(Buffer.from(part.base64.slice(0, 24), 'base64'))
  if (format === undefined) {
    return err(
      gatewayError(
        'invalid-request',
        `messages: ${name} is not a PNG, JPEG, GIF or WebP image (declared as ${part.format}).`,
        {
          field: 'messages',
        },
      ),
    )
  }
  return ok(format === part.format ? part : { ...part, format })
}

/** The format by its first bytes. */
export function formatOf(bytes: Buffer): ImageFormat | undefined {
  const text = bytes.toString('latin1', 0, 12)
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif'
  return text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP' ? 'webp' : undefined
}
