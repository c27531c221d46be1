import type { Message, Part, ResultPart, TextPart } from '../conversation/conversation.ts'
import { leftOut, reasonOf } from '../conversation/left-out.ts'
import type { AddNote } from '../conversation/note.ts'
import { pastCall, pastId } from './past-calls.ts'
import { type Decoded, isObject, type Loose } from './validate.ts'

/** How a dialect reads one part in the newest turn: strictly. */
export type ReadPart = (part: never, at: string, role: Message['role']) => Decoded<readonly Part[]>

/** Kinds of both APIs: clients send the one's on the other's path. */
const attachments: Readonly<Record<string, string>> = {
  image: 'image',
  image_url: 'image',
  input_image: 'image',
  document: 'document',
  file: 'file',
  input_file: 'file',
  input_audio: 'audio',
  video_url: 'video',
  input_video: 'video',
}
const texts: ReadonlySet<string> = new Set(['text', 'input_text', 'output_text', 'refusal'])
const reasoning: ReadonlySet<string> = new Set(['thinking', 'redacted_thinking'])
/** May well say nothing, so that nothing is left out. */
const silent: ReadonlySet<string> = new Set([
  ...texts,
  ...reasoning,
  'tool_reference',
  'tool_addition',
  'tool_removal',
  'compaction',
  'search_result',
  'web_search_tool_result',
])

export type PastParts = {
  /** The content of a past message, whatever it is. Parts may belong to the other side of the conversation. */
  readonly content: (content: unknown, at: string) => readonly Part[]
  /** A past tool result; without the id of its call it is text. `at` is its content's path. */
  readonly toolResult: (callId: string | undefined, content: unknown, at: string, isError?: boolean) => readonly Part[]
}

/** Reads past content part by part: as strictly as ever where that succeeds, else as what can be kept of the part. */
export function createPastParts(readPart: ReadPart, note: AddNote): PastParts {
  function content(given: unknown, at: string): readonly Part[] {
    if (typeof given === 'string') return textParts(given)
    if (given === undefined || given === null) return []
    if (Array.isArray(given)) return given.flatMap((part: unknown, index) => one(part, `${at}.${index}`))
    return isObject(given) && typeof given.type === 'string' ? one(given, at) : asText(given, at)
  }

  function result(given: unknown, at: string): readonly ResultPart[] {
    return content(given, at).flatMap((part) => {
      if (part.type === 'text' || part.type === 'image' || part.type === 'document' || part.type === 'remote')
        return [part]
      note({ what: 'part-left-out', field: at, detail: `${part.type} in the result of a tool` })
      return []
    })
  }

  function one(part: unknown, at: string): readonly Part[] {
    if (typeof part === 'string') return textParts(part)
    if (part === undefined || part === null) return []
    if (!isObject(part)) return asText(part, at)
    const type = typeof part.type === 'string' ? part.type : ''
    if (type === 'tool_use') {
      return [pastCall({ id: part.id, name: part.name, input: part.input, from: `${at}.input` }, at, note)]
    }
    if (type === 'tool_result') {
      const { tool_use_id: id, content: inner, is_error: error } = part
      return toolResult(pastId(id), inner, `${at}.content`, error === true || error === 'true')
    }
    if (type === '') return typeof part.text === 'string' ? textParts(part.text) : asText(part, at)
    const read = readPart(part as never, at, 'user') // checks for itself what it is given
    if (!read.ok) return instead(part, type, reasonOf(read.error), at)
    if (read.value.length === 0 && !silent.has(type)) {
      note({
        what: 'part-left-out',
        field: at,
        detail: /^[a-z][a-z0-9_]{0,39}$/.test(type) ? `kind ${type}` : 'kind not known',
      })
    }
    return read.value
  }

  function toolResult(callId: string | undefined, given: unknown, at: string, isError = false): readonly Part[] {
    const parts = result(given, at)
    if (callId !== undefined) return [{ type: 'tool-result', callId, parts, isError }]
    note({ what: 'content-as-text', field: at, detail: 'a tool result without an id' })
    return [...textParts('Result of a tool call:'), ...parts]
  }

  function instead(part: Loose, type: string, reason: string, at: string): readonly Part[] {
    if (texts.has(type)) return asText(part.text ?? part.refusal, `${at}.text`)
    if (reasoning.has(type)) {
      note({ what: 'part-left-out', field: at, detail: reason })
      return []
    }
    const what = Object.hasOwn(attachments, type) ? attachments[type] : undefined
    if (what === undefined) return asText(part, at)
    note({ what: 'attachment-left-out', field: at, detail: reason })
    return [leftOut(what, reason, nameOf(part))]
  }

  function asText(value: unknown, at: string): readonly TextPart[] {
    if (value === undefined || value === null || value === '') return []
    if (typeof value !== 'string') note({ what: 'content-as-text', field: at, detail: kindOf(value) })
    return textParts(textOf(value))
  }

  return { content, toolResult }
}

export const textParts = (text: string): readonly TextPart[] => (text === '' ? [] : [{ type: 'text', text }])

/** What a wrong kind of value says, as JSON. Data of attachments says nothing to a model. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'string' && isData(member) ? `(${member.length} characters of data left out)` : member,
  )
}

const isData = (text: string): boolean => text.length > 1_000 && !/\s/.test(text.slice(0, 1_000))

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'a list' : `of type ${typeof value}`)

/** The title or address of an attachment, where the caller gave one; data URLs are no names. */
function nameOf(part: Loose): string | undefined {
  const inner = [part.file, part.source, part.image_url, part.video_url].find(isObject) ?? {}
  const names = [part.title, part.filename, inner.filename, part.file_url, inner.url, part.image_url]
  return names.find((name): name is string => typeof name === 'string' && name !== '' && !/^data:/i.test(name))
}
