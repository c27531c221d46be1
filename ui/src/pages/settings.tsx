import { A, useBeforeLeave, useNavigate, useParams, useSearchParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import Search from 'lucide-solid/icons/search'
import {
  createEffect,
  createMemo,
  createResource,
  createSignal,
  For,
  Match,
  onCleanup,
  Show,
  Suspense,
  Switch,
} from 'solid-js'
import { careQueries } from '../api/care.ts'
import { errorText } from '../api/error-text.ts'
import { dataOf, queries } from '../api/queries.ts'
import { ConfirmDialog } from '../components/dialog.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { ErrorState, Skeleton } from '../components/states.tsx'
import { showToast } from '../components/toast.tsx'
import { Blocked } from '../features/addresses/blocked.tsx'
import { AlertDeliveries } from '../features/settings/alert-deliveries.tsx'
import { ConflictDialog } from '../features/settings/conflict-dialog.tsx'
import { ConsoleUsers } from '../features/settings/console-users.tsx'
import { createDraft } from '../features/settings/draft.ts'
import {
  isSection,
  placeOf,
  type Section,
  type SettingName,
  sectionOfStart,
  sections,
  settingNames,
} from '../features/settings/registry.ts'
import { ResetCounts } from '../features/settings/reset-counts.tsx'
import { SaveBar } from '../features/settings/save-bar.tsx'
import { SecondFactor } from '../features/settings/second-factor.tsx'
import { SettingRow } from '../features/settings/setting-row.tsx'
import { isSame } from '../features/settings/settings-draft.ts'
import { SignIns } from '../features/settings/sign-ins.tsx'
import { StartRows } from '../features/settings/start-rows.tsx'
import { AdminTokens } from '../features/settings/tokens.tsx'
import { laterWith, useI18n } from '../i18n/i18n.tsx'
import { loadParts } from '../i18n/parts.ts'
import { focusFault } from '../lib/focus.ts'
import { matchesWords } from '../lib/search.ts'

/** How is it set, and what happens if I change it? */
export default function SettingsPage() {
  const i18n = useI18n()
  const { t, format } = i18n
  const AuditLog = laterWith(i18n, ['audit'], () => import('../features/settings/audit-log.tsx'))
  const params = useParams<{ section?: string }>()
  const navigate = useNavigate()
  const [search, setSearch] = useSearchParams<{ q?: string; changed?: string }>()
  const session = useQuery(() => queries.session())
  const table = useQuery(() => careQueries.settingsFields())
  let frame: HTMLElement | undefined
  const draft = createDraft(
    () => showToast({ tone: 'info', text: t('settings.saved') }),
    () => showFault(),
  )
  const section = (): Section => (isSection(params.section) ? params.section : 'general')
  const q = (): string => (typeof search.q === 'string' ? search.q : '')
  const onlyChanged = (): boolean => search.changed === '1'
  const role = () => dataOf(session)?.user?.role
  const may = (wanted: 'owner' | 'admin'): boolean => role() === 'owner' || role() === wanted

  // Somebody may know a setting by its name in the other language.
  const [words] = createResource(
    () => q() !== '' || undefined,
    async () => Promise.all([loadParts('en', ['settings']), loadParts('zh-CN', ['settings'])]),
  )
  const textOf = (name: SettingName): string => {
    const section = `settings.section.${placeOf(name).section}` as const
    const own = [t(`settings.field.${name}`), t(`settings.help.${name}`), t(section), name]
    const both = (words.latest ?? []).flatMap((part) => [
      part[`settings.field.${name}`],
      part[`settings.help.${name}`],
      part[section],
    ])
    return [...own, ...both].join(' ')
  }
  const isOffered = (name: SettingName): boolean => {
    const field = draft.field(name)
    return field?.takesEffect === true || field?.changed === true
  }
  const isChanged = (name: SettingName): boolean => !isSame(draft.value(name), draft.field(name)?.initial)
  const isSearching = (): boolean => q().trim() !== '' || onlyChanged()
  const shown = createMemo((): readonly SettingName[] =>
    settingNames
      .filter(isOffered)
      // It has its own list, where each address has a reason and an end.
      .filter((name) => name !== 'blockedIPs')
      .filter((name) => (isSearching() ? true : placeOf(name).section === section()))
      .filter((name) => q().trim() === '' || matchesWords(textOf(name), q()))
      .filter((name) => !onlyChanged() || isChanged(name)),
  )
  const start = () => dataOf(table)?.start ?? []
  const startShown = createMemo(() => {
    if (onlyChanged()) return start().filter(({ from }) => from !== 'default')
    if (q().trim() !== '') return start().filter(({ key }) => matchesWords(key.replaceAll(/[._]/g, ' ') + key, q()))
    return start().filter(({ key }) => sectionOfStart(key) === section())
  })
  const changedCount = (): number => settingNames.filter((name) => isOffered(name) && isChanged(name)).length

  /** To the first field that is wrong, in whatever section it stands. */
  const showFault = (): void => {
    const wrong = settingNames.find((name) => draft.isEdited(name) && draft.fault(name))
    if (wrong && !shown().includes(wrong)) navigate(`/settings/${placeOf(wrong).section}`)
    setTimeout(() => focusFault(frame))
  }

  const [leaving, setLeaving] = createSignal<() => void>()
  useBeforeLeave((event) => {
    if (draft.count() === 0 || String(event.to).startsWith('/settings')) return
    event.preventDefault()
    setLeaving(() => () => event.retry(true))
  })
  createEffect(() => {
    if (draft.count() === 0) return
    const keep = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', keep)
    onCleanup(() => removeEventListener('beforeunload', keep))
  })

  const find = (text: string): void => setSearch({ q: text || undefined }, { replace: true, scroll: false })
  return (
    <>
      <PageHeader
        title={t('settings.title')}
        app={dataOf(session)?.name ?? ''}
        answer={
          draft.ready()
            ? t('settings.answer', {
                changed: format().number(changedCount()),
                total: format().number(settingNames.filter(isOffered).length),
              })
            : undefined
        }
      />
      <div class="flex flex-col gap-x-8 gap-y-4 lg:flex-row">
        <div class="flex flex-col gap-3 lg:w-52 lg:shrink-0">
          <div class="relative">
            <span class="pointer-events-none absolute inset-y-0 left-2.5 flex items-center text-text-3">
              <Search size={16} strokeWidth={1.75} aria-hidden="true" />
            </span>
            <input
              type="search"
              data-page-search=""
              aria-label={t('settings.search')}
              placeholder={t('settings.search')}
              autocomplete="off"
              spellcheck={false}
              value={q()}
              onInput={(event) => find(event.currentTarget.value)}
              class="control w-full rounded-md border border-control bg-surface pr-2.5 pl-8 max-md:text-16"
            />
          </div>
          <label class="control inline-flex cursor-pointer items-center gap-2">
            <input
              type="checkbox"
              checked={onlyChanged()}
              onChange={(event) => setSearch({ changed: event.currentTarget.checked ? '1' : undefined })}
              class="size-4 accent-accent"
            />
            {t('settings.changedOnly')}
          </label>
          <nav
            aria-label={t('settings.sections')}
            class="flex gap-1 overflow-x-auto pb-1 lg:flex-col lg:overflow-visible"
          >
            <For each={sections}>
              {(one) => {
                const isHere = (): boolean => !isSearching() && one === section()
                return (
                  <a
                    href={`/settings/${one}`}
                    aria-current={isHere() ? 'page' : undefined}
                    class="control inline-flex shrink-0 items-center justify-center whitespace-nowrap rounded-md px-2.5 lg:justify-start text-text-2 hover:bg-surface-2 aria-[current]:bg-accent-soft aria-[current]:font-medium aria-[current]:text-accent-text"
                  >
                    {t(`settings.section.${one}`)}
                  </a>
                )
              }}
            </For>
          </nav>
        </div>
        <div ref={(element) => (frame = element)} class="flex min-w-0 max-w-4xl grow flex-col gap-4">
          <Switch>
            <Match when={!draft.ready() && draft.error()}>
              <ErrorState
                text={t('settings.failed')}
                detail={errorText(draft.error(), t)}
                retry={t('common.retry')}
                onRetry={draft.retry}
              />
            </Match>
            <Match when={!draft.ready()}>
              <Skeleton rows={5} label={t('common.loading')} />
            </Match>
            <Match when={draft.ready()}>
              <h2 class="font-semibold text-16">
                {isSearching()
                  ? t('settings.found', { count: format().number(shown().length + startShown().length) })
                  : t(`settings.section.${section()}`)}
              </h2>
              <Show when={isSearching() && shown().length + startShown().length === 0}>
                <p class="text-text-3">
                  {q().trim() === '' ? t('settings.nothingChanged') : t('settings.noMatch', { text: q() })}
                </p>
              </Show>
              <Show when={shown().length > 0}>
                <p class="-mt-3 text-13 text-text-2">{t('settings.rule')}</p>
                <div class="rounded-lg border border-border bg-surface px-4">
                  <For each={shown()}>{(name) => <SettingRow name={name} draft={draft} />}</For>
                </div>
              </Show>
              <Show when={!isSearching()}>
                <Switch>
                  <Match when={section() === 'security'}>
                    <SignIns />
                    <SecondFactor />
                    <Show when={may('admin')}>
                      <AdminTokens />
                    </Show>
                    <Show when={may('owner')}>
                      <ConsoleUsers />
                    </Show>
                    <Show when={may('admin')}>
                      <Suspense>
                        <AuditLog />
                      </Suspense>
                    </Show>
                  </Match>
                  <Match when={section() === 'blocked'}>
                    <Blocked />
                  </Match>
                  <Match when={section() === 'alerts'}>
                    <AlertDeliveries unsaved={draft.count() > 0} />
                  </Match>
                  <Match when={section() === 'models'}>
                    <More href="/models" text={t('settings.seeModels')} />
                  </Match>
                  <Match when={section() === 'network'}>
                    <More href="/proxies" text={t('settings.seeProxies')} />
                  </Match>
                  <Match when={section() === 'backup' && may('owner')}>
                    <More href="/backup" text={t('settings.seeBackup')} />
                  </Match>
                  <Match when={section() === 'advanced' && may('admin')}>
                    <ResetCounts />
                  </Match>
                </Switch>
              </Show>
              <StartRows rows={startShown()} />
              <SaveBar draft={draft} />
            </Match>
          </Switch>
        </div>
      </div>
      <ConflictDialog draft={draft} />
      <ConfirmDialog
        open={leaving() !== undefined}
        onClose={() => setLeaving(undefined)}
        title={t('settings.leaveTitle')}
        text={t('settings.leaveText')}
        action={t('settings.leave')}
        onConfirm={() => {
          const go = leaving()
          setLeaving(undefined)
          draft.discard()
          go?.()
        }}
      />
    </>
  )
}

function More(props: { readonly href: string; readonly text: string }) {
  return (
    <p class="text-13">
      <A href={props.href} class="text-accent-text underline">
        {props.text}
      </A>
    </p>
  )
}
