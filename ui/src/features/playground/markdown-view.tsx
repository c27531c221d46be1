import { createMemo, For, Match, Show, Switch } from 'solid-js'
import { CodeBlock } from '../../components/code-block.tsx'
import { sanitized } from '../../components/sanitize.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { createMarkdown, type Part } from './markdown.ts'
import './markdown.css'

/** An answer's Markdown. While it grows only its last block is drawn again. */
export default function MarkdownView(props: { text: string; ended: boolean }) {
  const read = createMarkdown()
  const parts = createMemo(() => read(props.text, props.ended))
  return (
    <div class="markdown wrap-anywhere">
      <For each={parts().done}>{(part) => <PartView part={part} ended />}</For>
      <Show when={parts().open}>{(part) => <PartView part={part()} ended={false} />}</Show>
    </div>
  )
}

function PartView(props: { part: Part; ended: boolean }) {
  const { t } = useI18n()
  const of = <Kind extends Part['kind']>(kind: Kind) =>
    props.part.kind === kind ? (props.part as Extract<Part, { readonly kind: Kind }>) : undefined
  return (
    <Switch>
      <Match when={of('html')}>
        {(part) => <div class={part().wide ? 'overflow-x-auto' : 'contents'} innerHTML={sanitized(part().html)} />}
      </Match>
      <Match when={of('code')}>
        {(part) => (
          <CodeBlock
            text={part().text}
            language={part().language}
            label={part().language || t('playground.codeBlock')}
            ended={props.ended}
          />
        )}
      </Match>
      <Match when={of('plain')}>{(part) => <p class="whitespace-pre-wrap">{part().text}</p>}</Match>
    </Switch>
  )
}
