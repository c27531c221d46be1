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

export const createFrames = (context: ReplyContext<Form>): Frames => new NumberedFrames(context)

/** A class: each delta passes it (docs/performance.md). */
class NumberedFrames implements Frames {
  private sequence = 0
  private isOpen = false

  constructor(private readonly context: ReplyContext<Form>) {}

  next(): number {
    return this.sequence++
  }

  frame(type: string, members: string): string {
    const rest = `${members}${members === '' ? '' : ','}"sequence_number":${this.next()}`
    return `event: ${type}\ndata: {"type":"${type}",${rest}}\n\n`
  }

  open(): string {
    if (this.isOpen) return ''
    this.isOpen = true
    const text = `"response":${JSON.stringify(responseOf(this.context, { status: 'in_progress' }, []))}`
    return this.frame('response.created', text) + this.frame('response.in_progress', text)
  }

  keepAlive(): string {
    return this.open() || this.frame('keepalive', '')
  }
}
