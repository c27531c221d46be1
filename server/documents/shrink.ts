import type { ImageFormat } from '../conversation/conversation.ts'
import { formatOf, imageLimits } from './images.ts'
import type { ImageReading } from './reading.ts'

/** Longest sides, in pixels, that are tried in turn. No model looks at more than the first. */
const sides = [2_576, 1_568, 1_024, 512] as const
const quality = 85
type Encoded = 'png' | 'jpeg' | 'webp'
/** What it may become: first what keeps it as it is, then what is smaller. A GIF keeps its first picture. */
const forms: Readonly<Record<ImageFormat, readonly Encoded[]>> = {
  png: ['png', 'webp'],
  gif: ['png', 'webp'],
  webp: ['webp'],
  jpeg: ['jpeg'],
}

/**
 * The image within the provider's limits. Decoding may take long and much memory, so this runs in a process of its own
 * (child.ts); it never throws. What would unpack to too many pixels is refused by its header.
 */
export async function shrinkImage(bytes: Uint8Array<ArrayBuffer>): Promise<ImageReading> {
  const from = formatOf(Buffer.from(bytes.subarray(0, 12)))
  if (from === undefined) return { ok: false, reason: 'is not a PNG, JPEG, GIF or WebP image' }
  try {
    const image = (): Bun.Image => new Bun.Image(bytes, { maxPixels: imageLimits.pixels })
    const { width, height } = await image().metadata()
    for (const side of sides) {
      for (const format of forms[from]) {
        const resized = image().resize(side, side, { fit: 'inside', withoutEnlargement: true })
        const small = await encode(resized, format)
        if (small.length > imageLimits.bytes) continue
        const now = await new Bun.Image(small).metadata()
        const sizes = `${from} ${width}x${height}, ${bytes.length} bytes -> ${format} ${now.width}x${now.height}, ${small.length} bytes`
        return { ok: true, format, base64: Buffer.from(small).toString('base64'), about: sizes }
      }
    }
    return { ok: false, reason: `cannot be made smaller than ${imageLimits.bytes} bytes` }
  } catch (thrown) {
    const code = (thrown as { readonly code?: unknown } | undefined)?.code
    if (code === 'ERR_IMAGE_TOO_MANY_PIXELS')
      return { ok: false, reason: `has more than ${imageLimits.pixels} pixels, the most that can be made smaller` }
    return { ok: false, reason: `is not a sound ${from.toUpperCase()} image` }
  }
}

function encode(image: Bun.Image, format: Encoded): Promise<Uint8Array> {
  switch (format) {
    case 'png':
      return image.png().bytes()
    case 'jpeg':
      return image.jpeg({ quality }).bytes()
    case 'webp':
      return image.webp({ quality }).bytes()
  }
}
