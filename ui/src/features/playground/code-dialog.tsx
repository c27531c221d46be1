import { Show } from 'solid-js'
import { CodeBlock } from '../../components/code-block.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { Api } from './chat.ts'
import { type CodeLanguage, codeOf, keyPlace, withoutPictures } from './code.ts'

type Props = {
  readonly open: boolean
  readonly onClose: () => void
  readonly api: Api
  /** What would be sent now; made when it is looked at. */
  readonly body: () => object
}

const highlights = { curl: 'bash', python: 'python', typescript: 'typescript' } as const satisfies Record<
  CodeLanguage,
  string
>

/** The chat as code of one's own, through the public API. */
export function CodeDialog(props: Props) {
  const { t } = useI18n()
  const library = () => t(props.api === 'messages' ? 'playground.codeAnthropic' : 'playground.codeOpenai')
  const tab = (language: CodeLanguage, text: string) => ({
    value: language,
    text,
    content: () => (
      <CodeBlock
        text={codeOf(language, {
          api: props.api,
          origin: location.origin,
          key: keyPlace,
          body: withoutPictures(props.body()),
        })}
        language={highlights[language]}
        label={language === 'curl' ? t('playground.codeCurl') : library()}
      />
    ),
  })
  return (
    <Dialog open={props.open} onClose={props.onClose} title={t('playground.codeTitle')} wide>
      <p class="text-13 text-text-2">{t('playground.codeLead', { key: keyPlace })}</p>
      <Show when={props.open}>
        <Tabs
          label={t('playground.codeTitle')}
          tabs={[
            tab('curl', t('playground.codeCurl')),
            tab('python', t('playground.codePython')),
            tab('typescript', t('playground.codeTypescript')),
          ]}
        />
      </Show>
    </Dialog>
  )
}
