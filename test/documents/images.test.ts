import { expect, test } from 'bun:test'
import { checkImage, formatOf, imageLimits } from '../../server/documents/images.ts'

test.each([
  ['png', 'iVBORw0KGgo='],
  ['jpeg', '/9j/4AAQSkZJRg=='],
  ['gif', 'R0lGODlhAQABAA=='],
  ['gif', 'R0lGODdhAQABAA=='],
  ['webp', 'UklGRiQAAABXRUJQVlA4'],
] as const)('%s is known by its first bytes', (format, base64) => {
  expect(formatOf(Buffer.from(base64, 'base64'))).toBe(format)
  expect(checkImage({ type: 'image', format: 'png', base64 })).toEqual({
    ok: true,
    value: { part: { type: 'image', format, base64 }, isOver: false },
  })
})

test.each(['', 'aGVsbG8gd29ybGQ=', 'UklGRiQAAABBVkkgVlA4', 'JVBERi0xLjQ=', 'iVBO'])('%p is no image', (base64) => {
  expect(checkImage({ type: 'image', format: 'gif', base64 })).toMatchObject({
    ok: false,
    error: {
      kind: 'invalid-request',
      message: 'messages: image is not a PNG, JPEG, GIF or WebP image (declared as gif).',
    },
  })
})

/** The head of a PNG of this size, and as many bytes more. */
const header = (width: number, height: number, more = 0): string => {
  const bytes = Buffer.alloc(33 + more)
  bytes.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1')
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes.toString('base64')
}
const check = (base64: string) => checkImage({ type: 'image', format: 'png', base64, field: 'messages.0.content.1' })

test.each([
  ['8000 pixels across and 2.8 MB', header(8_000, 1, imageLimits.bytes - 40), false],
  ['too wide', header(8_001, 10), true],
  ['too high', header(10, 8_001), true],
  ['too many bytes', header(10, 10, imageLimits.bytes), true],
])('%s', (_, base64, isOver) => {
  expect(check(base64)).toMatchObject({ ok: true, value: { isOver } })
})

test('a small file that would unpack to a huge picture is refused by its header', () => {
  expect(check(header(50_000, 50_000))).toMatchObject({
    ok: false,
    error: {
      field: 'messages.0.content.1',
      message: 'messages.0.content.1: image has 50000 x 50000 pixels; at most 80 million can be made smaller.',
    },
  })
})

test('an image over 32 MB is refused with its size', () => {
  expect(check(header(10, 10, imageLimits.fileBytes))).toMatchObject({
    ok: false,
    error: {
      kind: 'invalid-request',
      message: 'messages.0.content.1: image exceeds 32 MB maximum: 33554466 bytes > 33554432 bytes',
    },
  })
})
