import { createSignal, For, type JSX, Show } from 'solid-js'
import { Dialog } from '../../components/dialog.tsx'
import { Checkbox } from '../../components/field.tsx'
import type { PaletteAction } from '../../components/palette-actions.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { areKeysOn, saveKeysOn } from '../../lib/appearance.ts'
import { keyCaps } from './key-caps.ts'

const mod = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'

/** Every key that does something here, and the switch for who wants none. */
export default function ShortcutsSheet(props: {
  readonly actions: readonly PaletteAction[]
  readonly onClose: () => void
}) {
  const { t } = useI18n()
  const [on, setOn] = createSignal(areKeysOn())
  const seen = new Set<string>()
  const keyed = () =>
    props.actions.filter(({ keys }) => {
      const isNew = keys !== undefined && !seen.has(keys)
      if (keys) seen.add(keys)
      return isNew
    })
  const all = keyed()
  const go = all.filter(({ keys }) => keys?.startsWith('g '))
  const other = all.filter(({ keys }) => !keys?.startsWith('g '))
  return (
    <Dialog open onClose={props.onClose} title={t('shortcuts.title')} wide>
      <div class="grid gap-x-8 gap-y-4 md:grid-cols-2">
        <Group title={t('shortcuts.here')}>
          <Row text={t('palette.title')} caps={[mod, 'K']} joint="+" />
          <For each={other}>{(action) => <Row text={action.text} caps={keyCaps(action.keys ?? '')} />}</For>
          <Row text={t('shortcuts.closes')} caps={['Esc']} />
        </Group>
        <Group title={t('shortcuts.list')}>
          <Row text={t('shortcuts.move')} caps={['J', 'K', '↓', '↑']} joint="/" />
          <Row text={t('shortcuts.ends')} caps={['Home', 'End']} joint="/" />
          <Row text={t('shortcuts.open')} caps={['Enter']} />
          <Row text={t('shortcuts.select')} caps={['X']} />
          <Row text={t('shortcuts.extend')} caps={['Shift', '↓']} joint="+" />
          <Row text={t('shortcuts.all')} caps={[mod, 'A']} joint="+" />
        </Group>
        <Group title={t('shortcuts.go')}>
          <For each={go}>{(action) => <Row text={action.text} caps={keyCaps(action.keys ?? '')} />}</For>
        </Group>
      </div>
      <Checkbox
        label={t('shortcuts.on')}
        checked={on()}
        onChange={(next) => {
          saveKeysOn(next)
          setOn(next)
        }}
      />
      <Show when={!on()}>
        <p class="text-12 text-text-3">{t('shortcuts.off')}</p>
      </Show>
    </Dialog>
  )
}

function Group(props: { readonly title: string; readonly children: JSX.Element }) {
  return (
    <section class="flex flex-col gap-2">
      <h3 class="font-medium text-12 text-text-2">{props.title}</h3>
      <dl class="flex flex-col gap-1.5">{props.children}</dl>
    </section>
  )
}

function Row(props: { readonly text: string; readonly caps: readonly string[]; readonly joint?: string }) {
  const { t } = useI18n()
  return (
    <div class="flex items-center justify-between gap-4">
      <dt>{props.text}</dt>
      <dd class="inline-flex shrink-0 items-center gap-1 text-12 text-text-3">
        <For each={props.caps}>
          {(cap, index) => (
            <>
              <Show when={index() > 0}>{props.joint ?? t('shortcuts.then')}</Show>
              <kbd class="min-w-6 rounded-sm border border-control bg-surface-2 px-1.5 text-center font-mono text-text">
                {cap}
              </kbd>
            </>
          )}
        </For>
      </dd>
    </div>
  )
}
