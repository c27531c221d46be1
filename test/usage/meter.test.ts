import { describe, expect, test } from 'bun:test'
import type { UsageReport } from '../../server/conversation/ending.ts'
import type { BlockEvent, ReplyEvent, Usage } from '../../server/conversation/event.ts'
import { createMeter, type MeteredEvent } from '../../server/usage/meter.ts'

const words = (text: string): number => text.split(/\s+/).filter(Boolean).length
const input = { tokens: 500, source: 'estimated' } as const
const text = (value: string): readonly BlockEvent[] => [
  { type: 'text-start', index: 0 },
  { type: 'text-delta', index: 0, text: value },
  { type: 'text-end', index: 0 },
]

function run(events: readonly MeteredEvent[], windowTokens?: number): readonly ReplyEvent[] {
  const meter = createMeter({ input, countTokens: words, ...(windowTokens === undefined ? {} : { windowTokens }) })
  return [meter.start(), ...events.map((event) => meter.push(event))]
}

function usage(report: UsageReport, windowTokens?: number, content = text('one two three')): Usage | undefined {
  const last = run([...content, { type: 'finish', reason: 'end', report }], windowTokens).at(-1)
  return last?.type === 'finish' ? last.usage : undefined
}

describe('createMeter', () => {
  test('opens with the estimate and passes blocks unchanged', () => {
    const events: readonly BlockEvent[] = [...text('a b'), { type: 'redacted-reasoning', index: 1, base64: 'aaaa' }]
    expect(run(events)).toEqual([{ type: 'reply-start', input }, ...events])
  })

  test('an error passes unchanged', () => {
    const failure = { type: 'error', error: { kind: 'broken-reply', message: 'gone' } } as const
    expect(run([failure]).at(-1)).toEqual(failure)
  })

  test.each<readonly [string, UsageReport, number | undefined, Usage['input'], Usage['output']]>([
    ['nothing reported', {}, 200_000, input, { tokens: 3, source: 'estimated' }],
    [
      'both measured',
      { inputTokens: 1_000, outputTokens: 7, contextPercent: 50 },
      200_000,
      { tokens: 1_000, source: 'measured' },
      { tokens: 7, source: 'measured' },
    ],
    [
      'a percentage',
      { contextPercent: 1.5 },
      200_000,
      { tokens: 2_997, source: 'derived' },
      { tokens: 3, source: 'estimated' },
    ],
    [
      'a percentage and measured output',
      { contextPercent: 1, outputTokens: 100 },
      200_000,
      { tokens: 1_900, source: 'derived' },
      { tokens: 100, source: 'measured' },
    ],
    ['a percentage without a window', { contextPercent: 1 }, undefined, input, { tokens: 3, source: 'estimated' }],
    ['a percentage of zero', { contextPercent: 0 }, 200_000, input, { tokens: 3, source: 'estimated' }],
    ['a negative percentage', { contextPercent: -1 }, 200_000, input, { tokens: 3, source: 'estimated' }],
    ['no number', { contextPercent: Number.NaN }, 200_000, input, { tokens: 3, source: 'estimated' }],
    ['an absurd percentage', { contextPercent: 5_000 }, 200_000, input, { tokens: 3, source: 'estimated' }],
    [
      'a full window',
      { contextPercent: 100 },
      1_000,
      { tokens: 997, source: 'derived' },
      { tokens: 3, source: 'estimated' },
    ],
    [
      'less in all than the output',
      { contextPercent: 0.0001 },
      1_000,
      { tokens: 1, source: 'derived' },
      { tokens: 3, source: 'estimated' },
    ],
    ['zeros', { inputTokens: 0, outputTokens: 0 }, 200_000, input, { tokens: 3, source: 'estimated' }],
  ])('%s', (_, report, windowTokens, expectedInput, expectedOutput) => {
    expect(usage(report, windowTokens)).toEqual({ input: expectedInput, output: expectedOutput })
  })

  test('an empty reply still has one token of output', () => {
    expect(usage({}, undefined, [])).toEqual({ input, output: { tokens: 1, source: 'estimated' } })
  })

  test('credits and measured cache figures are passed on, others are absent', () => {
    expect(usage({ credits: 0.25, cacheReadTokens: 0, cacheWriteTokens: 20 })).toEqual({
      input,
      output: { tokens: 3, source: 'estimated' },
      cacheRead: { tokens: 0, source: 'measured' },
      cacheWrite: { tokens: 20, source: 'measured' },
      credits: 0.25,
    })
  })

  test('reasoning counts in the output and by itself, tool calls in the output', () => {
    const content: readonly BlockEvent[] = [
      { type: 'reasoning-start', index: 0 },
      { type: 'reasoning-delta', index: 0, text: 'let me think' },
      { type: 'reasoning-end', index: 0, signature: 's' },
      { type: 'tool-call-start', index: 1, id: 'a', name: 'read' },
      { type: 'tool-call-delta', index: 1, json: ' {"path": "x"}' },
      { type: 'tool-call-end', index: 1 },
    ]
    expect(usage({}, undefined, content)).toEqual({
      input,
      output: { tokens: 6, source: 'estimated' },
      reasoning: { tokens: 3, source: 'estimated' },
    })
    expect(usage({ outputTokens: 2 }, undefined, content)).toMatchObject({
      output: { tokens: 2 },
      reasoning: { tokens: 2 },
    })
  })

  test('sealed reasoning counts by its size', () => {
    const content: readonly BlockEvent[] = [{ type: 'redacted-reasoning', index: 0, base64: 'a'.repeat(1_600) }]
    expect(usage({}, undefined, content)?.reasoning).toEqual({ tokens: 300, source: 'estimated' })
  })

  test('the stop sequence is passed on', () => {
    const meter = createMeter({ input, countTokens: words })
    expect(meter.push({ type: 'finish', reason: 'stop-sequence', stopSequence: 'END', report: {} })).toMatchObject({
      reason: 'stop-sequence',
      stopSequence: 'END',
    })
  })

  test('many deltas cost few tokenizer runs', () => {
    let runs = 0
    const meter = createMeter({
      input,
      countTokens: (given) => {
        runs++
        return words(given)
      },
    })
    for (let index = 0; index < 10_000; index++) meter.push({ type: 'text-delta', index: 0, text: 'word ' })
    expect(meter.usage().output.tokens).toBeWithin(9_990, 10_010)
    expect(runs).toBeLessThan(10)
  })
})
