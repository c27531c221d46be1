import type { SimulatedModel } from './models.ts'
import { listOf, type Shape, shapeOf, textOf } from './shape.ts'
import { toolNamePattern } from './validate-tools.ts'
import { badToolUse, mismatch, type ValidationContext, type Violation, violation } from './violation.ts'

const origins = new Set(
  (
    'AI_EDITOR CHATBOT CLI CONSOLE DOCUMENTATION GITLAB IDE INLINE_CHAT KIRO_CLI MARKETING MD MD_CE MD_IDE MOBILE ' +
    'OPENSEARCH_DASHBOARD Q_DEV_BEXT SAGE_MAKER SERVICE_INTERNAL SM_AI_STUDIO_IDE UNIFIED_SEARCH UNKNOWN'
  ).split(' '),
)
const imageFormats = new Set(['png', 'jpeg', 'gif', 'webp'])
const maxImages = 10
const maxImageBytes = 10 * 1024 * 1024
const maxResultCharacters = 800_000
const idPattern = /^[a-zA-Z0-9_-]{1,64}$/

/** Checks one user message. `isCurrent`: only the current one may declare tools. */
export function userViolation(
  message: Shape,
  isCurrent: boolean,
  model: SimulatedModel | undefined,
  context: ValidationContext,
): Violation | undefined {
  const content = textOf(message.content)
  if (content === undefined) return violation('a user message has no content')
  const inner = message.userInputMessageContext
  if (inner !== undefined && shapeOf(inner) === undefined) return violation('userInputMessageContext is not an object')
  const results = shapeOf(inner)?.toolResults
  if (results !== undefined && !Array.isArray(results)) return violation('toolResults is not a list')
  if (content === '' && listOf(results).length === 0) return violation('empty content without tool results')
  if (message.origin !== undefined && !origins.has(String(message.origin))) return violation('unknown origin')
  if (!isCurrent && shapeOf(inner)?.tools !== undefined) return violation('a history message declares tools')
  const system = shapeOf(shapeOf(inner)?.envState)?.operatingSystem
  if (system !== undefined && !['macos', 'linux', 'windows'].includes(String(system))) {
    return violation('unknown operatingSystem')
  }
  return imagesViolation(message.images, model) ?? resultsViolation(listOf(results), context)
}

function imagesViolation(images: unknown, model: SimulatedModel | undefined): Violation | undefined {
  if (images === undefined) return undefined
  if (!Array.isArray(images)) return violation('images is not a list')
  if (images.length > maxImages) return violation('too many images')
  for (const entry of images) {
    const image = shapeOf(entry)
    if (!imageFormats.has(String(image?.format))) return violation('unknown image format')
    const bytes = textOf(shapeOf(image?.source)?.bytes)
    if (bytes === undefined || bytes === '' || bytes.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(bytes)) {
      return violation('image bytes are not base64')
    }
    if ((bytes.length / 4) * 3 > maxImageBytes) return violation('an image is too large')
  }
  if (images.length > 0 && model?.images === false) {
    return violation('the model takes no images', {
      message:
        "Bedrock error message: This model doesn't support the image content block that you provided. Update the content block and try again.",
      reason: 'IMAGE_FORMAT_UNSUPPORTED',
    })
  }
  return undefined
}

function resultsViolation(results: readonly unknown[], context: ValidationContext): Violation | undefined {
  const seen = new Set<string>()
  for (const entry of results) {
    const result = shapeOf(entry)
    const id = textOf(result?.toolUseId)
    if (result === undefined || id === undefined || !idPattern.test(id))
      return violation('a result without a proper id')
    if (seen.has(id)) return mismatch('two results for one tool use', context.age)
    seen.add(id)
    if (result.status !== undefined && result.status !== 'success' && result.status !== 'error') {
      return violation('unknown result status')
    }
    if (!Array.isArray(result.content)) return violation('a result has no content list')
    for (const block of result.content) {
      const shape = shapeOf(block)
      if (shape === undefined || !['text', 'json', 'image'].some((name) => Object.hasOwn(shape, name))) {
        return violation('a result block is neither text nor json')
      }
      if (shape.text !== undefined && typeof shape.text !== 'string') return violation('a result text is not a string')
      if ((textOf(shape.text)?.length ?? 0) > maxResultCharacters) return violation('a result text is too long')
    }
  }
  return undefined
}

/** Checks one assistant message of the history. */
export function assistantViolation(
  message: Shape,
  model: SimulatedModel | undefined,
  context: ValidationContext,
): Violation | undefined {
  const content = textOf(message.content)
  if (content === undefined) return violation('an assistant message has no content')
  if (message.toolUses !== undefined && !Array.isArray(message.toolUses)) return violation('toolUses is not a list')
  const uses = listOf(message.toolUses)
  if (content === '' && uses.length === 0) return violation('an assistant message is empty')
  if ((textOf(message.messageId)?.length ?? 0) > 128) return violation('messageId is too long')
  const seen = new Set<string>()
  for (const entry of uses) {
    const use = shapeOf(entry)
    const id = textOf(use?.toolUseId)
    if (id === undefined || !idPattern.test(id)) return violation('a tool use without a proper id')
    if (seen.has(id)) return mismatch('one tool use id twice', context.age)
    seen.add(id)
    if (!toolNamePattern.test(textOf(use?.name) ?? '')) return badToolUse('a tool use name breaks the pattern')
    const input = shapeOf(use?.input)
    if (input === undefined) return badToolUse('a tool use input is not an object')
    if (hasEmptyKey(input)) return badToolUse('a tool use input has an empty key')
  }
  return reasoningViolation(message.reasoningContent, model, context)
}

function reasoningViolation(
  reasoning: unknown,
  model: SimulatedModel | undefined,
  context: ValidationContext,
): Violation | undefined {
  if (reasoning === undefined) return undefined
  const refused = (rule: string): Violation =>
    violation(rule, { message: 'Invalid signature in thinking block.', reason: 'THINKING_SIGNATURE_INVALID' })
  const redacted = textOf(shapeOf(reasoning)?.redactedContent)
  if (redacted !== undefined) {
    return context.isOwnRedaction(redacted) ? undefined : refused('redacted reasoning not issued here')
  }
  const block = shapeOf(shapeOf(reasoning)?.reasoningText)
  const text = textOf(block?.text)
  if (block === undefined || text === undefined) return violation('reasoningContent has no known member')
  const signature = textOf(block.signature)
  // Open-weight models reason without a signature.
  if (signature === undefined && !/^(claude|auto|gpt)/.test(model?.id ?? '')) return undefined
  return signature !== undefined && context.isOwnSignature(text, signature)
    ? undefined
    : refused('reasoning with a signature not issued here')
}

/** Whether any object inside has a member named "". */
function hasEmptyKey(root: Shape): boolean {
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (Array.isArray(value)) for (const item of value) open.push(item)
    const object = shapeOf(value)
    if (object === undefined) continue
    if (Object.hasOwn(object, '')) return true
    for (const member of Object.values(object)) open.push(member)
  }
  return false
}
