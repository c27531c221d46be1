import type { FinishReason } from '../../conversation/ending.ts'
import type { ReplyEvent, Usage } from '../../conversation/event.ts'
import type { Reply } from '../../conversation/reply.ts'
import type { ReplyContext, StreamEncoder } from '../dialect.ts'
import { failureOf } from './error.ts'
import type { Form, OutputItem } from './form.ts'
import { createFrames, type Frames } from './frames.ts'
import { type Ending, incompleteReason, responseOf } from './output.ts'

type Seal = (summary: string) => string

/** The model's summary as one sealed item; nothing of it goes out before its end. */
export function createCompactionEncoder(context: ReplyContext<Form>, seal: Seal): StreamEncoder {
  const frames = createFrames(context)
  let summary = ''
  const encode = (event: ReplyEvent): string => {
    switch (event.type) {
      case 'reply-start':
        return frames.open()
      case 'text-delta':
        summary += event.text
        return ''
      case 'finish': {
        const { ending, output } = outcome(summary, event.reason, event.usage, context, seal)
        const item = output.map((done) => itemFrames(frames, done)).join('')
        return item + last(ending, output)
      }
      case 'error':
        return frames.open() + last({ status: 'failed', error: failureOf(event.error) }, [])
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
      case 'redacted-reasoning':
      case 'tool-call-start':
      case 'tool-call-delta':
      case 'tool-call-end':
      case 'search-call':
      case 'search-result':
      case 'citation':
        return ''
    }
  }
  const last = (ending: Ending, output: readonly OutputItem[]): string => {
    const response = JSON.stringify(responseOf(context, ending, output))
    return frames.frame(`response.${ending.status}`, `"response":${response}`)
  }
  return { encode, keepAlive: () => frames.keepAlive() }
}

/** A whole compaction. */
export function compact(reply: Reply, context: ReplyContext<Form>, seal: Seal): object {
  const summary = reply.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const { ending, output } = outcome(summary, reply.reason, reply.usage, context, seal)
  return responseOf(context, ending, output)
}

type Outcome = { readonly ending: Ending; readonly output: readonly OutputItem[] }

/** Half a summary would lose the other half for good: only a whole one is an item. */
function outcome(summary: string, reason: FinishReason, usage: Usage, { id }: ReplyContext<Form>, seal: Seal): Outcome {
  const incomplete = incompleteReason(reason)
  if (incomplete !== undefined) return { ending: { status: 'incomplete', reason: incomplete, usage }, output: [] }
  if (summary.trim() === '') {
    const error = { code: 'server_error', message: 'The model wrote no summary.' }
    return { ending: { status: 'failed', error, usage }, output: [] }
  }
  const item = { id: `cmp_${id}_0`, type: 'compaction', encrypted_content: seal(summary) }
  return { ending: { status: 'completed', usage }, output: [item] }
}

function itemFrames(frames: Frames, item: OutputItem): string {
  const members = `"output_index":0,"item":${JSON.stringify(item)}`
  return frames.frame('response.output_item.added', members) + frames.frame('response.output_item.done', members)
}
