import { createEffect, createSignal, For, on } from 'solid-js'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Choice } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { Draft } from './draft.ts'
import { isSetting } from './registry.ts'
import { shownValue } from './setting-row.tsx'
import type { Conflict, Value } from './settings-draft.ts'

/** Two people changed the same: both values side by side, and nobody's is overwritten unseen. */
export function ConflictDialog(props: { readonly draft: Draft }) {
  const { t } = useI18n()
  const [mine, setMine] = createSignal<ReadonlySet<string>>(new Set())
  // Kept when it closes: the text must not change while the dialog fades away.
  const [shown, setShown] = createSignal<readonly Conflict[]>([])
  createEffect(
    on(props.draft.conflicts, (conflicts) => {
      if (conflicts.length === 0) return
      setShown(conflicts)
      setMine(new Set<string>())
    }),
  )
  const choose = (name: string, keep: boolean): void => {
    const next = new Set(mine())
    if (keep) next.add(name)
    else next.delete(name)
    setMine(next)
  }
  const text = (name: string, value: Value): string => {
    const words = isSetting(name) ? shownValue(name, value, t) : String(value)
    return words === '' ? t('settings.empty') : words
  }
  return (
    <Dialog
      open={props.draft.conflicts().length > 0}
      onClose={props.draft.cancelConflict}
      title={t('settings.conflictTitle')}
      footer={
        <>
          <Button onClick={() => props.draft.cancelConflict()}>{t('common.cancel')}</Button>
          <Button look="primary" busy={props.draft.busy()} onClick={() => props.draft.decide(mine())}>
            {t('settings.conflictSave')}
          </Button>
        </>
      }
    >
      <p>{t('settings.conflictLead')}</p>
      <For each={shown()}>
        {({ name, mine: own, theirs }) => (
          <Choice
            label={isSetting(name) ? t(`settings.field.${name}`) : name}
            value={mine().has(name) ? 'mine' : 'theirs'}
            options={[
              { value: 'theirs', text: `${t('settings.conflict.theirs')}: ${text(name, theirs)}` },
              { value: 'mine', text: `${t('settings.conflict.mine')}: ${text(name, own)}` },
            ]}
            onChange={(choice) => choose(name, choice === 'mine')}
          />
        )}
      </For>
    </Dialog>
  )
}
