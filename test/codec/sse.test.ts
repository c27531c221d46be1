import { expect, test } from 'bun:test'
import { sseComment, sseFrame } from '../../server/codec/sse.ts'

test('a frame is its data, with an event name when one is given', () => {
  expect(sseFrame('{"a":1}')).toBe('data: {"a":1}\n\n')
  expect(sseFrame('{}', 'ping')).toBe('event: ping\ndata: {}\n\n')
})

test('line breaks in the data cannot end the frame', () => {
  expect(sseFrame('a\nb\r\nc\rd')).toBe('data: a\ndata: b\ndata: c\ndata: d\n\n')
  expect(sseFrame('\n\n')).toBe('data: \ndata: \ndata: \n\n')
})

test('a comment stays one line', () => {
  expect(sseComment('keep-alive')).toBe(': keep-alive\n\n')
  expect(sseComment('a\n\ndata: b')).toBe(': a data: b\n\n')
})
