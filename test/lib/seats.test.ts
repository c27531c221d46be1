import { describe, expect, test } from 'bun:test'
import { createSeats } from '../../server/lib/seats.ts'

const never = new AbortController().signal

/** Seats, and who came to sit in which order. */
function makeSeats(count: number, mostEach?: number) {
  const seats = createSeats(count, mostEach)
  const came: string[] = []
  const ask = (holder: string, signal = never): void =>
    void seats.take(signal, holder).then((hasSeat) => came.push(hasSeat ? holder : `${holder} left`))
  return { ...seats, ask, came: () => Bun.sleep(0).then(() => came.join(' ')) }
}

describe('createSeats', () => {
  test('one holder waits in the order it came; who left has no seat to give back', async () => {
    const { ask, came, giveBack, waiting } = makeSeats(1)
    const leaving = new AbortController()
    ask('a')
    ask('a', leaving.signal)
    ask('a')
    expect(waiting()).toBe(2)
    leaving.abort()
    expect(waiting()).toBe(1)
    giveBack('a')
    expect(await came()).toBe('a a left a')
    giveBack('a')
    ask('a')
    expect(await came()).toBe('a a left a a')
  })

  test('the next seat goes to the holder that has the fewest, however many of another came before', async () => {
    const { ask, came, giveBack } = makeSeats(2)
    for (let asked = 0; asked < 8; asked++) ask('many')
    ask('one')
    giveBack('many')
    expect(await came()).toBe('many many one')
  })

  test('holders with as few have their turn one after another', async () => {
    const { ask, came, giveBack } = makeSeats(1)
    for (const holder of ['a', 'a', 'a', 'b', 'b', 'c']) ask(holder)
    for (const holder of ['a', 'a', 'b', 'c', 'a']) {
      giveBack(holder)
      await came()
    }
    expect(await came()).toBe('a a b c a b')
  })

  test('one holder has at most its share, also while nobody else waits', async () => {
    const { ask, came, giveBack, waiting } = makeSeats(3, 2)
    for (let asked = 0; asked < 4; asked++) ask('many')
    ask('one')
    expect(await came()).toBe('many many one')
    expect(waiting()).toBe(2)
    giveBack('one')
    expect(await came()).toBe('many many one')
    giveBack('many')
    expect(await came()).toBe('many many one many')
  })
})
