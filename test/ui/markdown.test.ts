import { describe, expect, test } from 'bun:test'
import { createMarkdown, type Part } from '../../ui/src/features/playground/markdown.ts'
import { cpuMs } from '../support/cpu.ts'

const whole = (text: string): readonly Part[] => createMarkdown()(text, true).done
const html = (text: string): string =>
  whole(text)
    .map((part) => (part.kind === 'html' ? part.html : ''))
    .join('')

const sample = `# Title

Some *words* and \`code\` with [a link](https://example.com).

- one
- two

  still two

1. first
2. second

| a | b |
| - | -: |
| 1 | 2 |

\`\`\`ts
const x = "<b>"

const y = 2
\`\`\`

> quoted

Setext
======

Last paragraph`

describe('a text that grows', () => {
  test('ends as the whole text does, however it was cut', () => {
    const expected = whole(sample)
    for (const step of [1, 7, 64]) {
      const read = createMarkdown()
      for (let at = step; at < sample.length; at += step) read(sample.slice(0, at), false)
      expect(read(sample, true)).toEqual({ done: expected, open: undefined })
    }
  })

  test('keeps what is finished as it is: the very same parts', () => {
    const read = createMarkdown()
    const kept: Part[] = []
    for (let at = 1; at <= sample.length; at++) {
      const { done } = read(sample.slice(0, at), false)
      for (const [index, part] of kept.entries()) expect(done[index]).toBe(part)
      kept.splice(0, kept.length, ...done)
    }
    expect(kept.length).toBeGreaterThan(6)
  })

  test('shows its last block, and code before its end', () => {
    const read = createMarkdown()
    expect(read('Hello **wor', false)).toEqual({ done: [], open: { kind: 'html', html: '<p>Hello **wor</p>\n' } })
    const open = createMarkdown()('Look:\n\n```js\nlet a', false)
    expect(open.done).toHaveLength(1)
    expect(open.open).toEqual({ kind: 'code', language: 'js', text: 'let a' })
  })

  test('costs no more the longer it gets', () => {
    const read = createMarkdown()
    const block = 'A paragraph of *some* words, `code` and [links](https://example.com).\n\n'
    const costs = (from: number): number => {
      const start = cpuMs()
      for (let count = from; count < from + 100; count++) read(block.repeat(count), false)
      return cpuMs() - start
    }
    read(block.repeat(50), false)
    const early = costs(50)
    // The least of several: the collector works whenever it likes.
    const late = Math.min(...[1_050, 1_150, 1_250, 1_350].map(costs))
    // Parsed anew it would be ten times as much.
    expect(late).toBeLessThan(early * 4 + 40)
  })

  test('in one block beyond all measure is shown as it is', () => {
    const long = 'word '.repeat(5_000)
    expect(createMarkdown()(long, false).open).toEqual({ kind: 'plain', text: long })
    expect(createMarkdown()(long, true).done[0]?.kind).toBe('html')
  })

  test('begins anew when it is another text', () => {
    const read = createMarkdown()
    read('One\n\nTwo', false)
    expect(read('Other', true).done).toEqual([{ kind: 'html', html: '<p>Other</p>\n' }])
  })
})

describe('nothing of the model is HTML', () => {
  test.each([
    ['<img src=x onerror=alert(1)>', '<img'],
    ['Hi <b onclick=x>there</b>', '<b'],
    ['<style>body{display:none}</style>', '<style'],
    ['<script>alert(1)</script>', '<script'],
    ['`<i>`', '<i>'],
    ['a | b\n-|-\n<u>x</u> | y', '<u>'],
    ['    <s>indented</s>', '<s>'],
    ['- item\n\n      <em-x>code</em-x>', '<em-x'],
  ])('%s', (text, forbidden) => {
    const shown = html(text)
    expect(shown).not.toContain(forbidden)
    // It is still there to be read: as text, or as code that is set as text.
    const code = whole(text).map((part) => (part.kind === 'code' ? part.text : ''))
    expect(shown.includes(forbidden.replace('<', '&lt;').replace('>', '&gt;')) || code.join().includes(forbidden)).toBe(
      true,
    )
  })

  test.each([
    ['[x](javascript:alert(1))', '<p>x</p>\n'],
    ['[x](  javascript:alert(1))', '<p>x</p>\n'],
    ['[x](JaVaScRiPt:alert(1))', '<p>x</p>\n'],
    ['[x](data:text/html,hi)', '<p>x</p>\n'],
    ['[x](/v2/settings)', '<p>x</p>\n'],
    ['[x](https://example.com "t")', '<p><a href="https://example.com">x</a></p>\n'],
    ['![alt](https://example.com/i.png)', '<p><a href="https://example.com/i.png">alt</a></p>\n'],
    ['![alt](data:image/png;base64,AA)', '<p>alt</p>\n'],
    [
      '[x](https://example.com/"onmouseover="x)',
      '<p><a href="https://example.com/&quot;onmouseover=&quot;x">x</a></p>\n',
    ],
  ])('%s', (text, shown) => {
    expect(html(text)).toBe(shown)
  })
})
