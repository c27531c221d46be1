import { useMutation } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { keysApi } from '../../api/users.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Choice } from '../../components/field.tsx'
import { createSecretGuard } from '../../components/secret-guard.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { type Grace, graceOptions, type Validity, validityOptions } from './grace.ts'
import { LinkShown } from './link-shown.tsx'

/** A link by which the user of a key gets it, once. */
export function HandOverDialog(props: { readonly item: KeyView; readonly onClose: () => void }) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const { item } = props
  const [valid, setValid] = createSignal<Validity>('86400')
  const [grace, setGrace] = createSignal<Grace>('0')
  const guard = createSecretGuard(() => props.onClose())
  const make = useMutation(() => ({
    gcTime: 0,
    mutationFn: () =>
      keysApi.handOver(item.id, { expires_in_seconds: Number(valid()), grace_seconds: Number(grace()) }),
    onSuccess: () => refresh('users', 'user', 'keys'),
  }))
  return (
    <Dialog
      open
      onClose={props.onClose}
      secret={make.isSuccess ? guard : undefined}
      title={t('keys.handOverTitle', { name: item.name })}
    >
      <Show
        when={make.data}
        fallback={
          <>
            <p>{t('keys.handOverText')}</p>
            <Choice label={t('keys.handOverValid')} value={valid()} options={validityOptions(t)} onChange={setValid} />
            <Show when={item.last_used_at !== null}>
              <Choice label={t('keys.handOverGrace')} value={grace()} options={graceOptions(t)} onChange={setGrace} />
            </Show>
            <Show when={make.error}>
              {(error) => (
                <Banner tone="danger">
                  {t('keys.handOverFailed')} {errorText(error(), t)}
                </Banner>
              )}
            </Show>
            <div class="flex justify-end gap-2">
              <Button onClick={() => props.onClose()}>{t('common.cancel')}</Button>
              <Button look="primary" busy={make.isPending} onClick={() => make.mutate()}>
                {t('keys.handOverAction')}
              </Button>
            </div>
          </>
        }
      >
        {(link) => <LinkShown link={link()} guard={guard} />}
      </Show>
    </Dialog>
  )
}
