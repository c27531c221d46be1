import { expect, test } from 'bun:test'
import { createTextRun } from '../../server/lib/text-run.ts'

test('any number of pieces reads as what was added, and goes on after a reset', () => {
  const run = createTextRun()
  let whole = ''
  for (let index = 0; index < 1_000; index++) {
    const piece = index % 9 === 0 ? '' : `${index}表`
    run.add(piece)
    whole += piece
    if (index % 100 === 0) expect(run.read()).toBe(whole)
    expect(run.length()).toBe(whole.length)
  }
  expect(run.read()).toBe(whole)
  run.reset('tail')
  run.add('!')
  expect([run.read(), run.length()]).toEqual(['tail!', 5])
})
