import type { ReplyContext } from '../dialect.ts'
import type { Form } from './form.ts'
import { responseOf } from './output.ts'

/** The frames of one stream, numbered as they are made. */
export type Frames = {
  /** The number of the next frame. */
  readonly next: () => number
  readonly frame: (type: string, members: string) => string
  /** The two frames that open a response; nothing when they were given before. */
  readonly open: () => string
  /** Comments do not count as life for one client, and the opening has to come first for others. */
  readonly keepAlive: () => string
}

export function createFrames(context: ReplyContext<Form>): Frames {
  let sequence = 0
  let isOpen = false
  const next = (): number => sequence++
  const frame = (type: string, members: string): string =>
    `event: ${type}\ndata: {"type":"${type}",${members}${members === '' ? '' : ','}"sequence_number":${next()}}\n\n`
  const open = (): string => {
    if (isOpen) return ''
    isOpen = true
    const text = `"response":${JSON.stringify(responseOf(context, { status: 'in_progress' }, []))}`
    return frame('response.created', text) + frame('response.in_progress', text)
  }
  return { next, frame, open, keepAlive: () => open() || frame('keepalive', '') }
}
