// The least any such gateway must do: fetch, decode frames, JSON.parse, JSON.stringify, write SSE. No keys, no accounts, no
// conversion of requests, no accounting. Run as its own process with UPSTREAM_Q_URL; prints its port.
import { createFrameDecoder } from '../../server/codec/eventstream.ts'

const decodeText = new TextDecoder()
const upstream = process.env.UPSTREAM_Q_URL ?? ''

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  async fetch(request) {
    const asked = (await request.json()) as { readonly messages: unknown }
    const reply = await fetch(upstream, { method: 'POST', body: JSON.stringify(asked), signal: request.signal })
    const chunks = reply.body as unknown as AsyncIterable<Uint8Array>
    const body = new ReadableStream({
      type: 'direct',
      async pull(controller: ReadableStreamDirectController) {
        const decoder = createFrameDecoder()
        for await (const chunk of chunks) {
          const frames = decoder.push(chunk)
          if (!frames.ok) throw new Error(frames.error.message)
          let out = ''
          for (const frame of frames.value)
            out += `data: ${JSON.stringify(JSON.parse(decodeText.decode(frame.payload)))}\n\n`
          if (out === '') continue
          const written = controller.write(out)
          controller.flush()
          if (typeof written !== 'number') await written
        }
        await controller.close()
      },
    } as unknown as UnderlyingDefaultSource)
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  },
})
console.log(server.port)
