import { A, Navigate, useNavigate, useSearchParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { createEffect, createMemo, createSignal, For, Match, on, onCleanup, Show, Suspense, Switch } from 'solid-js'
import { dataOf, queries } from '../api/queries.ts'
import { Writes } from '../api/writes.tsx'
import { Banner } from '../components/banner.tsx'
import { Button } from '../components/button.tsx'
import { CodeBlock } from '../components/code-block.tsx'
import { Choice, SelectField } from '../components/field.tsx'
import { Logo } from '../components/logo.tsx'
import { Skeleton } from '../components/states.tsx'
import { Tabs } from '../components/tabs.tsx'
import { ToastRegion } from '../components/toast.tsx'
import { DeviceSignIn } from '../features/accounts/device-sign-in.tsx'
import { type System, systems } from '../features/integrations/client.ts'
import { clients } from '../features/integrations/clients.ts'
import { thisSystem } from '../features/integrations/system.ts'
import { AppearanceSwitches } from '../features/session/appearance-switches.tsx'
import { KeyStep } from '../features/setup/key-step.tsx'
import { type Known, type OwnStep, shownStep, steps } from '../features/setup/progress.ts'
import { Stepper } from '../features/setup/stepper.tsx'
import { TestStep } from '../features/setup/test-step.tsx'
import { PartFault } from '../features/shell/page-fault.tsx'
import { useI18n } from '../i18n/i18n.tsx'
import { later } from '../lib/later.tsx'
import { useMemory } from '../lib/memory.tsx'

const PasteToken = later(async () => ({ default: (await import('../features/accounts/paste-token.tsx')).PasteToken }))
const ImportAccounts = later(async () => ({
  default: (await import('../features/accounts/import-accounts.tsx')).ImportAccounts,
}))

/** How do I get one working request? Five steps; what is done is known from the server, so it can be left and come back to. */
export default function SetupPage() {
  const { t } = useI18n()
  const session = useQuery(() => queries.session())
  const view = () => dataOf(session)
  const signedIn = (): boolean => Boolean(view()?.signedIn && !view()?.mustChangePassword)
  createEffect(() => {
    document.title = view()?.name ? `${t('setup.title', { app: view()?.name ?? '' })}` : ''
  })
  return (
    <div class="flex min-h-dvh flex-col">
      <header class="flex flex-wrap items-center justify-between gap-2 px-4 py-3">
        <span class="inline-flex items-center gap-2 font-semibold text-16">
          <span class="text-accent">
            <Logo />
          </span>
          {view()?.name}
        </span>
        <AppearanceSwitches />
      </header>
      <main class="flex grow items-start justify-center px-4 pt-[4vh] pb-12">
        <Switch fallback={<Skeleton rows={4} label={t('common.loading')} />}>
          <Match when={view() && !signedIn()}>
            <Navigate href="/login?next=%2Fsetup" />
          </Match>
          <Match when={signedIn()}>
            <Writes>
              <Steps app={view()?.name ?? ''} demoKey={view()?.demoKey} />
            </Writes>
          </Match>
          <Match when={session.isError}>
            <Banner tone="warning">{t('session.unreachable')}</Banner>
          </Match>
        </Switch>
      </main>
      <ToastRegion />
    </div>
  )
}

function Steps(props: { readonly app: string; readonly demoKey: string | undefined }) {
  const { t } = useI18n()
  const memory = useMemory()
  const navigate = useNavigate()
  const [search, setSearch] = useSearchParams<{ step: string }>()
  const accounts = useQuery(() => queries.accounts({ page: 1 }))
  const keys = useQuery(() => queries.keys())
  const proxies = useQuery(() => queries.proxies())
  // A demo's key is no secret.
  if (props.demoKey && memory.apiKey() === '') memory.setApiKey(props.demoKey)
  const known = (): Known | undefined => {
    const [list, made] = [dataOf(accounts), dataOf(keys)]
    if (!list || !made) return undefined
    return {
      accounts: list.accountStats.totalCount,
      keys: made.keys.length,
      used: made.keys.some(({ last_used_at: at }) => at !== null),
    }
  }
  const step = (): OwnStep | 'done' | undefined => {
    const now = known()
    return now && shownStep(search.step, now, memory.apiKey() !== '')
  }
  const shown = (): OwnStep => {
    const now = step()
    return now === undefined || now === 'done' ? 'account' : now
  }
  /** Accounts there were when the step was opened: one that has just come is told of by its sign-in. */
  const before = createMemo(on(step, () => known()?.accounts ?? 0))
  const go = (next: OwnStep): void => setSearch({ step: next })
  // Once shown it stays until somebody goes on: an account that has just come is told of first.
  createEffect(() => {
    const now = step()
    if (now !== undefined && now !== 'done' && search.step !== now) setSearch({ step: now }, { replace: true })
  })
  const finish = (): void => navigate('/', { replace: true })
  // The key is shown on this occasion only.
  onCleanup(() => memory.setApiKey(''))
  let heading: HTMLHeadingElement | undefined
  createEffect(on(step, (_, before) => before !== undefined && heading?.focus({ preventScroll: true })))
  return (
    <Show when={step()} fallback={<Skeleton rows={4} label={t('common.loading')} />}>
      <Show when={step() !== 'done'} fallback={<Navigate href="/" />}>
        <div class="flex w-full max-w-2xl flex-col gap-5">
          <Stepper step={shown()} />
          <div class="flex flex-col gap-4 rounded-lg border border-border bg-surface p-5">
            <div>
              <h1 ref={(element) => (heading = element)} tabIndex={-1} class="font-semibold text-20">
                {t(`setup.${shown()}Title`)}
              </h1>
              <p class="text-text-2">{t(`setup.${shown()}Lead`)}</p>
            </div>
            <PartFault />
            <Switch>
              <Match when={shown() === 'account'}>
                <Show when={before() > 0}>
                  <Banner tone="success">{t('setup.accountThere')}</Banner>
                </Show>
                <Tabs
                  label={t('add.ways')}
                  tabs={[
                    {
                      value: 'device',
                      text: t('add.device'),
                      content: () => (
                        <DeviceSignIn
                          again={undefined}
                          proxies={dataOf(proxies)?.proxies ?? []}
                          onDone={() => go('key')}
                        />
                      ),
                    },
                    {
                      value: 'token',
                      text: t('add.token'),
                      content: () => (
                        <Suspense>
                          <PasteToken
                            again={undefined}
                            proxies={dataOf(proxies)?.proxies ?? []}
                            onDone={() => go('key')}
                          />
                        </Suspense>
                      ),
                    },
                    {
                      value: 'import',
                      text: t('add.import'),
                      content: () => (
                        <Suspense>
                          <ImportAccounts onDone={() => go('key')} />
                        </Suspense>
                      ),
                    },
                  ]}
                />
                <p class="text-12 text-text-3">{t('add.entitled')}</p>
                <div class="flex justify-end border-border border-t pt-4">
                  <Button look={before() > 0 ? 'primary' : 'secondary'} onClick={() => go('key')}>
                    {(known()?.accounts ?? 0) > 0 ? t('setup.continue') : t('setup.skip')}
                  </Button>
                </div>
              </Match>
              <Match when={shown() === 'key'}>
                <KeyStep lost={(known()?.keys ?? 0) > 0} onBack={() => go('account')} onDone={() => go('connect')} />
              </Match>
              <Match when={shown() === 'connect'}>
                <Connect apiKey={memory.apiKey()} onBack={() => go('key')} onDone={() => go('test')} />
              </Match>
              <Match when={shown() === 'test'}>
                <TestStep onBack={() => go('connect')} onDone={finish} />
              </Match>
            </Switch>
          </div>
          <div class="flex flex-col items-center gap-1 text-center text-12 text-text-3">
            <p class="numbers">
              {t('setup.place', { step: String(steps.indexOf(shown()) + 1), steps: String(steps.length) })}
            </p>
            <p>
              <A href="/" class="finger-link text-accent-text underline">
                {t('setup.leave')}
              </A>{' '}
              {t('setup.leaveHelp')}
            </p>
          </div>
        </div>
      </Show>
    </Show>
  )
}

/** What to paste into the first app, with the address of this page and the new key. */
function Connect(props: { readonly apiKey: string; readonly onBack: () => void; readonly onDone: () => void }) {
  const { t } = useI18n()
  const models = useQuery(() => queries.models())
  const [id, setId] = createSignal('claude-code')
  const [system, setSystem] = createSignal<System>(thisSystem())
  const client = () => clients.find((one) => one.id === id()) ?? clients[0]
  const model = (): string => {
    const list = dataOf(models)?.models ?? []
    return (list.find((one) => one.default) ?? list[0])?.id ?? 'claude-sonnet-4.5'
  }
  return (
    <Show when={client()}>
      {(shown) => (
        <>
          <SelectField
            label={t('setup.client')}
            value={shown().id}
            options={clients.map(({ id: value, name }) => ({ value, text: name }))}
            onChange={setId}
          />
          <Show when={shown().bySystem}>
            <Choice
              label={t('integrations.system')}
              value={system()}
              options={systems.map((value) => ({ value, text: t(`integrations.system.${value}`) }))}
              onChange={setSystem}
            />
          </Show>
          <For each={shown().snippets({ origin: location.origin, key: props.apiKey, model: model() }, system())}>
            {(snippet) => (
              <CodeBlock
                label={t(snippet.title)}
                file={snippet.file}
                text={snippet.text}
                language={snippet.language === 'toml' ? 'ini' : snippet.language}
              />
            )}
          </For>
          <div class="flex justify-between gap-2">
            <Button onClick={() => props.onBack()}>{t('setup.back')}</Button>
            <Button
              look="primary"
              ref={(element) => queueMicrotask(() => element.focus({ preventScroll: true }))}
              onClick={() => props.onDone()}
            >
              {t('setup.continue')}
            </Button>
          </div>
        </>
      )}
    </Show>
  )
}
