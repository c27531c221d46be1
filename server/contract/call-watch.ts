import type { Tool } from '../conversation/conversation.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import type { Sink } from '../lib/source.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import { readJson } from './json-text.ts'
import type { SchemaJudges } from './schema-judges.ts'

export type CallWatch = {
  readonly judges: SchemaJudges
  /** `unknown`: it was not judged, for that takes a while, or the schema is none. */
  readonly seen: (fits: boolean | 'unknown') => void
}

/** Longer inputs, whole files mostly, are not judged: nobody demanded it. For the same reason none is while others wait. */
const longestInput = 20_000

/** Counts which inputs of calls fit their tools' schemas. Nothing is held and nothing is changed. */
export const watchCalls = (reply: ReplyStream, tools: readonly Tool[], watch: CallWatch): ReplyStream =>
  new WatchedReply(reply, tools, watch)

/** A class: each batch passes it. */
class WatchedReply implements ReplyStream {
  private name: string | undefined
  private json = ''

  constructor(
    private readonly inner: ReplyStream,
    private readonly tools: readonly Tool[],
    private readonly watch: CallWatch,
  ) {}

  drop(): void {
    this.inner.drop()
  }

  run(sink: Sink<readonly ReplyEvent[]>): Promise<void> {
    return this.inner.run((batch) => {
      for (const event of batch) if (event.type !== 'text-delta') this.look(event)
      return sink(batch)
    })
  }

  private look(event: ReplyEvent): void {
    if (event.type === 'tool-call-start') {
      this.name = event.name
      this.json = ''
    } else if (event.type === 'tool-call-delta') {
      if (this.json.length <= longestInput) this.json += event.json
    } else if (event.type === 'tool-call-end') this.count()
  }

  private count(): void {
    const tool = this.tools.find(({ name }) => name === this.name)
    if (tool !== undefined) this.watch.seen(this.fits(tool))
  }

  private fits({ schema }: Tool): boolean | 'unknown' {
    if (this.json.length > longestInput) return 'unknown'
    const read = readJson(this.json === '' ? '{}' : this.json)
    if (!read.ok) return false
    const faults = this.watch.judges.nearly(schema, read.value)
    return faults === undefined ? 'unknown' : faults.length === 0
  }
}
