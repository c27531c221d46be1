import { expect, test } from 'bun:test'
import { startClockedGateway } from '../support/clocked-gateway.ts'
import { en, zhCn } from '../support/words.ts'

test('every queue and cache has a name in both languages', async () => {
  const gateway = await startClockedGateway()
  const { sizes } = (await gateway.call('GET', '/v2/health')).json as { readonly sizes: readonly { name: string }[] }
  await gateway.stop()
  const above = ['resident_memory_bytes', 'heap_bytes', 'uptime_seconds']
  const named = (words: object) => Object.keys(words).filter((key) => key.startsWith('health.size.'))
  const expected = sizes
    .filter(({ name }) => !above.includes(name))
    .map(({ name }) => `health.size.${name}`)
    .toSorted()
  expect(named(en).toSorted()).toEqual(expected)
  expect(named(zhCn).toSorted()).toEqual(expected)
})
