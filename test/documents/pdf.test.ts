import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createPdfReader } from '../../server/documents/child.ts'
import { readPdf } from '../../server/documents/pdf.ts'
import { lockedPdf, samplePdf } from './sample-pdf.ts'

describe('readPdf', () => {
  test('gives the text of all pages in order', async () => {
    expect(await readPdf(new Uint8Array(samplePdf(['Hello world', '', 'The end'])))).toEqual({
      ok: true,
      text: 'Hello world\n\nThe end',
      pages: 3,
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

describe('createPdfReader', () => {
  const never = new AbortController().signal
  let folder = ''
  const script = async (name: string, text: string): Promise<readonly string[]> => {
    const file = path.join(folder, name)
    await Bun.write(file, text)
    return [process.execPath, file]
  }
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pdf-child-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const child = path.join(import.meta.dir, '../../server/documents/child.ts')
  const real = () =>
    script('real.ts', `import { runPdfChild } from ${JSON.stringify(child)}\nprocess.exit(await runPdfChild())`)

  test('reads in a process of its own, several at once', async () => {
    const read = createPdfReader(await real())
    const readings = await Promise.all(
      ['one', 'two', 'three'].map((text) => read(new Uint8Array(samplePdf([text])), never)),
    )
    expect(readings).toEqual(['one', 'two', 'three'].map((text) => ({ ok: true, text, pages: 1 })))
  })

  test('a reader that never ends is killed at the time limit', async () => {
    const read = createPdfReader(await script('endless.ts', 'for (;;) {}'), 200)
    expect(await read(new Uint8Array(samplePdf(['x'])), never)).toEqual({
      ok: false,
      reason: 'could not be read within 0.2 seconds',
    })
  })

  test('a caller who leaves stops the reader, and one who waits leaves the queue', async () => {
    const read = createPdfReader(await script('endless.ts', 'for (;;) {}'), 20_000)
    const leaving = new AbortController()
    const readings = [1, 2, 3, 4].map(() => read(new Uint8Array(samplePdf(['x'])), leaving.signal))
    await Bun.sleep(50)
    leaving.abort()
    for (const reading of await Promise.all(readings)) expect(reading).toMatchObject({ ok: false })
  })

  test('a reader that crashes is a reason', async () => {
    const read = createPdfReader(await script('crash.ts', 'process.exit(3)'))
    expect(await read(new Uint8Array(samplePdf(['x'])), never)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('failed'),
    })
  })

  test('the reader sees no secret of ours', async () => {
    process.env.PDF_TEST_SECRET = 'hidden'
    const read = createPdfReader(
      await script(
        'spy.ts',
        'await Bun.write(Bun.stdout, JSON.stringify({ ok: true, pages: 1, text: Object.keys(process.env).join() }))',
      ),
    )
    const reading = await read(new Uint8Array(samplePdf(['x'])), never)
    delete process.env.PDF_TEST_SECRET
    expect(reading.ok && reading.text).not.toContain('PDF_TEST_SECRET')
    expect(reading.ok && reading.text).toContain('BUN_CONFIG_MAX_HTTP_REQUESTS')
  })
})
