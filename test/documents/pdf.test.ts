import { describe, expect, test } from 'bun:test'
import { readPdf } from '../../server/documents/pdf.ts'
import { lockedPdf, samplePdf } from './sample-pdf.ts'

describe('readPdf', () => {
  test('gives the text of all pages in order', async () => {
    expect(await readPdf(new Uint8Array(samplePdf(['Hello world', '', 'The end'])))).toEqual({
      ok: true,
      about: 'PDF, 3 pages',
      sections: [
        { heading: 'Page 1', text: 'Hello world' },
        { heading: 'Page 2', text: '', gap: 'no text; an image?' },
        { heading: 'Page 3', text: 'The end' },
      ],
      lacks: '1 page of 3 without text',
    })
  })

  test.each([
    ['no text', samplePdf(['']), 'has no text'],
    ['a password', lockedPdf(), 'is protected by a password'],
    ['no PDF', Buffer.from('hello'), 'is not a sound PDF'],
    ['nothing', Buffer.alloc(0), 'is not a sound PDF'],
    ['too many pages', samplePdf(Array(501).fill('x')), 'has 501 pages'],
  ])('%s is a reason, not an exception', async (_, bytes, reason) => {
    const reading = await readPdf(new Uint8Array(bytes))
    expect(reading).toEqual({ ok: false, reason: expect.stringContaining(reason) })
  })
})
