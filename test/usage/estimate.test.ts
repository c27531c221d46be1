import { describe, expect, test } from 'bun:test'
import { Tokenizer } from 'ai-tokenizer'
import fc from 'fast-check'
import type { Conversation, Part } from '../../server/conversation/conversation.ts'
import { imageSize } from '../../server/conversation/image-size.ts'
import { createEstimator, stretches } from '../../server/usage/estimate.ts'
import { imageTokens } from '../../server/usage/image-tokens.ts'
import { createTokenizer } from '../../server/usage/tokenizer.ts'
import { makeConversation } from '../support/conversation.ts'
import { cpuMs } from '../support/cpu.ts'

const count = await createTokenizer()
const noRest = { sleep: async () => {} }
const estimator = createEstimator(count, noRest)

test('names of special tokens are ordinary words', () => {
  for (const word of ['<META>', '<META_START>', '<EOT>', '<SOS>', '<|endoftext|>'])
    expect(count(`a ${word} b`)).toBeGreaterThan(2)
})

const conversation = (more: Partial<Conversation>): Conversation => makeConversation({ messages: [], ...more })
const user = (...parts: readonly Part[]): Conversation => conversation({ messages: [{ role: 'user', parts }] })
const tokensOf = async (given: Conversation): Promise<number> => (await estimator.conversation(given)).tokens

describe('createTokenizer', () => {
  test.each([
    ['', 0],
    ['hello', 1],
    ['hello world', 2],
    ['The quick brown fox jumps over the lazy dog.', 10],
    ['你好世界', 5],
    ['😀😀', 4],
    ['<|endoftext|>', 7],
  ])('%p is %d tokens', (text, tokens) => {
    expect(count(text)).toBe(tokens)
  })

  test.each([
    ['one letter', 'a'.repeat(60_000)],
    ['spaces', ' '.repeat(60_000)],
    ['line ends', '\n'.repeat(60_000)],
    ['dashes', '-'.repeat(60_000)],
    ['Chinese without a stop', '你好世界很高兴见到你'.repeat(6_000)],
    ['digits', '0123456789'.repeat(6_000)],
  ])('a run of 60,000 characters (%s) takes no quadratic time', (_, text) => {
    const before = cpuMs()
    expect(count(text)).toBeGreaterThan(100)
    expect(cpuMs() - before).toBeLessThan(1_500)
  })

  test('counting word by word gives what the vocabulary gives for the whole text', async () => {
    const tokenizer = new Tokenizer(await import('ai-tokenizer/encoding/claude'))
    const bits = [
      ' ',
      '  ',
      '\n',
      '\r\n',
      '\t',
      '\u00a0',
      '\u2003',
      'a',
      ' Word',
      "'s",
      "n't",
      '9',
      ' 12',
      '表',
      'é',
      '.',
      ' !?',
      '😀',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...bits), { minLength: 10, maxLength: 60 }), (chosen) => {
        const text = chosen.join('')
        expect([text, count(text)]).toEqual([text, tokenizer.encode(text, 'all').length])
      }),
    )
  })

  test('any text counts as it does with the objects the vocabulary is made of', async () => {
    const tokenizer = new Tokenizer(await import('ai-tokenizer/encoding/claude'))
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        fc.pre(!inherited.some((name) => text.includes(name)))
        expect([text, count(text)]).toEqual([text, tokenizer.encode(text, 'all').length])
      }),
      { numRuns: 500 },
    )
  })

  /** The package takes them for tokens, since its objects have them. */
  const inherited = Object.getOwnPropertyNames(Object.prototype)
  test('names that every object has are words like others', () => {
    for (const word of ['valueOf', 'hasOwnProperty', '__proto__']) expect(count(` ${word}`)).toBeGreaterThan(1)
  })

  test('cutting long runs changes no count of ordinary text', () => {
    const text = 'function add(left: number, right: number): number {\n  return left + right // 求和\n}\n'
    expect(count(text.repeat(3))).toBe(count(text) * 3)
  })
})

describe('createEstimator', () => {
  test('an empty conversation is not zero', async () => {
    expect(await tokensOf(conversation({}))).toBeGreaterThan(0)
  })

  test('every part of a request counts', async () => {
    const bare = await tokensOf(user({ type: 'text', text: 'hello' }))
    const schema = { type: 'object', properties: { path: { type: 'string', description: 'The file to read' } } }
    const rows: readonly (readonly [string, Conversation])[] = [
      ['system', { ...user({ type: 'text', text: 'hello' }), system: ['You are a helpful assistant.'] }],
      ['tools', { ...user({ type: 'text', text: 'hello' }), tools: [{ name: 'read', description: 'Reads', schema }] }],
      [
        'tool calls',
        user({ type: 'text', text: 'hello' }, { type: 'tool-call', id: 'a', name: 'read', input: { path: '/etc' } }),
      ],
      [
        'tool results',
        user(
          { type: 'text', text: 'hello' },
          { type: 'tool-result', callId: 'a', parts: [{ type: 'text', text: 'root' }], isError: false },
        ),
      ],
      ['images', user({ type: 'text', text: 'hello' }, { type: 'image', format: 'png', base64: 'aGk=' })],
      [
        'images in results',
        user(
          { type: 'text', text: 'hello' },
          {
            type: 'tool-result',
            callId: 'a',
            parts: [{ type: 'image', format: 'png', base64: 'aGk=' }],
            isError: false,
          },
        ),
      ],
      ['reasoning', user({ type: 'text', text: 'hello' }, { type: 'reasoning', text: 'I think', signature: 's' })],
      [
        'sealed reasoning',
        user({ type: 'text', text: 'hello' }, { type: 'redacted-reasoning', base64: 'aGVsbG8gd29ybGQ=' }),
      ],
      ['an output schema', { ...user({ type: 'text', text: 'hello' }), output: { type: 'json-schema', schema } }],
    ]
    for (const [what, given] of rows) expect([what, (await tokensOf(given)) > bare]).toEqual([what, true])
  })

  test('a schema counts with its properties', async () => {
    const tool = (properties: object) =>
      conversation({ tools: [{ name: 'read', description: 'Reads', schema: { type: 'object', properties } }] })
    const one = await tokensOf(tool({ path: { type: 'string' } }))
    const two = await tokensOf(
      tool({ path: { type: 'string' }, encoding: { type: 'string', enum: ['utf8', 'latin1'] } }),
    )
    expect(two).toBeGreaterThan(one + 10)
  })

  test('a long text counts as the sum of its parts, asked once or twice', async () => {
    const text = 'The quick brown fox jumps over the lazy dog.\n'.repeat(3_000)
    const once = await tokensOf(user({ type: 'text', text }))
    const exact = Math.round(count(text) * 1.1) + 9
    expect(Math.abs(once - exact)).toBeLessThan(20)
    expect(await tokensOf(user({ type: 'text', text }))).toBe(once)
  })

  test('gives way to other work between stretches, and not at all for a short request', async () => {
    let rests = 0
    const counting = createEstimator(count, {
      sleep: async () => {
        rests++
      },
    })
    await counting.conversation(user({ type: 'text', text: 'short' }))
    expect(rests).toBe(0)
    await counting.conversation(user({ type: 'text', text: 'some words '.repeat(20_000) }))
    expect(rests).toBeGreaterThan(10)
  })

  test('counts a repeated text only once', async () => {
    let counted = 0
    const counting = createEstimator((text) => {
      counted += text.length
      return 1
    }, noRest)
    const system = ['x '.repeat(5_000)]
    await counting.conversation(conversation({ system }))
    await counting.conversation(conversation({ system }))
    expect(counted).toBe(10_000)
  })

  test('stops early when the caller leaves', async () => {
    let counted = 0
    const counting = createEstimator((text) => {
      counted += text.length
      return 1
    }, noRest)
    await counting.conversation(user({ type: 'text', text: 'word '.repeat(100_000) }), AbortSignal.abort())
    expect(counted).toBeLessThan(50_000)
  })

  test('stretches lose nothing and split no character pair', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', ' ', '😀', '你', '\n', 'word ')),
        fc.integer({ min: 2, max: 40 }),
        (bits, most) => {
          const text = bits.join('')
          const cut = [...stretches(text, most)]
          expect(cut.join('')).toBe(text)
          for (const piece of cut) {
            expect(piece.length).toBeLessThanOrEqual(most)
            expect(piece.isWellFormed()).toBe(true)
          }
        },
      ),
    )
  })
})

describe('imageTokens', () => {
  const png = (width: number, height: number): Buffer => {
    const bytes = Buffer.alloc(33)
    bytes.writeUInt32BE(0x89504e47, 0)
    bytes.writeUInt32BE(width, 16)
    bytes.writeUInt32BE(height, 20)
    return bytes
  }
  const jpeg = Buffer.from([
    0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc2, 0, 11, 8, 0x02, 0x58, 0x03, 0x20, 3, 0, 0, 0, 0,
  ])
  const gif = Buffer.from('GIF89a\x20\x03\x58\x02\0\0\0', 'latin1')
  const webp = (kind: string, tail: readonly number[]): Buffer =>
    Buffer.concat([Buffer.from(`RIFF\0\0\0\0WEBP${kind}\0\0\0\0`, 'latin1'), Buffer.from(tail), Buffer.alloc(16)])

  test.each([
    ['png', png(800, 600)],
    ['gif', gif],
    ['jpeg', jpeg],
    ['webp VP8', webp('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, 0x20, 0x03, 0x58, 0x02])],
    ['webp VP8L', webp('VP8L', [0x2f, 0x1f, 0xc3, 0x95, 0x00])],
    ['webp VP8X', webp('VP8X', [0, 0, 0, 0, 0x1f, 0x03, 0, 0x57, 0x02, 0])],
  ])('%s of 800 by 600 is read and costs 640', (_, bytes) => {
    expect(imageSize(bytes)).toEqual({ width: 800, height: 600 })
    expect(imageTokens({ type: 'image', format: 'png', base64: bytes.toString('base64') })).toBe(640)
  })

  test('a huge image costs the most an image can, a tiny one at least one token', () => {
    expect(imageTokens({ type: 'image', format: 'png', base64: png(8_000, 8_000).toString('base64') })).toBe(1_600)
    expect(imageTokens({ type: 'image', format: 'png', base64: png(1, 1).toString('base64') })).toBe(1)
  })

  test('an unreadable image counts as a large one, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const tokens = imageTokens({ type: 'image', format: 'webp', base64: Buffer.from(bytes).toString('base64') })
        expect(tokens).toBeWithin(1, 1_601)
      }),
    )
    expect(imageTokens({ type: 'image', format: 'jpeg', base64: '/9j/' })).toBe(1_600)
  })
})
