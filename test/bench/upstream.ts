// The provider for benchmarks: precomputed frames, no checks, so that it costs as little as possible beside what is measured.
// Run as its own process; prints its port. Streams are shaped by the path: /fast or /slow/<frames>/<pauseMs> as base URL.
import { encodeFrame } from '../../server/codec/eventstream.ts'
import { benchModels } from './upstream-models.ts'

const header = (type: string) => ({
  ':event-type': type,
  ':content-type': 'application/json',
  ':message-type': 'event',
})
const text = (content: string) =>
  encodeFrame(header('assistantResponseEvent'), JSON.stringify({ content, modelId: 'claude-sonnet-4.5' }))
const closing = Buffer.concat([
  encodeFrame(header('metadataEvent'), '{"stopReason":"END_TURN"}'),
  encodeFrame(header('contextUsageEvent'), '{"contextUsagePercentage":1.5}'),
  encodeFrame(header('meteringEvent'), '{"unit":"credit","unitPlural":"credits","usage":0.05}'),
])
// As recorded: deltas of 1 to 39 characters, mean below 6.
const words = Array.from({ length: 200 }, (_, index) => text(index % 7 === 0 ? '表格' : ` word${index % 10}`))
const body = Buffer.concat([...words, closing])
const piece = Math.ceil(body.length / 8)
const pieces = Array.from({ length: 8 }, (_, index) => body.subarray(index * piece, (index + 1) * piece))
const streamHeaders = { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-requestid': 'bench' }

function fast(): Response {
  return new Response(
    (async function* () {
      for (const bytes of pieces) yield bytes
    })() as unknown as BodyInit,
    { headers: streamHeaders },
  )
}

function slow(frames: number, pauseMs: number): Response {
  return new Response(
    (async function* () {
      for (let frame = 0; frame < frames; frame++) {
        yield words[frame % words.length] as Uint8Array
        await Bun.sleep(pauseMs)
      }
      yield closing
    })() as unknown as BodyInit,
    { headers: streamHeaders },
  )
}

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  async fetch(request) {
    const target = request.headers.get('x-amz-target') ?? ''
    if (target.endsWith('ListAvailableModels')) return Response.json(benchModels)
    if (target.endsWith('GetUsageLimits')) return Response.json({})
    await request.arrayBuffer()
    const shape = request.headers.get('x-bench-shape') ?? new URL(request.url).pathname
    const [, frames, pause] = /slow\/(\d+)\/(\d+)/.exec(shape) ?? []
    return frames === undefined ? fast() : slow(Number(frames), Number(pause))
  },
})
console.log(server.port)
