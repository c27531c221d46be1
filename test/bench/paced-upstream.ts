// The provider for the paced benchmarks: every delta leaves in a network write of its own, `pauseMs` after the last, and one in
// ten says when. Run as its own process; prints its port. The base URL's path shapes the stream: /paced/<deltas>/<pauseMs>; with
// TLS_CERT and TLS_KEY it speaks TLS. Who asks for it is answered without pauses.
import { encodeFrame } from '../../server/codec/eventstream.ts'
import { atOnce } from './requests.ts'
import { stampedEach, stampNow } from './stamp.ts'
import { benchModels } from './upstream-models.ts'

const header = (type: string) => ({
  ':event-type': type,
  ':content-type': 'application/json',
  ':message-type': 'event',
})
const json = (type: string, value: object): Uint8Array => encodeFrame(header(type), JSON.stringify(value))
const delta = (text: string): Uint8Array =>
  json('assistantResponseEvent', { content: text, modelId: 'claude-sonnet-4.5' })
const call = { name: 'read_file', toolUseId: 'tooluse_0123456789abcdefghijkl' }
/** As an agent's reply ends: a tool call, then the accounting. */
const closing = Buffer.concat([
  json('toolUseEvent', { ...call, input: '' }),
  json('toolUseEvent', { ...call, input: '{"path":"src/' }),
  json('toolUseEvent', { ...call, input: 'main.ts"}' }),
  json('toolUseEvent', { ...call, stop: true }),
  json('metadataEvent', { stopReason: 'TOOL_USE' }),
  json('contextUsageEvent', { contextUsagePercentage: 1.5 }),
  json('meteringEvent', { unit: 'credit', unitPlural: 'credits', usage: 0.05 }),
])

/** The usual words of a reply, made once: a provider costs as little as it can beside what is measured. */
const words = Array.from({ length: 40 }, (_, index) => delta(index % 7 === 0 ? '表格' : ` word${index % 10}`))

type Stream = { readonly controller: ReadableStreamDirectController; left: number; readonly done: () => void }

/** One clock for all streams: those of one pause are spread evenly over its milliseconds, as unrelated streams are. */
const wheels = new Map<number, Set<Stream>[]>()
let placed = 0

function start(pauseMs: number): Set<Stream>[] {
  const wheel = Array.from({ length: pauseMs }, () => new Set<Stream>())
  let turned = performance.now()
  let at = 0
  setInterval(() => {
    for (; turned <= performance.now(); turned++) {
      for (const stream of wheel[at % pauseMs] ?? []) speak(stream, wheel[at % pauseMs] as Set<Stream>)
      at++
    }
  }, 1)
  return wheel
}

function speak(stream: Stream, slot: Set<Stream>): void {
  try {
    const last = stream.left === 0
    const stamped = stream.left % stampedEach === 0
    const word = words[stream.left-- % words.length] as Uint8Array
    stream.controller.write(last ? closing : stamped ? delta(stampNow()) : word)
    stream.controller.flush()
    if (!last) return
  } catch {
    // the reader has left
  }
  slot.delete(stream)
  stream.done()
}

function paced(deltas: number, pauseMs: number): Response {
  let wheel = wheels.get(pauseMs)
  if (wheel === undefined) {
    wheel = start(pauseMs)
    wheels.set(pauseMs, wheel)
  }
  const slot = wheel[placed++ % pauseMs] as Set<Stream>
  let mine: Stream | undefined
  const body = new ReadableStream({
    type: 'direct',
    pull: async (controller: ReadableStreamDirectController) => {
      await new Promise<void>((done) => {
        mine = { controller, left: deltas, done }
        slot.add(mine)
      })
      await controller.close()
    },
    cancel: () => {
      if (mine === undefined) return
      slot.delete(mine)
      mine.done()
    },
  } as unknown as UnderlyingDefaultSource)
  return new Response(body, { headers: streamHeaders })
}

const streamHeaders = { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-requestid': 'bench' }

const { TLS_CERT, TLS_KEY } = process.env
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  ...(TLS_CERT && TLS_KEY ? { tls: { cert: Bun.file(TLS_CERT), key: Bun.file(TLS_KEY) } } : {}),
  async fetch(request) {
    const target = request.headers.get('x-amz-target') ?? ''
    if (target.endsWith('ListAvailableModels')) return Response.json(benchModels)
    if (target.endsWith('GetUsageLimits')) return Response.json({})
    const asked = await request.text()
    const [, deltas = '100', pauseMs = '2'] = /paced\/(\d+)\/(\d+)/.exec(new URL(request.url).pathname) ?? []
    if (!asked.includes(atOnce)) return paced(Number(deltas), Number(pauseMs))
    const frames = Array.from(
      { length: Math.min(200, Number(deltas)) },
      (_, at) => words[at % words.length] as Uint8Array,
    )
    return new Response(Buffer.concat([...frames, closing]), { headers: streamHeaders })
  },
})
console.log(server.port)
