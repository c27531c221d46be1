import { expect, test } from 'bun:test'
import { createProgress } from '../../server/lib/progress.ts'

const shownTo = (isTerminal: boolean, columns = 80) => {
  const clock = { now: 0 }
  const written: string[] = []
  const view = { write: (text: string) => void written.push(text), isTerminal, columns, now: () => clock.now }
  return { clock, written, progress: createProgress(view, { what: 'Importing', total: 4_000, unit: 'rows' }) }
}

test('a terminal sees one line with rows and the time that is left, drawn over and taken away at the end', () => {
  const { clock, written, progress } = shownTo(true)
  clock.now = 10_000
  progress.step(1_000)
  expect(written.at(-1)).toBe(`\r\x1b[KImporting  [######${'.'.repeat(18)}]  25 %  1,000 of 4,000 rows, 30 s left`)
  clock.now = 10_050
  progress.step(1)
  expect(written).toHaveLength(2) // not drawn for every row
  progress.end()
  expect(written.at(-1)).toBe('\r\x1b[K')
  expect(written.join('')).not.toContain('\n')
})

test('a narrow terminal is not wrapped', () => {
  const { written } = shownTo(true, 30)
  expect(written[0]?.replace('\r\x1b[K', '').length).toBeLessThan(30)
})

test('elsewhere there are plain lines, one in ten seconds and one at the end', () => {
  const { clock, written, progress } = shownTo(false)
  for (let second = 1; second <= 20; second++) {
    clock.now = second * 1_000
    progress.step(200)
  }
  progress.end()
  expect(written).toEqual([
    'Importing: 50 %  2,000 of 4,000 rows, 10 s left\n',
    'Importing: 100 %  4,000 of 4,000 rows, 20 s\n',
    'Importing: 100 %  4,000 of 4,000 rows, 20 s\n',
  ])
})
