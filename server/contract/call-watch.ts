import type { Tool } from '../conversation/conversation.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import type { Sink } from '../lib/source.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import { readJson } from './json-text.ts'
import type { SchemaJudges } from './schema-judges.ts'

export type CallWatch = {
  readonly judges: SchemaJudges
  readonly seen: (fits: boolean) => void
}

/** Longer inputs, whole files mostly, are not judged: nobody demanded it. */
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
    if (this.json.length > longestInput || tool === undefined) return
    const read = readJson(this.json === '' ? '{}' : this.json)
    if (!read.ok) {
      this.watch.seen(false)
      return
    }
    const faults = this.watch.judges.nearly(tool.schema, read.value)
    if (faults !== undefined) this.watch.seen(faults.length === 0)
  }
}
