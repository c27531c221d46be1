import { expect, test } from 'bun:test'
import { createNoteBook } from '../../server/conversation/note.ts'

test('notes are kept in the order they came, the same one once', () => {
  const book = createNoteBook()
  book.add({ what: 'tool-renamed', detail: 'Read' })
  book.add({ what: 'schema-cut', field: 'tools.0.input_schema' })
  book.add({ what: 'tool-renamed', detail: 'Read' })
  expect(book.read()).toEqual({
    first: [
      { what: 'tool-renamed', detail: 'Read' },
      { what: 'schema-cut', field: 'tools.0.input_schema' },
    ],
    more: 0,
  })
})

test('however many there are, a bounded number of bounded notes is kept and the rest is counted', () => {
  const book = createNoteBook()
  for (let index = 0; index < 10_000; index++) {
    book.add({ what: 'part-left-out', field: `messages.${index}.${'x'.repeat(1_000)}`, detail: 'y'.repeat(1_000) })
  }
  const { first, more } = book.read()
  expect(first.length).toBe(50)
  expect(more).toBe(9_950)
  expect(JSON.stringify(first).length).toBeLessThan(30_000)
})
