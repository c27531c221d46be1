import { countTokens, imageTokens } from './meter.ts'
import type { SimulatedModel } from './models.ts'
import { schemaBreach } from './schema-check.ts'
import { listOf, type Shape, shapeOf, textOf } from './shape.ts'
import { assistantViolation, userViolation } from './validate-message.ts'
import { oldViolation } from './validate-old.ts'
import { toolsViolation } from './validate-tools.ts'
import { orderViolation, type Turn, turnOf } from './validate-turns.ts'
import { firstOf, type ValidationContext, type Violation, violation } from './violation.ts'

/** A body of GenerateAssistantResponse that keeps every rule. */
export type Checked = {
  readonly body: Shape
  readonly history: readonly Turn[]
  readonly current: Turn
  readonly model: SimulatedModel
  readonly inputTokens: number
}

/**
 * Checks a body of GenerateAssistantResponse as strictly as the service is known to be in its worst mood: where the
 * protocol notes doubt that something is refused, it is refused here. Unknown members are ignored.
 */
export function validate(value: unknown, context: ValidationContext): Checked | Violation {
  const body = shapeOf(value)
  const state = shapeOf(body?.conversationState)
  const current = turnOf(state?.currentMessage)
  if (body === undefined || state === undefined) return violation('conversationState is missing')
  if (current?.role !== 'user') return violation('currentMessage.userInputMessage is missing')
  if (state.history !== undefined && !Array.isArray(state.history)) return violation('history is not a list')
  const history = listOf(state.history).map(turnOf)
  if (!history.every((turn) => turn !== undefined)) return violation('a history entry is neither user nor assistant')

  const modelId = textOf(current.message.modelId) ?? 'auto'
  const model = context.models.find((candidate) => candidate.id === modelId)
  const found = firstOf([
    () => (nestsDeeper(body, maxLevels) ? violation(`the body nests more than ${maxLevels} levels`) : undefined),
    () => (hasHalves(body) ? violation('a text holds half a character') : undefined),
    () => (hasNull(body) ? violation('a member is null') : undefined),
    () => envelopeViolation(body, state, context),
    () => toolsViolation(shapeOf(current.message.userInputMessageContext)?.tools),
    () => messagesViolation(history, current, model, context),
    () => orderViolation(history, current, context),
    () => oldViolation(body, [...history, current], context.old ?? []),
    () =>
      model === undefined
        ? violation('the plan has no such model', {
            message: 'Invalid model ID. Please select a different model to continue.',
            reason: 'INVALID_MODEL_ID',
          })
        : fieldsViolation(body.additionalModelRequestFields, model),
  ])
  if (found !== undefined) return found
  if (model === undefined) return violation('the plan has no such model')
  const inputTokens = tokensOf(history, current)
  if (inputTokens > model.inputTokens) {
    return violation('the text is over the window', {
      message: 'Input is too long.',
      reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD',
    })
  }
  return { body, history, current, model, inputTokens }
}

function envelopeViolation(body: Shape, state: Shape, context: ValidationContext): Violation | undefined {
  if (body.systemPrompt !== undefined) {
    return violation('systemPrompt is refused', { reason: 'REQUEST_BODY_INVALID' })
  }
  if (!['MANUAL', 'DIAGNOSTIC', 'INLINE_CHAT'].includes(String(state.chatTriggerType))) {
    return violation('unknown chatTriggerType')
  }
  const id = state.conversationId
  if (id !== undefined && (typeof id !== 'string' || id.length < 1 || id.length > 128)) {
    return violation('conversationId is not 1 to 128 characters', { reason: 'INVALID_CONVERSATION_ID' })
  }
  if (state.agentTaskType !== undefined && !['vibe', 'spectask'].includes(String(state.agentTaskType))) {
    return violation('unknown agentTaskType')
  }
  if (body.agentMode !== undefined && !['vibe', 'spec'].includes(String(body.agentMode))) {
    return violation('unknown agentMode')
  }
  return profileViolation(body.profileArn, context.region)
}

const arnPattern = /^arn:aws:(?:codewhisperer|transform):([-.a-z0-9]{1,63}):\d{12}:profile\/[a-zA-Z0-9]{12}$/

/** An ARN of the wrong form, or of another region than the host's. */
export function profileViolation(arn: unknown, region: string): Violation | undefined {
  if (arn === undefined) return undefined
  const match = arnPattern.exec(textOf(arn) ?? '')
  if (match === null) return violation('profileArn has not the form of one')
  return match[1] === region ? undefined : violation("profileArn's region is not the host's")
}

function messagesViolation(
  history: readonly Turn[],
  current: Turn,
  model: SimulatedModel | undefined,
  context: ValidationContext,
): Violation | undefined {
  const modelId = current.message.modelId
  if (modelId !== undefined && !/^[a-zA-Z0-9_:.-]{1,1024}$/.test(textOf(modelId) ?? '')) {
    return violation('modelId breaks the pattern')
  }
  return firstOf(
    [...history, current].map((turn) => () => {
      if (turn.role === 'assistant') return assistantViolation(turn.message, model, context)
      return userViolation(turn.message, turn === current, model, context)
    }),
  )
}

function fieldsViolation(fields: unknown, model: SimulatedModel): Violation | undefined {
  if (fields === undefined) return undefined
  if (model.fields === undefined) return violation('the model takes no additionalModelRequestFields')
  const breach = schemaBreach(fields, model.fields)
  return breach === undefined ? undefined : violation(`additionalModelRequestFields ${breach}`)
}

const maxLevels = 64

/** Level by level, so that no depth is too deep for this check itself. */
function nestsDeeper(root: Shape, limit: number): boolean {
  let level: readonly object[] = [root]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) return true
    level = level.flatMap((value) => Object.values(value).filter((member) => typeof member === 'object' && member))
  }
  return false
}

/** Whole characters are written as they are, so an escape of this range is half of one. Backslashes are escapes of their own. */
const hasHalves = (body: Shape): boolean => JSON.stringify(body).replaceAll('\\\\', '').includes('\\ud')

/** Free-form documents: what stands inside belongs to the caller, nulls too. A schema's own rules are checked elsewhere. */
const documents = new Set(['input', 'json'])

function hasNull(root: Shape): boolean {
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (value === null) return true
    if (typeof value !== 'object') continue
    if (Array.isArray(value)) {
      for (const item of value) open.push(item)
      continue
    }
    for (const [name, member] of Object.entries(value as Shape)) {
      if (member === null || !documents.has(name)) open.push(member)
    }
  }
  return false
}

/** Tokens of everything the model would read. */
function tokensOf(history: readonly Turn[], current: Turn): number {
  let tokens = 0
  for (const { message } of [...history, current]) {
    const inner = shapeOf(message.userInputMessageContext)
    tokens += countTokens(textOf(message.content) ?? '') + listOf(message.images).length * imageTokens
    for (const document of [inner?.tools, inner?.toolResults, message.toolUses, message.reasoningContent]) {
      if (document !== undefined) tokens += countTokens(JSON.stringify(document))
    }
  }
  return tokens
}
