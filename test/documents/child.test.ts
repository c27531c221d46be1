import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAttachmentReader } from '../../server/documents/child.ts'
import { imageLimits } from '../../server/documents/images.ts'
import { noisyBmp } from './sample-image.ts'
import { wordFile } from './sample-office.ts'
import { samplePdf } from './sample-pdf.ts'

const never = new AbortController().signal
let folder = ''
const script = async (name: string, text: string): Promise<readonly string[]> => {
  const file = path.join(folder, name)
  await Bun.write(file, text)
  return [process.execPath, file]
}
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'attachment-child-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const child = path.join(import.meta.dir, '../../server/documents/child.ts')
const real = () =>
  script(
    'real.ts',
    `import { runAttachmentChild } from ${JSON.stringify(child)}\nprocess.exit(await runAttachmentChild(process.argv.slice(2)))`,
  )
const base64Of = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const pdf = (text: string): string => base64Of(samplePdf([text]))

test('reads in a process of its own, several at once', async () => {
  const { document } = createAttachmentReader(await real())
  const readings = await Promise.all(['one', 'two', 'three'].map((text) => document(pdf(text), 'pdf', never)))
  expect(readings).toEqual(
    ['one', 'two', 'three'].map((text) => ({
      ok: true,
      about: 'PDF, 1 page',
      sections: [{ heading: 'Page 1', text }],
    })),
  )
})

test('reads office documents, and makes images smaller', async () => {
  const { document, image } = createAttachmentReader(await real())
  expect(await document(base64Of(wordFile('<w:p><w:r><w:t>Hello</w:t></w:r></w:p>')), 'docx', never)).toEqual({
    ok: true,
    about: 'Word',
    sections: [{ text: 'Hello' }],
  })
  const large = await new Bun.Image(noisyBmp(1_300, 1_000)).png().bytes()
  expect(large.length).toBeGreaterThan(imageLimits.bytes)
  const small = await image(base64Of(large), never)
  expect(small.ok && Buffer.from(small.base64, 'base64').length).toBeLessThanOrEqual(imageLimits.bytes)
})

test('a reader that never ends is killed at the time limit', async () => {
  const { document } = createAttachmentReader(await script('endless.ts', 'for (;;) {}'), { timeMs: 200 })
  expect(await document(pdf('x'), 'pdf', never)).toEqual({
    ok: false,
    reason: 'could not be read within 0.2 seconds',
  })
})

test.if(process.platform === 'linux')('a reader that takes too much memory is killed', async () => {
  const greedy = await script('greedy.ts', 'const all = []\nfor (;;) all.push(Buffer.alloc(1_000_000, 1))')
  const { document } = createAttachmentReader(greedy, { memoryBytes: 256 * 1024 * 1024 })
  expect(await document(pdf('x'), 'pdf', never)).toEqual({
    ok: false,
    reason: 'needs more than 256 MB of memory to be read',
  })
})

test('a caller who leaves stops the reader, and one who waits leaves the queue', async () => {
  const { document } = createAttachmentReader(await script('endless.ts', 'for (;;) {}'), { timeMs: 20_000 })
  const leaving = new AbortController()
  const readings = [1, 2, 3, 4].map(() => document(pdf('x'), 'pdf', leaving.signal))
  await Bun.sleep(50)
  leaving.abort()
  for (const reading of await Promise.all(readings)) expect(reading).toMatchObject({ ok: false })
})

test('one caller has two readers, another one its own at once; a turn that does not come is told', async () => {
  const endless = await script(
    'kinds.ts',
    'if (process.argv[2] === "pdf") for (;;) {}\nawait Bun.write(Bun.stdout, JSON.stringify({ ok: true, about: "x", sections: [] }))',
  )
  const { document } = createAttachmentReader(endless, { waitMs: 300 })
  const leaving = new AbortController()
  const held = [1, 2].map(() => document(pdf('x'), 'pdf', leaving.signal, 'many'))
  const late = document(pdf('x'), 'docx', leaving.signal, 'many')
  expect(await document(pdf('x'), 'docx', never, 'one')).toMatchObject({ ok: true })
  expect(await late).toEqual({
    ok: false,
    reason: 'was not read: others were being read for 0.3 seconds',
    isBusy: true,
  })
  leaving.abort()
  await Promise.all(held)
})

test('a reader that crashes is a reason', async () => {
  const { document } = createAttachmentReader(await script('crash.ts', 'process.exit(3)'))
  expect(await document(pdf('x'), 'pdf', never)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('failed'),
  })
})

test('the reader sees no secret of ours', async () => {
  process.env.PDF_TEST_SECRET = 'hidden'
  const { document } = createAttachmentReader(
    await script(
      'spy.ts',
      'await Bun.write(Bun.stdout, JSON.stringify({ ok: true, about: Object.keys(process.env).join(), sections: [] }))',
    ),
  )
  const reading = await document(pdf('x'), 'pdf', never)
  delete process.env.PDF_TEST_SECRET
  expect(reading.ok && reading.about).not.toContain('PDF_TEST_SECRET')
  expect(reading.ok && reading.about).toContain('BUN_CONFIG_MAX_HTTP_REQUESTS')
})

test('a large attachment is handed over in pieces, and only by whom it is the turn of', async () => {
  const counts = `const text = await Bun.stdin.text()
    process.stdout.write(JSON.stringify({ ok: true, about: String(text.length), sections: [] }))`
  const { document } = createAttachmentReader(await script('counts.ts', counts))
  const base64 = Buffer.alloc(24_000_001, 7).toString('base64')
  let longest = 0
  let before = performance.now()
  let isOver = false
  const ticking = (async () => {
    while (!isOver) {
      await Bun.sleep(1)
      longest = Math.max(longest, performance.now() - before)
      before = performance.now()
    }
  })()
  expect(await document(base64, 'pdf', never)).toMatchObject({ ok: true, about: String(base64.length) })
  isOver = true
  await ticking
  expect(longest).toBeLessThan(500)
})

test('a reader that is gone before it has taken everything is a reader that failed', async () => {
  const { document } = createAttachmentReader(await script('leaves.ts', 'process.exit(3)'))
  expect(await document('A'.repeat(8_000_000), 'pdf', never)).toEqual({
    ok: false,
    reason: 'cannot be read: the reader failed',
  })
})
