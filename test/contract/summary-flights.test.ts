import { expect, test } from 'bun:test'
import { createFlights } from '../../server/contract/summary-flights.ts'

const staying = (): AbortSignal => new AbortController().signal
/** What was asked, in order, each answered by hand. */
function start() {
  const asked: PromiseWithResolvers<string | undefined>[] = []
  const joined = createFlights<string>()
  const want = (signal = staying(), key = 'k') =>
    joined(key, signal, () => {
      const answer = Promise.withResolvers<string | undefined>()
      asked.push(answer)
      return answer.promise
    })
  return { asked, want }
}

test('what is wanted several times at once is asked for once, and anew later', async () => {
  const { asked, want } = start()
  const both = [want(), want()]
  const other = want(staying(), 'another')
  expect(asked).toHaveLength(2)
  for (const { resolve } of asked) resolve('S.')
  expect(await Promise.all(both)).toEqual([
    { found: 'S.', isOwn: true },
    { found: 'S.', isOwn: false },
  ])
  expect(await other).toEqual({ found: 'S.', isOwn: true })
  const later = want()
  asked[2]?.resolve('T.')
  expect(await later).toEqual({ found: 'T.', isOwn: true })
})

test('who waits and leaves is let go, and the others wait on', async () => {
  const { asked, want } = start()
  const leaving = new AbortController()
  const [first, second, third] = [want(), want(leaving.signal), want()]
  leaving.abort()
  expect(await second).toBeUndefined()
  asked[0]?.resolve('S.')
  expect([await first, await third]).toEqual([
    { found: 'S.', isOwn: true },
    { found: 'S.', isOwn: false },
  ])
})

test('where the one that asked leaves, the next asks, for all that wait', async () => {
  const { asked, want } = start()
  const leaving = new AbortController()
  const [first, second, third] = [want(leaving.signal), want(), want()]
  leaving.abort()
  asked[0]?.resolve(undefined)
  expect(await first).toBeUndefined()
  while (asked.length < 2) await Promise.resolve()
  asked[1]?.resolve('S.')
  expect([await second, await third]).toEqual([
    { found: 'S.', isOwn: true },
    { found: 'S.', isOwn: false },
  ])
  expect(asked).toHaveLength(2)
})

test('what failed for one has failed for all that waited', async () => {
  const { asked, want } = start()
  const both = [want(), want()]
  asked[0]?.resolve(undefined)
  expect(await Promise.all(both)).toEqual([undefined, undefined])
  expect(asked).toHaveLength(1)
})
