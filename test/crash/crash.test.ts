import { expect, test } from 'bun:test'
import { crash } from './crash.ts'

// A short run; `bun run test:crash` does a thousand with each.
const kills = Number(process.env.CRASH_KILLS ?? 50)

test('no sign-in is lost to a kill when the provider takes the previous token until the new one is used', async () => {
  const result = await crash(kills, 'rotate')
  expect(result).toMatchObject({ lost: 0, refused: 0, working: 6 })
  expect(result.refreshes).toBeGreaterThan(kills) // every kill met traffic
}, 3_600_000)

test('with a provider that rotates strictly only an answer in flight is lost, and that account says so', async () => {
  const result = await crash(kills, 'strict')
  expect(result.refreshes + result.refused).toBeGreaterThan(kills) // every kill met traffic
  expect(result.refreshes).toBeGreaterThan(0)
  // one refusal for each loss, and for each kill at most one more per account: a verdict killed before it was written
  expect(result.refused).toBeLessThanOrEqual(result.lost + kills * 6)
  // six accounts refresh at every moment: a kill can catch at most one answer of each in flight
  expect(result.lost).toBeLessThanOrEqual(kills * 6)
  expect(result.working + result.lost).toBeGreaterThanOrEqual(6)
}, 3_600_000)
