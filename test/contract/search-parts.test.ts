import { describe, expect, test } from 'bun:test'
import { citationsIn } from '../../server/contract/citations.ts'
import { withinDomains } from '../../server/contract/domains.ts'
import type { SearchResult } from '../../server/conversation/search.ts'
import { cpuMs } from '../support/cpu.ts'

const page = (url: string): SearchResult => ({ title: 'A page', url, snippet: 'Words.' })

describe('citationsIn', () => {
  const found = new Map([['https://a.example/x', page('https://a.example/x/')]])
  const cited = (text: string) =>
    citationsIn(text, found, 7).map(({ start, end, before }) => [[...text].slice(start, end).join(''), before])

  test.each([
    ['see [the page](https://a.example/x).', ['[the page](https://a.example/x)']],
    ['see https://a.example/x.', ['https://a.example/x']],
    [
      '🙂 中文 [一](https://a.example/x/#part) and https://a.example/x',
      ['[一](https://a.example/x/#part)', 'https://a.example/x'],
    ],
    ['[other](https://b.example) https://a.example/xy', []],
    ['[https://a.example/x](https://a.example/x)', ['[https://a.example/x](https://a.example/x)']],
    ['[a [page](https://a.example/x)', ['[page](https://a.example/x)']],
    ['[no end](https://a.example/x and on', ['https://a.example/x']],
    ['[not a link] (https://a.example/x/...)', ['https://a.example/x/']],
    ['nothing', []],
  ])('%s', (text, expected) => {
    expect(cited(text)).toEqual(expected.map((part) => [part, 7]))
  })

  test.each([
    ['brackets', '['.repeat(1_000_000)],
    ['labels', '[aaaaaaaaa'.repeat(100_000)],
    ['links without an end', '[](http://a'.repeat(90_000)],
    ['addresses', 'http://'.repeat(140_000)],
    ['full stops', `http://${'.'.repeat(900_000)}x`],
    ['slashes', `https://a.example${'/'.repeat(900_000)}x`],
  ])('a text of a million characters takes no longer for what it is made of: %s', (_, text) => {
    const begun = cpuMs()
    expect(cited(text)).toEqual([])
    expect(cpuMs() - begun).toBeLessThan(400)
  })

  test('without pages nothing is looked through', () => {
    expect(citationsIn('https://a.example/x', new Map(), 0)).toEqual([])
  })
})

describe('withinDomains', () => {
  const urls = ['https://a.example/blog/1', 'https://www.a.example/', 'https://b.example/', 'https://evil-a.example/']
  const kept = (allowedDomains: readonly string[], blockedDomains: readonly string[] = []) =>
    withinDomains(urls.map(page), { allowedDomains, blockedDomains }).map(({ url }) => url)

  test.each([
    [[], [], urls],
    [['a.example'], [], urls.slice(0, 2)],
    [['https://A.example/'], [], urls.slice(0, 2)],
    [['*.a.example'], [], urls.slice(0, 2)],
    [['a.example/blog'], [], urls.slice(0, 1)],
    [['a.example/blo'], [], []],
    [[], ['a.example'], urls.slice(2)],
  ])('allowed %j, blocked %j', (allowed, blocked, expected) => {
    expect(kept(allowed, blocked)).toEqual(expected)
  })

  test.each([
    ['a.example.', 'https://a.example/'],
    ['.a.example', 'https://a.example/'],
    ['A.example', 'https://a.example./'],
    ['bücher.example', 'https://xn--bcher-kva.example/a'],
    ['xn--bcher-kva.example', 'https://bücher.example/a'],
    ['a.example/path', 'https://a.example/%70ath/x'],
    ['a.example/p%61th/*', 'https://a.example/path'],
    ['a.example/é', 'https://a.example/%c3%a9'],
  ])('%s blocks %s however either is written', (domain, url) => {
    const wish = { allowedDomains: [], blockedDomains: [domain] }
    expect(withinDomains([page(url)], wish)).toEqual([])
    expect(withinDomains([page('https://b.example/')], wish)).toHaveLength(1)
  })
})
