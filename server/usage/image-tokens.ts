import type { ImagePart } from '../conversation/conversation.ts'
import { sizeOfImage } from '../conversation/image-size.ts'

/** Anthropic's published rule: pixels / 750, after the model has scaled the image to what costs about 1,600 at most. */
const pixelsPerToken = 750
const mostTokens = 1_600

/** An image that does not tell its size counts as large. */
export function imageTokens(image: ImagePart): number {
  const size = sizeOfImage(image.base64)
  if (size === undefined) return mostTokens
  return Math.max(1, Math.min(mostTokens, Math.ceil((size.width * size.height) / pixelsPerToken)))
}
