import type { GatewayError } from '../../conversation/error.ts'
import type { Effects } from '../../lib/effects.ts'
import { ok, type Result } from '../../lib/result.ts'
import { inSlices } from '../../lib/slices.ts'
import { redactSecrets } from '../../observe/redact.ts'
import type { Preview, UpstreamCall } from '../upstream.ts'
import { encodeRequest } from './encode.ts'
import type { AmazonQSettings } from './endpoint.ts'
import { findingsOf } from './explain.ts'
import { brokenRules } from './rules.ts'
import { isObject } from './wire.ts'
import { wireText } from './wire-text.ts'

/** The body that would be sent, and the rules it breaks. */
export async function preview(
  { conversation, model, note, locate }: Pick<UpstreamCall, 'conversation' | 'model' | 'note' | 'locate'>,
  { origin }: Pick<AmazonQSettings, 'origin'>,
  turn: Effects['turn'],
): Promise<Result<Preview, GatewayError>> {
  const context = { conversationId: 'dry-run', access: {}, settings: { origin }, ...(note && { note }) }
  const encoded = encodeRequest(conversation, model, context)
  if (!encoded.ok) return encoded
  const { body, names } = encoded.value
  const { broken, isWhole } = await inSlices(brokenRules(body, model), turn)
  const asked = { conversation, body, names, ...(locate && { locate }) }
  const findings = await inSlices(findingsOf(broken, asked), turn)
  return ok({ body: shown(body, 0), bytes: Buffer.byteLength(wireText(body)), findings, isWhole })
}

const longestText = 1_000
const mostEntries = 40
const deepest = 40

/** A copy that is small and safe to look at. */
function shown(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return shownText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= deepest) return '(nested deeper)'
  if (Array.isArray(value)) {
    const cut = value.length > mostEntries
    const kept = cut ? [...value.slice(0, mostEntries / 2), ...value.slice(-mostEntries / 2)] : value
    const entries = kept.map((entry) => shown(entry, depth + 1))
    return cut ? entries.toSpliced(mostEntries / 2, 0, `(${value.length - mostEntries} more)`) : entries
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (name === 'source' && isObject(member) && typeof member.bytes === 'string')
        return [name, { bytes: `(${Math.floor((member.bytes.length * 3) / 4)} bytes)` }]
      return [name, shown(member, depth + 1)]
    }),
  )
}

function shownText(text: string): string {
  if (text.length <= longestText) return redactSecrets(text)
  return `${redactSecrets(text.slice(0, longestText).toWellFormed())}… (${text.length} characters)`
}
