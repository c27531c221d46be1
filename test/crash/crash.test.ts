import { expect, test } from 'bun:test'
import { crash } from './crash.ts'
import { type Course, coursesOf } from './transcript.ts'

// A short run; `bun run test:crash` does a thousand with each.
const kills = Number(process.env.CRASH_KILLS ?? 50)

test('no sign-in is lost to a kill when the provider takes the previous token until the new one is used', async () => {
  const result = await crash(kills, 'rotate')
  expect(result).toMatchObject({ faults: [], lost: 0, refused: 0, working: 6 })
  expect(result.refreshes).toBeGreaterThan(kills) // every kill met traffic
  expect(result.inFlight).toBeGreaterThan(0)
}, 3_600_000)

test('with a provider that rotates strictly only an answer in flight is lost, and that account says so', async () => {
  const result = await crash(kills, 'strict')
  expect(result.faults).toEqual([])
  expect(result.refreshes + result.refused).toBeGreaterThan(kills) // every kill met traffic
  expect(result.lost).toBeGreaterThan(0) // else nothing was tried
  expect(result.lost).toBeLessThanOrEqual(result.inFlight)
  expect(result.working).toBe(6)
}, 3_600_000)

const turns = (count: number): readonly string[] => Array(count).fill('turn')
test.each<readonly [string, readonly string[], Partial<Course>]>([
  ['nothing yet', turns(9), { stored: 'old', isInFlight: false, isProven: false }],
  ['asked', ['ask a', ...turns(9)], { stored: 'old', isInFlight: true }],
  ['just come', ['ask a', 'got a new', ...turns(5)], { stored: 'old', arriving: 'new', isInFlight: true }],
  ['come a while ago', ['ask a', 'got a new', ...turns(6)], { stored: 'new', isInFlight: false, isProven: true }],
  ['given out', ['ask a', 'got a new', 'has a'], { stored: 'new', isInFlight: false, isProven: true }],
  ['asked again', ['got a new', 'has a', 'ask a', ...turns(9)], { stored: 'new', isInFlight: true }],
  ['come again', ['got a new', 'has a', 'got a newer'], { stored: 'new', arriving: 'newer', isInFlight: true }],
  ['refused', ['ask a', 'refused a'], { stored: 'old', isInFlight: false, isProven: false, refused: 1 }],
  ['cut short', ['ask a', 'got a new', 'ha'], { stored: 'old', arriving: 'new', isInFlight: true }],
])('how an account stood when its process was killed: %s', (name, lines, expected) => {
  const text = lines.join('\n') + (name === 'cut short' ? '' : '\n')
  expect(coursesOf(text, new Map([['a', 'old']])).get('a')).toMatchObject(expected)
})
