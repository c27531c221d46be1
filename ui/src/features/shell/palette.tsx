import { Dialog as Base } from '@kobalte/core/dialog'
import { useNavigate } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import Archive from 'lucide-solid/icons/archive'
import ArchiveRestore from 'lucide-solid/icons/archive-restore'
import Boxes from 'lucide-solid/icons/boxes'
import Globe from 'lucide-solid/icons/globe'
import KeyRound from 'lucide-solid/icons/key-round'
import Plus from 'lucide-solid/icons/plus'
import RefreshCw from 'lucide-solid/icons/refresh-cw'
import Route from 'lucide-solid/icons/route'
import ScrollText from 'lucide-solid/icons/scroll-text'
import Search from 'lucide-solid/icons/search'
import UserRound from 'lucide-solid/icons/user-round'
import UsersRound from 'lucide-solid/icons/users-round'
import { createMemo, createSignal, For, onMount, Show } from 'solid-js'
import { Dynamic } from 'solid-js/web'
import { isAway } from '../../api/away.ts'
import { createMayChange } from '../../api/may-change.tsx'
import { dataOf, queries } from '../../api/queries.ts'
import { userQueries } from '../../api/users.ts'
import { createLayer, letGo } from '../../components/dialog.tsx'
import { returnFocus } from '../../components/lost-focus.ts'
import { type PaletteAction, useWanted } from '../../components/palette-actions.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { noteChoice, recentChoices } from '../../lib/appearance.ts'
import { lastFocused } from '../../lib/focus.ts'
import { maskEmail } from '../../lib/format.ts'
import { bestOf } from '../../lib/fuzzy.ts'
import { keyCaps } from './key-caps.ts'
import type { TypeAhead } from './type-ahead.ts'

const mostShown = 12
const requestId = /^req_[\w-]{4,}$/
/** An address of either kind, whole, or a range. */
const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{0,4}(?::[\da-f]{0,4}){2,7})(?:\/\d{1,3})?$/i
/** The beginning of one. */
const partOfAddress = /^(?:\d{1,3}\.[\d.]*|[\da-f]{1,4}:[\da-f:]*)$/i

/** What pages offer that are not open, by the id of their own action. */
const elsewhere = [
  { id: 'accounts.add', text: 'palette.addAccount', icon: Plus, href: '/accounts' },
  { id: 'accounts.checkAll', text: 'palette.checkAll', icon: RefreshCw, href: '/accounts' },
  { id: 'users.create', text: 'palette.createUser', icon: Plus, href: '/users' },
  { id: 'models.add', text: 'palette.addMapping', icon: Plus, href: '/models' },
  { id: 'proxies.add', text: 'palette.addProxy', icon: Plus, href: '/proxies' },
  { id: 'backup.create', text: 'palette.createBackup', icon: Archive, href: '/backup', isOwners: true },
  { id: 'backup.restore', text: 'palette.restore', icon: ArchiveRestore, href: '/backup', isOwners: true },
] as const

type Entry = PaletteAction & { readonly hint?: string }

/** Everything there is, by typing: what can be done here, pages, accounts, users, keys, models, proxies, a request by its id, an address. */
export default function Palette(props: {
  readonly actions: readonly PaletteAction[]
  /** What was typed before it was there; taken once. */
  readonly typedAhead: () => TypeAhead | undefined
  readonly onClose: () => void
}) {
  const { t } = useI18n()
  const [typed, setTyped] = createSignal('')
  const [active, setActive] = createSignal(0)
  const opener = lastFocused()
  const isTop = createLayer(() => true)
  const recent = recentChoices()
  const found = createFound(() => props.actions, typed, recent)
  let list: HTMLElement | undefined
  let input: HTMLInputElement | undefined
  onMount(() => {
    input?.focus({ preventScroll: true })
    const ahead = props.typedAhead()
    setTyped(ahead?.text ?? '')
    if (ahead?.enter) choose(found()[0])
  })

  const choose = (entry: Entry | undefined): void => {
    if (!entry) return
    noteChoice(entry.id)
    props.onClose()
    // Once the dialog has given the focus back: what runs may take it, and what is open below may have to ask first.
    setTimeout(() => (entry.inPlace ? entry.run() : letGo(entry.run)))
  }
  const move = (event: KeyboardEvent): void => {
    if (event.isComposing) return
    const count = found().length
    const next = { ArrowDown: active() + 1, ArrowUp: active() - 1, PageDown: count - 1, PageUp: 0 }[event.key]
    if (event.key === 'Enter') {
      event.preventDefault()
      choose(found()[active()])
    } else if (next !== undefined && count > 0) {
      event.preventDefault()
      setActive((next + count) % count)
      list?.querySelector(`[id="palette-${active()}"]`)?.scrollIntoView({ block: 'nearest' })
    }
  }
  return (
    <Base open modal={isTop()} onOpenChange={(open) => !open && props.onClose()}>
      <Base.Portal>
        <Base.Overlay class="appear fixed inset-0 z-40 bg-scrim" />
        <div class="fixed inset-0 z-40 flex items-start justify-center p-3 pt-[12vh]" inert={!isTop()}>
          <Base.Content
            class="appear forced-border flex max-h-[70dvh] w-full max-w-xl flex-col overflow-hidden rounded-xl border border-border bg-surface shadow-overlay outline-none"
            onInteractOutside={(event: Event) => !isTop() && event.preventDefault()}
            onOpenAutoFocus={(event: Event) => {
              event.preventDefault()
              input?.focus({ preventScroll: true })
            }}
            onCloseAutoFocus={(event: Event) => {
              event.preventDefault()
              returnFocus(opener)
            }}
          >
            <Base.Title class="sr-only">{t('palette.title')}</Base.Title>
            <div class="flex items-center gap-2 border-border border-b px-3">
              <Search size={16} strokeWidth={1.75} aria-hidden="true" />
              <input
                ref={(element) => (input = element)}
                type="text"
                role="combobox"
                aria-label={t('palette.title')}
                aria-expanded="true"
                aria-controls="palette-list"
                aria-autocomplete="list"
                aria-activedescendant={found().length > 0 ? `palette-${active()}` : undefined}
                placeholder={t('palette.placeholder')}
                autocomplete="off"
                spellcheck={false}
                value={typed()}
                onInput={(event) => {
                  setTyped(event.currentTarget.value)
                  setActive(0)
                }}
                onKeyDown={move}
                class="min-h-12 min-w-0 grow bg-transparent text-14 outline-none max-md:text-16"
              />
              <kbd class="rounded-sm border border-border px-1.5 font-mono text-12 text-text-3">Esc</kbd>
            </div>
            <div
              ref={(element) => (list = element)}
              id="palette-list"
              role="listbox"
              aria-label={t('palette.title')}
              class="min-h-0 overflow-y-auto p-1"
            >
              <For each={found()}>
                {(entry, index) => (
                  // biome-ignore lint/a11y/useFocusableInteractive: as above
                  // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the field
                  <div
                    id={`palette-${index()}`}
                    role="option"
                    aria-selected={active() === index()}
                    onPointerMove={() => setActive(index())}
                    onClick={() => choose(entry)}
                    class="control flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 aria-selected:bg-surface-2"
                  >
                    <span class="shrink-0 text-text-3">
                      <Dynamic component={entry.icon ?? Search} size={16} strokeWidth={1.75} aria-hidden="true" />
                    </span>
                    <span class="min-w-0 grow truncate">{entry.text}</span>
                    <Show when={entry.hint}>
                      <span class="max-w-[45%] shrink-0 truncate text-12 text-text-3">{entry.hint}</span>
                    </Show>
                    <Show when={entry.keys}>
                      {(keys) => (
                        <span class="inline-flex shrink-0 gap-1 max-md:hidden" aria-hidden="true">
                          <For each={keyCaps(keys())}>
                            {(cap) => (
                              <kbd class="min-w-5 rounded-sm border border-border px-1 text-center font-mono text-12 text-text-3">
                                {cap}
                              </kbd>
                            )}
                          </For>
                        </span>
                      )}
                    </Show>
                  </div>
                )}
              </For>
            </div>
            <p role="status" class={found().length === 0 ? 'px-4 pb-4 text-text-3' : 'sr-only'}>
              {found().length === 0 ? t('common.noMatch') : t('palette.found', { count: found().length })}
            </p>
          </Base.Content>
        </div>
      </Base.Portal>
    </Base>
  )
}

/** What answers what was typed, best first; before anything is typed, what was used last. */
function createFound(
  actions: () => readonly PaletteAction[],
  typed: () => string,
  recent: readonly string[],
): () => readonly Entry[] {
  const { t } = useI18n()
  const navigate = useNavigate()
  const accounts = useQuery(() => queries.everyAccount())
  const users = useQuery(() => userQueries.list())
  const keys = useQuery(() => queries.keys())
  const models = useQuery(() => queries.models())
  const proxies = useQuery(() => queries.proxies())
  const session = useQuery(() => queries.session())
  const mayChange = createMayChange()
  const want = useWanted()
  const offered = createMemo((): readonly PaletteAction[] => {
    const here = new Set(actions().map(({ id }) => id))
    const isOwner = dataOf(session)?.user?.role === 'owner'
    const others = elsewhere.filter(
      (one) => mayChange() && !isAway() && !here.has(one.id) && (isOwner || !('isOwners' in one)),
    )
    return [
      // The page's own comes first.
      ...[
        ...new Map(
          actions()
            .toReversed()
            .map((action) => [action.id, action]),
        ).values(),
      ].toReversed(),
      ...others.map(({ id, text, icon, href }) => ({
        id,
        text: t(text),
        icon,
        run: () => {
          navigate(href)
          want(id)
        },
      })),
    ]
  })
  const things = createMemo((): readonly Entry[] => [
    ...(dataOf(accounts) ?? []).map((account): Entry => {
      const email = account.email ? maskEmail(account.email) : ''
      return {
        id: `account:${account.id}`,
        text: account.label || email || account.id,
        hint: `${t('palette.account')} · #${account.id.slice(-6)}`,
        words: `${account.email ?? ''} ${account.id}`,
        icon: UsersRound,
        run: () => navigate(`/accounts/${account.id}`),
      }
    }),
    ...(dataOf(users) ?? []).map(
      (user): Entry => ({
        id: `user:${user.id}`,
        text: user.name,
        hint: t('palette.user'),
        words: `${user.email ?? ''} ${user.id}`,
        icon: UserRound,
        run: () => navigate(`/users/${encodeURIComponent(user.id)}`),
      }),
    ),
    ...(dataOf(keys)?.keys ?? []).map(
      (key): Entry => ({
        id: `key:${key.id}`,
        text: key.name,
        hint: `${t('palette.key')} · ${key.prefix}…${key.last4}`,
        words: `${key.prefix} ${key.last4} ${key.id}`,
        icon: KeyRound,
        run: () => navigate(`/users/${encodeURIComponent(key.user_id ?? 'owner')}?tab=keys`),
      }),
    ),
    ...(dataOf(models)?.models ?? []).map(
      ({ id }): Entry => ({
        id: `model:${id}`,
        text: id,
        hint: t('palette.model'),
        icon: Boxes,
        run: () => navigate(`/models?q=${encodeURIComponent(id)}`),
      }),
    ),
    ...(dataOf(proxies)?.proxies ?? []).map(
      ({ id, name, url }): Entry => ({
        id: `proxy:${id}`,
        text: name,
        hint: t('palette.proxy'),
        words: `${url} ${id}`,
        icon: Route,
        run: () => navigate(`/proxies?proxy=${encodeURIComponent(id)}`),
      }),
    ),
  ])
  const request = (): readonly Entry[] => {
    const id = typed().trim()
    const value = encodeURIComponent(id)
    if (requestId.test(id))
      return [
        { id: 'request', text: t('palette.request', { id }), icon: ScrollText, run: () => navigate(`/logs/${id}`) },
      ]
    const addresses = {
      id: 'addresses',
      text: t('palette.addresses', { id }),
      icon: Globe,
      run: () => navigate(`/logs?view=addresses&q=${value}`),
    }
    if (address.test(id))
      return [
        {
          id: 'address',
          text: t('palette.address', { id }),
          icon: ScrollText,
          run: () => navigate(`/logs?ip=${value}`),
        },
        addresses,
      ]
    return partOfAddress.test(id) ? [addresses] : []
  }
  return createMemo(() => {
    if (typed().trim() === '') {
      const known = [...offered(), ...things()]
      const used = recent.flatMap((id) => known.find((entry) => entry.id === id) ?? [])
      return [...used, ...offered().filter((action) => !used.includes(action))]
    }
    return [...request(), ...bestOf<Entry>([...offered(), ...things()], typed(), recent, mostShown)]
  })
}
