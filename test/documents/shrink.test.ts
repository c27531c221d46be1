import { expect, test } from 'bun:test'
import { imageLimits } from '../../server/documents/images.ts'
import { shrinkImage } from '../../server/documents/shrink.ts'
import { noisyBmp } from './sample-image.ts'

const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const noise = noisyBmp(1_300, 1_000)
const shrunk = async (bytes: Uint8Array) => {
  const reading = await shrinkImage(new Uint8Array(bytes))
  if (!reading.ok) throw new Error(reading.reason)
  const image = Buffer.from(reading.base64, 'base64')
  const { width, height, format } = await new Bun.Image(image).metadata()
  expect(image.length).toBeLessThanOrEqual(imageLimits.bytes)
  expect(format).toBe(reading.format)
  return { width, height, format, about: reading.about }
}

test('a photograph stays one and keeps its size where its bytes allow', async () => {
  const jpeg = await new Bun.Image(noise).jpeg({ quality: 100 }).bytes()
  expect(await shrunk(jpeg)).toMatchObject({ width: 1_300, height: 1_000, format: 'jpeg' })
})

test('a drawing that is too wide stays a PNG', async () => {
  const flat = await new Bun.Image(noisyBmp(4, 4)).resize(9_000, 30).png().bytes()
  expect(await shrunk(flat)).toMatchObject({ width: 2_576, height: 9, format: 'png' })
})

test('a PNG of noise becomes a WebP', async () => {
  const png = await new Bun.Image(noise).png().bytes()
  const { about, ...image } = await shrunk(png)
  expect(image).toEqual({ width: 1_300, height: 1_000, format: 'webp' })
  expect(about).toStartWith(`png 1300x1000, ${png.length} bytes -> webp 1300x1000, `)
})

test('WebP and GIF are read', async () => {
  const webp = await new Bun.Image(noise).webp({ quality: 100 }).bytes()
  expect(await shrunk(webp)).toMatchObject({ format: 'webp' })
  expect(await shrunk(gif)).toMatchObject({ format: 'png', width: 1, height: 1 })
})

/** A sound PNG whose header claims another size. */
const claiming = async (width: number, height: number): Promise<Buffer> => {
  const png = Buffer.from(await new Bun.Image(noisyBmp(8, 8)).png().bytes())
  png.writeUInt32BE(width, 16)
  png.writeUInt32BE(height, 20)
  png.writeUInt32BE(Bun.hash.crc32(png.subarray(12, 29)), 29)
  return png
}

test.each([
  ['a cut one', async () => (await new Bun.Image(noise).png().bytes()).slice(0, 50_000), 'is not a sound PNG image'],
  ['one that claims too many pixels', () => claiming(60_000, 60_000), 'has more than 80000000 pixels'],
  ['one that claims more than it holds', () => claiming(8_000, 8_000), 'is not a sound PNG image'],
  ['no image', async () => Buffer.from('hello world'), 'is not a PNG, JPEG, GIF or WebP image'],
  ['a header alone', async () => Buffer.from('RIFF....WEBP', 'latin1'), 'is not a sound WEBP image'],
])('%s is a reason, not an exception', async (_, make, reason) => {
  expect(await shrinkImage(new Uint8Array(await make()))).toEqual({
    ok: false,
    reason: expect.stringContaining(reason),
  })
})
