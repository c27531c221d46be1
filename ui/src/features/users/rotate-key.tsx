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
import { useMemory } from '../../lib/memory.tsx'
import { type Grace, graceOptions } from './grace.ts'
import { KeyShown } from './secret-step.tsx'

/** Another string for a key; the old one ends at once or goes on for a while. */
export function RotateKeyDialog(props: { readonly item: KeyView; readonly onClose: () => void }) {
  const { t } = useI18n()
  const memory = useMemory()
  const refresh = useRefresh()
  const { item } = props
  const [grace, setGrace] = createSignal<Grace>('0')
  const guard = createSecretGuard(() => props.onClose())
  const rotate = useMutation(() => ({
    gcTime: 0,
    mutationFn: () => keysApi.rotate(item.id, Number(grace())),
    onSuccess: async ({ key }) => {
      memory.setApiKey(key)
      await refresh('users', 'user', 'keys')
    },
  }))
  return (
    <Dialog
      open
      onClose={props.onClose}
      secret={rotate.isSuccess ? guard : undefined}
      title={t('keys.rotateTitle', { name: item.name })}
    >
      <Show
        when={rotate.data}
        fallback={
          <>
            <p>{t('keys.rotateText')}</p>
            <Choice label={t('keys.rotateGrace')} value={grace()} options={graceOptions(t)} onChange={setGrace} />
            <Show when={rotate.error}>
              {(error) => (
                <Banner tone="danger">
                  {t('keys.rotateFailed', { name: item.name })} {errorText(error(), t)}
                </Banner>
              )}
            </Show>
            <div class="flex justify-end gap-2">
              <Button data-first-focus="" onClick={() => props.onClose()}>
                {t('common.cancel')}
              </Button>
              <Button look="primary" busy={rotate.isPending} onClick={() => rotate.mutate()}>
                {t('keys.rotateAction')}
              </Button>
            </div>
          </>
        }
      >
        {(made) => <KeyShown secret={made().key} guard={guard} />}
      </Show>
    </Dialog>
  )
}
