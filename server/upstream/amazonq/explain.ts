import type { Conversation } from '../../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { Note } from '../../conversation/note.ts'
import type { Locate, Subject } from '../../conversation/subject.ts'
import type { Steps } from '../../lib/slices.ts'
import type { Finding } from '../upstream.ts'
import { type Breach, type Place, type Turn, turnsIn } from './breach.ts'
import { type Broken, type LookedThrough, type Mended, rules } from './rules.ts'
import { type ToolNames, toolUseId } from './tool-names.ts'
import { turnsOf } from './turns.ts'
import type { RequestBody } from './wire.ts'

/** What a request was made of. */
export type Explained = {
  readonly conversation: Conversation
  readonly body: RequestBody
  readonly names: ToolNames
  readonly locate?: Locate
}

const mostOfRule = 5

/** The broken rules with the caller's own members, a few of each rule. */
export function* findingsOf(broken: readonly Broken[], explained: Explained): Steps<readonly Finding[]> {
  const subjectOf = createSubjects(explained)
  const findings: Finding[] = []
  for (const { rule, breaches } of broken.toSorted((a, b) => strength(a) - strength(b))) {
    const { name, sure, demands, repair } = rule
    for (const breach of breaches.slice(0, mostOfRule)) {
      const field = fieldOf(breach, subjectOf, explained)
      findings.push({
        rule: name,
        sure,
        demands,
        is: breach.is,
        ...(field === undefined ? {} : { field }),
        ...(repair && { repair: repair.does }),
      })
      yield findingWeight
    }
  }
  return findings
}
/** For each the whole request may be gone through. */
const findingWeight = 5_000
const strength = ({ rule }: Broken): number => (rule.sure === 'known' ? 0 : 1)

function fieldOf(
  { place }: Breach,
  subjectOf: (place: Place) => Subject | undefined,
  { conversation, names, locate }: Explained,
): string | undefined {
  if (place.in === 'tool') {
    const name = names.fromWire(place.name)
    const at = conversation.tools.find((tool) => tool.name === name)?.at
    if (at !== undefined) return [at, ...(place.part === 'schema' ? (place.within ?? []) : [])].join('.')
  }
  const subject = subjectOf(place)
  if (subject === undefined || locate === undefined) return undefined
  // One that was fetched or made smaller is not what stands in the request, but knows where that stands.
  const ofImage = subject.kind === 'image' ? fieldOfImage(conversation, subject.base64) : undefined
  return locate(subject) ?? ofImage ?? (place.in === 'account' ? undefined : locate({ kind: 'messages' }))
}

function fieldOfImage({ messages }: Conversation, base64: string): string | undefined {
  for (const { parts } of messages)
    for (const part of parts)
      for (const one of part.type === 'tool-result' ? part.parts : [part])
        if (one.type === 'image' && one.base64 === base64) return one.field
  return undefined
}

/** From the wire back to what the conversation has; everything is looked up here, after a failure, and nothing kept before. */
function createSubjects({ conversation, body, names }: Explained): (place: Place) => Subject | undefined {
  const turns = turnsIn(body)
  const longestTexts = createTextFinder(conversation)
  const calls = new Map<string, { readonly id: string; readonly occurrence: number }>()
  const occurrences = new Map<string, number>()
  for (const turn of turnsOf(conversation.messages)) {
    for (const { id } of turn.role === 'assistant' ? turn.calls : []) {
      const occurrence = occurrences.get(id) ?? 0
      occurrences.set(id, occurrence + 1)
      calls.set(toolUseId(id, occurrence), { id, occurrence })
    }
  }
  return (place) => {
    switch (place.in) {
      case 'tool': {
        const { name, part, within } = place
        return { kind: 'tool', name: names.fromWire(name), part, ...(within && { within }) }
      }
      case 'call': {
        const call = calls.get(place.toolUseId) ?? { id: place.toolUseId, occurrence: 0 }
        return { kind: 'call', ...call, part: place.part }
      }
      case 'result':
        return { kind: 'result', callId: calls.get(place.toolUseId)?.id ?? place.toolUseId }
      case 'image':
        return { kind: 'image', base64: place.base64 }
      case 'thinking':
        return { kind: 'thinking' }
      case 'turns':
        return { kind: 'messages' }
      case 'account':
        return undefined
      case 'turn': {
        const turn = turns[place.turn]
        return turn === undefined ? undefined : subjectOfTurn(turn, longestTexts, calls)
      }
    }
  }
}

/** By its first call or result, which names it for sure; else by its longest text. */
function subjectOfTurn(
  turn: Turn,
  longestIn: (content: string) => string | undefined,
  calls: ReadonlyMap<string, { readonly id: string; readonly occurrence: number }>,
): Subject {
  const use = turn.role === 'assistant' ? turn.message.toolUses?.[0] : undefined
  const call = use && calls.get(use.toolUseId)
  if (call !== undefined) return { kind: 'call', ...call, part: 'id' }
  const longest = longestIn(turn.message.content)
  if (longest !== undefined) return { kind: 'text', text: longest }
  const image = turn.role === 'user' ? turn.message.images?.[0] : undefined
  return image === undefined ? { kind: 'messages' } : { kind: 'image', base64: image.source.bytes }
}

/** Characters in which a text is looked for, for all turns together. */
const mostSearched = 20_000_000

/** Finds the longest of a conversation's texts that stands in what a turn says, as long as it does not take long. */
function createTextFinder({ messages }: Conversation): (content: string) => string | undefined {
  let texts: readonly string[] | undefined
  let left = mostSearched
  return (content) => {
    texts ??= messages
      .flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'text' && part.text !== '' ? [part.text] : [])))
      .sort((a, b) => b.length - a.length)
    for (const text of texts) {
      if (text.length > content.length) continue
      if (left <= 0) return undefined
      left -= content.length
      if (content.includes(text)) return text
    }
    return undefined
  }
}

const mostTold = 3

/** The provider's own words name nothing. */
export const isNameless = ({ message }: GatewayError): boolean =>
  /^improperly formed request\.?$|^invalid tool use format\.?$|^the provider answered with status 400\.$/i.test(message)

/** What the caller is told in place of the provider's words: each broken rule and the member it is broken by, or that nothing was found. */
export function explainedError(error: GatewayError, findings: readonly Finding[], isWhole: boolean): GatewayError {
  const { message, kind: _, ...rest } = error
  // The account's own affair, of which another one is free.
  const ofAccount = findings.find(({ rule }) => rule === 'profile-region')
  if (ofAccount !== undefined) return gatewayError('account-refused', `${ofAccount.demands} (${ofAccount.is})`, rest)
  if (findings.length === 0) {
    if (!isNameless(error)) return error
    const honest = isWhole
      ? `None of the ${rules.length} rules that are known here is broken, so what it minds cannot be said.`
      : 'The schemas of its tools or the inputs of its calls are too large to be looked through here, and in their beginning nothing is wrong.'
    return gatewayError('invalid-request', `${sentence(message)} The provider does not say why. ${honest}`, rest)
  }
  const known = findings.filter(({ sure }) => sure === 'known')
  const told = known.length > 0 ? known : findings
  const lead = known.length > 0 ? '' : `${sentence(message)} The provider does not say why; it may be this. `
  const more = told.length > mostTold ? ` And ${told.length - mostTold} more.` : ''
  const text = `${lead}${told.slice(0, mostTold).map(toldOf).join(' ')}${more}`
  const field = told.find((finding) => finding.field !== undefined)?.field
  const own = known.length > 0 && !isNameless(error) ? ` The provider says: ${sentence(message)}` : ''
  return gatewayError('invalid-request', text + own, { ...rest, ...(field === undefined ? {} : { field }) })
}

const toldOf = ({ rule, field, demands, is }: Finding): string =>
  `${field === undefined ? '' : `${field}: `}${demands} Found: ${is} (rule ${rule}).`
const sentence = (text: string): string => text.replace(/[.\s]*$/, '.')

/** For the request's record: the rule, what was there and what was made of it. */
export function notesOf(
  { broken }: Pick<LookedThrough, 'broken'>,
  findings: readonly Finding[],
  mended: Mended | undefined,
): readonly Note[] {
  const names = new Set([...(mended?.by ?? [])].map(({ name }) => name))
  return broken.flatMap(({ rule, breaches }): readonly Note[] => {
    const finding = findings.find((one) => one.rule === rule.name)
    const isMended = names.has(rule.name)
    if (mended !== undefined && !isMended) return []
    const count = breaches.length > 1 ? ` (and ${breaches.length - 1} more)` : ''
    return [
      {
        what: isMended ? 'rule-repaired' : 'rule-broken',
        rule: rule.name,
        ...(finding?.field === undefined ? {} : { field: finding.field }),
        detail: isMended ? `${finding?.is}${count} → ${rule.repair?.does}` : `${finding?.is}${count}`,
      },
    ]
  })
}
