import type { ReplyEvent } from '../../server/conversation/event.ts'
import { dialects, replyContext } from '../dialect/samples.ts'
import type { Measurement } from './codec.bench.ts'

const deltas = 200
const usage = { input: { tokens: 12, source: 'measured' }, output: { tokens: 200, source: 'measured' } } as const

/** A reply as it mostly is: text in deltas of a word. */
const reply: readonly ReplyEvent[] = [
  { type: 'reply-start', input: usage.input },
  { type: 'text-start', index: 0 },
  ...Array.from({ length: deltas }, (_, at) => ({ type: 'text-delta', index: 0, text: ` word${at}` }) as const),
  { type: 'text-end', index: 0 },
  { type: 'finish', reason: 'end', usage },
]

/** What each client API costs a stream, beside the least there is: `JSON.stringify` of each delta in a frame. */
export async function run(): Promise<readonly Measurement[]> {
  let written = 0
  const time = (task: () => void): number => {
    for (let turn = 0; turn < 300; turn++) task()
    const startedAt = performance.now()
    for (let turn = 0; turn < 2_000; turn++) task()
    return ((performance.now() - startedAt) / 2_000) * 1_000
  }
  const least = time(() => {
    for (const event of reply) written += `data: ${JSON.stringify(event)}\n\n`.length
  })
  const measured = dialects.map((dialect) => {
    const encode = (): void => {
      const encoder = dialect.createEncoder(replyContext)
      for (const event of reply) written += encoder.encode(event).length
    }
    return { name: `write ${deltas} deltas as ${dialect.name}`, value: time(encode), unit: 'µs' }
  })
  if (written === 0) throw new Error('nothing was written')
  return [...measured, { name: '  JSON.stringify of the same events', value: least, unit: 'µs' }]
}

if (import.meta.main) for (const { name, value, unit } of await run()) console.log(name, value.toFixed(2), unit)
