import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { runPython } from './python.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway?.stop()
})

test('pydantic models, by the official Python libraries and by Pydantic AI', async () => {
  const right = { city: expect.any(String), degrees: expect.any(Number) }
  expect(await runPython('pydantic_client.py', gateway)).toEqual({
    ...{ chat: right, responses: right, streamed: right, messages: right, refused: 502 },
    ...{ native: [right, right], tool: [right, right], prompted: [right, right] },
    ...{ native_requests: [1, 1], tool_requests: [1, 1], prompted_requests: [1, 1] },
  })
})
