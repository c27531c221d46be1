import { createSignal, Show } from 'solid-js'
import { KeyCreate } from '../../../../server/admin/contract/keys.ts'
import { api } from '../../api/client.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { TextField } from '../../components/field.tsx'
import { createForm, FormFrame } from '../../components/form.tsx'
import { SecretReveal } from '../../components/secret-reveal.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { useMemory } from '../../lib/memory.tsx'

/** The first key: made here, shown once, and taken along to the next steps. */
export function KeyStep(props: { readonly lost: boolean; readonly onBack: () => void; readonly onDone: () => void }) {
  const { t } = useI18n()
  const memory = useMemory()
  const refresh = useRefresh()
  const [saved, setSaved] = createSignal(false)
  const form = createForm({
    schema: KeyCreate,
    start: { name: t('setup.keyDefault') },
    send: (body) => api.createKey(body),
    onDone: async ({ key }) => {
      memory.setApiKey(key)
      await refresh('keys')
    },
    failed: t('setup.keyFailed'),
  })
  return (
    <Show
      when={memory.apiKey()}
      fallback={
        <FormFrame
          form={form}
          actions={
            <div class="flex justify-between gap-2">
              <Button onClick={() => props.onBack()}>{t('setup.back')}</Button>
              <Button type="submit" look="primary" busy={form.busy()}>
                {t('setup.keyCreate')}
              </Button>
            </div>
          }
        >
          <Show when={props.lost}>
            <Banner tone="info">{t('setup.keyLost')}</Banner>
          </Show>
          <TextField label={t('setup.keyName')} help={t('setup.keyHelp')} autofocus {...form.text('name')} />
        </FormFrame>
      }
    >
      {(key) => (
        <>
          <Banner tone="warning">{t('setup.keyOnce')}</Banner>
          <SecretReveal label={t('setup.keyLabel')} secret={key()} onCopied={() => setSaved(true)} />
          <div class="flex justify-between gap-2">
            <Button onClick={() => props.onBack()}>{t('setup.back')}</Button>
            <Button look="primary" onClick={() => props.onDone()}>
              {saved() ? t('setup.continue') : t('setup.keySaved')}
            </Button>
          </div>
        </>
      )}
    </Show>
  )
}
