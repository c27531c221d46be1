import { Show } from 'solid-js'
import { errorText } from '../../api/error-text.ts'
import { Button } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { Draft } from './draft.ts'

/** One for all sections, in view as long as something is not saved. */
export function SaveBar(props: { readonly draft: Draft }) {
  const { t, format } = useI18n()
  const count = (): string =>
    props.draft.count() === 1
      ? t('settings.barOne')
      : t('settings.bar', { count: format().number(props.draft.count()) })
  const failure = (): string | undefined => {
    const error = props.draft.failure()
    return error ? `${t('settings.saveFailed')} ${errorText(error, t)}` : undefined
  }
  return (
    <Show when={props.draft.count() > 0}>
      <section
        aria-label={count()}
        class="appear forced-border sticky bottom-3 z-20 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border border-border bg-surface px-4 py-2.5 shadow-overlay max-md:bottom-18"
      >
        <div class="min-w-0 grow">
          <p role="status" class="numbers font-medium">
            {count()}
          </p>
          <Show when={failure()}>
            {(text) => (
              <p role="alert" class="text-13 text-danger">
                {text()}
              </p>
            )}
          </Show>
        </div>
        <Button onClick={() => props.draft.discard()}>{t('settings.discard')}</Button>
        <Button look="primary" busy={props.draft.busy()} onClick={() => props.draft.save()}>
          {t('settings.save')}
        </Button>
      </section>
    </Show>
  )
}
