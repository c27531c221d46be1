import { createEffect, createSignal, on, onCleanup, Show } from 'solid-js'
import { CopyButton } from './copy-button.tsx'
import './code-block.css'

type CodeProps = {
  readonly label: string
  readonly text: string
  readonly wrap?: boolean
  readonly file?: string | undefined
  /** Coloured, when it is one of those we know. */
  readonly language?: string
  /** False: it still grows, and is not coloured: each step would start anew. */
  readonly ended?: boolean
}

/** Text to be taken as it is: code, JSON, a command. Long lines scroll inside it. */
export function CodeBlock(props: CodeProps) {
  let code: HTMLElement | undefined
  const coloured = createColour(props)
  const codeClass = () => `font-mono text-13 ${props.wrap ? 'wrap-anywhere whitespace-pre-wrap' : ''}`
  return (
    <figure class="forced-border overflow-hidden rounded-lg border border-border bg-code-bg">
      <figcaption class="flex items-center justify-between gap-2 border-border border-b py-1 pr-1 pl-3 text-12 text-text-2">
        <span class="wrap-anywhere min-w-0">
          {props.label}
          <Show when={props.file}>
            <code class="ml-2 font-mono text-text-3">{props.file}</code>
          </Show>
        </span>
        <CopyButton text={props.text} about={props.label} look="quiet" select={() => code} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section tabIndex={0} class="max-h-96 overflow-auto px-3 py-2.5">
        <pre>
          <Show
            when={coloured()}
            fallback={
              <code ref={(element) => (code = element)} class={codeClass()}>
                {props.text}
              </code>
            }
          >
            {(html) => <code ref={(element) => (code = element)} class={codeClass()} innerHTML={html()} />}
          </Show>
        </pre>
      </section>
    </figure>
  )
}

/** A value as indented JSON. */
export function JsonBlock(props: { readonly label: string; readonly value: unknown }) {
  return <CodeBlock label={props.label} text={JSON.stringify(props.value, undefined, 2)} wrap />
}

/** The code with its colours once it has ended and they are loaded; until then, and for what is not known, undefined. */
function createColour(props: Pick<CodeProps, 'text' | 'language' | 'ended'>) {
  const [html, setHtml] = createSignal<string>()
  let gone = false
  onCleanup(() => (gone = true))
  createEffect(
    on([() => props.text, () => props.language, () => props.ended], ([text, language, ended]) => {
      setHtml(undefined)
      if (ended === false || !language) return
      void colour(text, language).then((made) => {
        if (!gone && props.text === text) setHtml(made)
      })
    }),
  )
  return html
}

let last: Promise<unknown> = Promise.resolve()

/** One after another with a breath between them: a page with a hundred of them is not held up. */
function colour(text: string, language: string): Promise<string | undefined> {
  const turn = last.then(() => new Promise((resolve) => setTimeout(resolve))).then(() => coloured(text, language))
  last = turn
  return turn
}

async function coloured(text: string, language: string): Promise<string | undefined> {
  try {
    const [{ highlighted }, { sanitized }] = await Promise.all([import('./highlight.ts'), import('./sanitize.ts')])
    const html = highlighted(text, language)
    return html === undefined ? undefined : sanitized(html)
  } catch {
    return undefined // not loaded: the code is there without colours
  }
}
