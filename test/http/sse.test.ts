import { expect, test } from 'bun:test'
import type { GatewayError } from '../../server/conversation/error.ts'
import type { ReplyEvent } from '../../server/conversation/event.ts'
import { sseResponse } from '../../server/http/sse.ts'
import { ok, type Result } from '../../server/lib/result.ts'
import type { ReplyStream } from '../../server/relay/reply-source.ts'
import { createTestEffects } from '../support/effects.ts'
import { sourceOf } from '../support/source.ts'

const keepAliveMs = 15_000
const delta: ReplyEvent = { type: 'text-delta', index: 0, text: 'x' }

/** A stream whose events come when the test says so, and the times at which its reader got something. */
function openStream(early: boolean) {
  const effects = createTestEffects()
  const begin = Promise.withResolvers<Result<ReplyStream, GatewayError>>()
  const batches: PromiseWithResolvers<readonly ReplyEvent[] | undefined>[] = [Promise.withResolvers()]
  const events = async function* () {
    for (;;) {
      const batch = await batches.at(-1)?.promise
      if (batch === undefined) return
      batches.push(Promise.withResolvers())
      yield batch
    }
  }
  const startedAt = effects.now()
  const got: string[] = []
  const response = sseResponse({
    reply: begin.promise,
    early,
    encoder: { encode: (event) => (event.type === 'text-delta' ? 'DELTA' : ''), keepAlive: () => 'PING' },
    keepAliveMs,
    headers: {},
    effects,
    leave: () => {},
    onStream: () => {},
  })
  const reading = (async () => {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      got.push(`${(effects.now() - startedAt) / 1_000} ${new TextDecoder().decode(chunk)}`)
    }
  })()
  /** Lets what was written reach the reader, which takes turns of the event loop and not of the test's clock. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 1_000) {
      await effects.advance(Math.min(1_000, left))
      await Bun.sleep(0)
    }
  }
  return {
    got,
    pass,
    begin: () => begin.resolve(ok(sourceOf(events()))),
    send: async (batch: readonly ReplyEvent[]) => {
      batches.at(-1)?.resolve(batch)
      await Bun.sleep(0)
    },
    end: async () => {
      batches.at(-1)?.resolve(undefined)
      await reading
      expect(effects.timers()).toBe(0)
    },
  }
}

test('a silent stream gets a frame every 15 seconds, counted from the last write and not from a fixed beat', async () => {
  const stream = openStream(false)
  stream.begin()
  await stream.pass(1_000)
  await stream.send([delta])
  await stream.pass(18_000)
  await stream.send([delta])
  await stream.pass(26_000)
  await stream.send([delta])
  await stream.pass(14_000)
  await stream.end()
  expect(stream.got).toEqual(['1 DELTA', '16 PING', '19 DELTA', '34 PING', '45 DELTA'])
})

test('before the first event the wait is kept alive from the headers on', async () => {
  const stream = openStream(true)
  await stream.pass(40_000)
  stream.begin()
  await stream.send([delta])
  await stream.pass(16_000)
  await stream.end()
  expect(stream.got).toEqual(['0 PING', '15 PING', '30 PING', '40 DELTA', '55 PING'])
})

test('events that write nothing to this client do not count as a sign of life', async () => {
  const stream = openStream(false)
  stream.begin()
  await stream.send([delta])
  for (let second = 0; second < 32; second += 4) {
    await stream.send([{ type: 'reasoning-start', index: 0 }])
    await stream.pass(4_000)
  }
  await stream.end()
  expect(stream.got).toEqual(['0 DELTA', '15 PING', '30 PING'])
})
