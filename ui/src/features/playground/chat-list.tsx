import { A } from '@solidjs/router'
import Download from 'lucide-solid/icons/download'
import Pencil from 'lucide-solid/icons/pencil'
import Trash2 from 'lucide-solid/icons/trash'
import { createMemo, createSignal, For, Show } from 'solid-js'
import { Button, IconButton } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { ChatEntry } from './chat-book.ts'

type Props = {
  readonly entries: readonly ChatEntry[]
  /** The one that is looked at. */
  readonly current: string | undefined
  readonly onRename: (id: string, title: string) => void
  readonly onRemove: (entry: ChatEntry) => void
  readonly onExport: (entry: ChatEntry) => void
  readonly onClear: () => void
}

const longestTitle = 100

/** The chats of this browser, by day. */
export function ChatList(props: Props) {
  const { t, format } = useI18n()
  // By id: a row outlives what is written into it, and keeps its focus.
  const ids = createMemo(() => props.entries.map(({ id }) => id))
  const byId = createMemo(() => new Map(props.entries.map((entry) => [entry.id, entry])))
  /** The day, above the first of its chats. */
  const dayOf = (id: string): string | undefined => {
    const at = ids().indexOf(id)
    const [here, before] = [props.entries[at], props.entries[at - 1]]
    if (here === undefined) return undefined
    const day = new Date(here.updatedAt).toDateString()
    if (before !== undefined && new Date(before.updatedAt).toDateString() === day) return undefined
    return day === new Date().toDateString() ? t('playground.today') : format().date(here.updatedAt)
  }
  return (
    <div class="flex flex-col gap-3">
      <Show when={props.entries.length > 0} fallback={<p class="text-13 text-text-3">{t('playground.chatsEmpty')}</p>}>
        <ul class="flex flex-col">
          <For each={ids()}>
            {(id) => (
              <li class="not-first:has-[h2]:mt-3">
                <Show when={dayOf(id)}>{(day) => <h2 class="px-2 pb-1 text-12 text-text-3">{day()}</h2>}</Show>
                <Show when={byId().get(id)}>{(entry) => <Row {...props} entry={entry()} />}</Show>
              </li>
            )}
          </For>
        </ul>
        <Button look="quiet" icon={Trash2} onClick={() => props.onClear()} class="self-start">
          {t('playground.clearAll')}
        </Button>
      </Show>
      <p class="px-2 text-12 text-text-3">{t('playground.chatsWhere')}</p>
    </div>
  )
}

function Row(props: Props & { readonly entry: ChatEntry }) {
  const { t } = useI18n()
  const [renaming, setRenaming] = createSignal(false)
  let row: HTMLElement | undefined
  const named = () => ({ name: props.entry.title || t('playground.untitled') })
  const rename = (title: string): void => {
    setRenaming(false)
    const trimmed = title.trim().slice(0, longestTitle)
    if (trimmed !== '' && trimmed !== props.entry.title) props.onRename(props.entry.id, trimmed)
    queueMicrotask(() => row?.querySelector('a')?.focus({ preventScroll: true }))
  }
  return (
    <div
      ref={(element) => (row = element)}
      class="group relative flex items-center rounded-md hover:bg-surface-2 has-[a[aria-current]]:bg-accent-soft"
    >
      <Show
        when={renaming()}
        fallback={
          <A
            href={`/playground/${props.entry.id}`}
            aria-current={props.current === props.entry.id ? 'page' : undefined}
            class="control flex min-w-0 flex-1 items-center px-2 text-13"
          >
            <span class="truncate">{named().name}</span>
          </A>
        }
      >
        <input
          ref={(element) => queueMicrotask(() => element.select())}
          aria-label={t('playground.renameNamed', named())}
          value={props.entry.title}
          maxlength={longestTitle}
          class="control min-w-0 flex-1 rounded-md border border-control bg-surface px-2 text-13 max-md:text-16"
          onKeyDown={(event) => {
            if (event.isComposing) return
            if (event.key === 'Enter') rename(event.currentTarget.value)
            if (event.key === 'Escape') {
              event.stopPropagation()
              rename('')
            }
          }}
          onBlur={(event) => renaming() && rename(event.currentTarget.value)}
        />
      </Show>
      <Show when={!renaming()}>
        <span class="flex shrink-0 rounded-md xl:pointer-events-none xl:absolute xl:right-0 xl:bg-surface-2 xl:opacity-0 xl:group-focus-within:pointer-events-auto xl:group-focus-within:opacity-100 xl:group-hover:pointer-events-auto xl:group-hover:opacity-100 xl:group-has-[a[aria-current]]:bg-accent-soft">
          <IconButton icon={Pencil} label={t('playground.renameNamed', named())} onClick={() => setRenaming(true)} />
          <IconButton
            icon={Download}
            label={t('playground.exportNamed', named())}
            onClick={() => props.onExport(props.entry)}
          />
          <IconButton
            icon={Trash2}
            label={t('playground.removeNamed', named())}
            onClick={() => props.onRemove(props.entry)}
          />
        </span>
      </Show>
    </div>
  )
}
