import { Marked, type Token, type Tokens } from 'marked'
import { isSafeLink } from '../../lib/link.ts'

/** A block of Markdown: HTML that is yet to be sanitised, or code. */
export type Part =
  | { readonly kind: 'html'; readonly html: string; readonly wide?: boolean }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'plain'; readonly text: string }

/** `done` stays as it is whatever comes; `open` is the last block, which may still grow. */
export type Parts = { readonly done: readonly Part[]; readonly open: Part | undefined }

/** Longer than this, an unfinished block is shown as it is: it would be parsed anew with every frame. */
const longestOpen = 20_000
/** And a whole text: no answer is that long, and a parser must not hold the page for one. */
const longest = 400_000

const marked = new Marked({
  gfm: true,
  async: false,
  renderer: {
    // HTML of the model is text.
    html: ({ text }) => escaped(text),
    // Nothing is loaded from elsewhere: an image is a link to it.
    image: ({ href, text }) => anchor(href, escaped(text === '' ? href : text)),
    link({ href, tokens }) {
      return anchor(href, this.parser.parseInline(tokens))
    },
    // Below the page's own headings and those of question and answer.
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + 2)
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`
    },
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    code: ({ text }) => `<pre><code>${escaped(text)}</code></pre>`,
  },
})

/** Turns a growing text into blocks. What is finished is neither parsed nor made again. */
export function createMarkdown(): (source: string, ended: boolean) => Parts {
  let read = ''
  let done: readonly Part[] = []
  return (source, ended) => {
    const text = source.replace(/\r\n?/g, '\n')
    if (!text.startsWith(read)) {
      read = ''
      done = []
    }
    const rest = text.slice(read.length)
    if (rest.trim() === '') return { done, open: undefined }
    if (rest.length > (ended ? longest : longestOpen)) return { done, open: { kind: 'plain', text: rest } }
    const tokens = marked.lexer(rest)
    // A blank line ends nothing by itself: a list may go on after it.
    const last = tokens.findLastIndex(({ type }) => type !== 'space')
    const finished = ended ? tokens : tokens.slice(0, Math.max(0, last))
    const raw = finished.map((token) => token.raw).join('')
    if (!rest.startsWith(raw)) return { done, open: { kind: 'html', html: marked.parser(tokens) } }
    read += raw
    done = [...done, ...finished.flatMap(partsOf)]
    const open = ended ? undefined : tokens.slice(last).flatMap(partsOf)[0]
    return { done, open }
  }
}

function partsOf(token: Token): readonly Part[] {
  if (token.type === 'space' || token.type === 'def') return []
  if (token.type === 'code') {
    const { lang = '', text } = token as Tokens.Code
    return [{ kind: 'code', language: /^[\w#+.-]{1,30}/.exec(lang)?.[0].toLowerCase() ?? '', text }]
  }
  return [{ kind: 'html', html: marked.parser([token]), ...(token.type === 'table' ? { wide: true } : {}) }]
}

function anchor(href: string, inner: string): string {
  return isSafeLink(href) ? `<a href="${escaped(href)}">${inner}</a>` : inner
}

const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => marks[mark] ?? mark)
