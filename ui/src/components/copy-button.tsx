import Check from 'lucide-solid/icons/check'
import Copy from 'lucide-solid/icons/copy'
import { createSignal, onCleanup, Show } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { type CopyResult, copyText, pageCopyEnvironment } from '../lib/copy.ts'
import { Button, type ButtonLook } from './button.tsx'

type CopyProps = {
  readonly text: string
  readonly label?: string
  /** Read out after the label, where there are several such buttons. */
  readonly about?: string
  readonly look?: ButtonLook
  /** What to select by hand when copying is refused. */
  readonly select?: (() => HTMLElement | undefined) | undefined
  readonly onCopied?: () => void
}

/** Says "Copied" only when the browser confirmed it; else selects the text, where it stands or in a field of its own, and names the keys. */
export function CopyButton(props: CopyProps) {
  const { t } = useI18n()
  let button: HTMLButtonElement | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const [result, setResult] = createSignal<CopyResult>()
  onCleanup(() => clearTimeout(timer))

  const copy = async (): Promise<void> => {
    const container = button?.closest<HTMLElement>('[role="dialog"]') ?? document.body
    const outcome = await copyText(
      props.text,
      pageCopyEnvironment(container, props.select ? undefined : t('common.copyManual')),
    )
    setResult(outcome)
    clearTimeout(timer)
    if (outcome === 'copied') {
      props.onCopied?.()
      timer = setTimeout(() => setResult(undefined), 2000)
    } else {
      if (props.select) selectAll(props.select())
    }
  }
  const text = (): string => {
    if (result() === 'copied') return t('common.copied')
    if (result() === 'manual') return t('common.copyManual')
    return props.label ?? t('common.copy')
  }
  return (
    <Button
      ref={(element) => (button = element)}
      look={props.look ?? 'secondary'}
      icon={result() === 'copied' ? Check : Copy}
      onClick={() => void copy()}
    >
      <span aria-live="polite">{text()}</span>
      <Show when={props.about}>
        <span class="sr-only">{props.about}</span>
      </Show>
    </Button>
  )
}

function selectAll(element: HTMLElement | undefined): void {
  if (!element) return
  if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) {
    element.focus()
    element.select()
    return
  }
  getSelection()?.selectAllChildren(element)
}
