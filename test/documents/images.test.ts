import { expect, test } from 'bun:test'
import { checkImage, formatOf } from '../../server/documents/images.ts'

test.each([
  ['png', 'iVBORw0KGgo='],
  ['jpeg', '/9j/4AAQSkZJRg=='],
  ['gif', 'R0lGODlhAQABAA=='],
  ['gif', 'R0lGODdhAQABAA=='],
  ['webp', 'UklGRiQAAABXRUJQVlA4'],
] as const)('%s is known by its first bytes', (format, base64) => {
  expect(formatOf(Buffer.from(base64, 'base64'))).toBe(format)
  expect(checkImage({ type: 'image', format: 'png', base64 }, 'image 1')).toEqual({
    ok: true,
    value: { type: 'image', format, base64 },
  })
})

test.each(['', 'aGVsbG8gd29ybGQ=', 'UklGRiQAAABBVkkgVlA4', 'JVBERi0xLjQ=', 'iVBO'])('%p is no image', (base64) => {
  expect(checkImage({ type: 'image', format: 'gif', base64 }, 'image 3')).toMatchObject({
    ok: false,
    error: {
      kind: 'invalid-request',
      message: 'messages: image 3 is not a PNG, JPEG, GIF or WebP image (declared as gif).',
    },
  })
})

test('an image over 10 MB is refused with its size', () => {
  const base64 = `iVBORw0KGgo=${'A'.repeat(14 * 1024 * 1024)}`
  expect(checkImage({ type: 'image', format: 'png', base64 }, 'image 1')).toMatchObject({
    ok: false,
    error: {
      kind: 'invalid-request',
      message: 'messages: image 1: image exceeds 10 MB maximum: 11010057 bytes > 10485760 bytes',
    },
  })
})
