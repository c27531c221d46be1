import { A, useNavigate, useParams } from '@solidjs/router'
import { useMutation, useQuery } from '@tanstack/solid-query'
import CodeXml from 'lucide-solid/icons/code-xml'
import PlugZap from 'lucide-solid/icons/plug-zap'
import SquarePen from 'lucide-solid/icons/square-pen'
import SquareTerminal from 'lucide-solid/icons/square-terminal'
import { createSignal, createUniqueId, For, onCleanup, onMount, Show } from 'solid-js'
import { Dynamic } from 'solid-js/web'
import { ApiError } from '../api/client.ts'
import { errorText } from '../api/error-text.ts'
import { createMayChange } from '../api/may-change.tsx'
import { tryKey } from '../api/public.ts'
import { dataOf, queries } from '../api/queries.ts'
import { Banner } from '../components/banner.tsx'
import { Button } from '../components/button.tsx'
import { CodeBlock } from '../components/code-block.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { usePaletteActions } from '../components/palette-actions.tsx'
import { EmptyState } from '../components/states.tsx'
import type { Client, Place, Snippet } from '../features/integrations/client.ts'
import { clients } from '../features/integrations/clients.ts'
import {
  exampleModel,
  isOpenOnTheWay,
  isOutOfReach,
  keyPlace,
  originOf,
  type PlaceForm,
} from '../features/integrations/place.ts'
import { PlaceFields } from '../features/integrations/place-form.tsx'
import { isPlainKey } from '../features/integrations/spelling.ts'
import { thisSystem } from '../features/integrations/system.ts'
import { ToolWriter } from '../features/integrations/tool-writer.tsx'
import { useI18n } from '../i18n/i18n.tsx'
import { useMemory } from '../lib/memory.tsx'

const icons = { terminal: SquareTerminal, editor: SquarePen, code: CodeXml } as const satisfies Record<
  Client['kind'],
  unknown
>
const highlights: { readonly [Language in Snippet['language']]: string } = {
  bash: 'bash',
  powershell: '',
  cmd: '',
  json: 'json',
  toml: 'ini',
  yaml: 'yaml',
  python: 'python',
  typescript: 'typescript',
  text: '',
}

/** What exactly do I paste into my tool? */
export default function IntegrationsPage() {
  const { t } = useI18n()
  const memory = useMemory()
  const params = useParams<{ client?: string }>()
  const session = useQuery(() => queries.session())
  const meta = useQuery(() => queries.meta())
  const models = useQuery(() => queries.models())
  const client = () => clients.find(({ id }) => id === (params.client ?? 'claude-code'))
  // A key that was just created elsewhere comes along; a demo's is no secret.
  const brought = memory.apiKey()
  const [form, setForm] = createSignal<PlaceForm>({
    address: location.origin,
    own: '',
    key: brought,
    keyName: '',
    model: '',
    system: thisSystem(),
  })
  onMount(() => {
    const { demoKey } = dataOf(session) ?? {}
    if (form().key === '' && demoKey !== undefined) setForm({ ...form(), key: demoKey })
  })
  // Shown on this occasion only.
  onCleanup(() => memory.setApiKey(''))
  const model = (): string => {
    const list = dataOf(models)?.models ?? []
    const chosen = list.find(({ id }) => id === form().model) ?? list.find((one) => one.default) ?? list[0]
    return chosen?.id ?? exampleModel
  }
  const hasKey = (): boolean => isPlainKey(form().key.trim())
  const place = (): Place => ({
    origin: originOf(form(), location.origin),
    key: hasKey() ? form().key.trim() : keyPlace,
    model: model(),
  })
  const offered = (shown: Client): boolean => shown.id !== 'codex' || (dataOf(meta)?.features?.responses ?? true)
  const navigate = useNavigate()
  usePaletteActions(() =>
    clients.filter(offered).map(({ id, name, kind }) => ({
      id: `integrations.${id}`,
      text: `${t('integrations.title')}: ${name}`,
      icon: icons[kind],
      run: () => navigate(`/integrations/${id}`),
    })),
  )
  return (
    <>
      <PageHeader title={t('integrations.title')} app={dataOf(session)?.name ?? ''} answer={t('integrations.lead')} />
      <div class="grid items-start gap-4 lg:grid-cols-[12rem_minmax(0,1fr)]">
        <nav aria-label={t('integrations.clients')} class="flex flex-wrap gap-1 lg:sticky lg:top-4 lg:flex-col">
          <For each={clients.filter(offered)}>
            {(item) => (
              <A
                href={`/integrations/${item.id}`}
                noScroll
                aria-current={client()?.id === item.id ? 'page' : undefined}
                class="control inline-flex items-center gap-2 rounded-md px-2 text-text-2 hover:bg-surface-2 aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent-text"
              >
                <Dynamic component={icons[item.kind]} size={16} strokeWidth={1.75} aria-hidden="true" />
                {item.name}
              </A>
            )}
          </For>
        </nav>
        <Show when={client()} fallback={<EmptyState icon={PlugZap} text={t('common.noMatch')} />}>
          {(shown) => (
            <div class="flex min-w-0 flex-col gap-4">
              <section class="flex flex-col gap-3 rounded-lg border border-border bg-surface p-4">
                <h2 class="font-semibold text-16">{t('integrations.with')}</h2>
                <PlaceFields
                  form={form()}
                  client={shown()}
                  reached={dataOf(meta)?.reached}
                  models={dataOf(models)?.models}
                  model={model()}
                  onChange={(part) => setForm({ ...form(), ...part })}
                />
                <Warnings client={shown()} place={place()} />
                <Show when={place().origin === location.origin}>
                  <KeyTest key={hasKey() ? form().key.trim() : undefined} />
                </Show>
              </section>
              <Show when={offered(shown())} fallback={<Banner tone="warning">{t('integrations.codexMissing')}</Banner>}>
                <section class="flex flex-col gap-3">
                  <h2 class="font-semibold text-16">{shown().name}</h2>
                  <For each={shown().snippets(place(), form().system)}>
                    {(snippet) => (
                      <div class="flex flex-col gap-1">
                        <h3 class="font-medium text-13 text-text-2">{t(snippet.title)}</h3>
                        <CodeBlock
                          text={snippet.text}
                          language={highlights[snippet.language]}
                          label={snippet.file === undefined ? snippet.language : t('integrations.file')}
                          file={snippet.file}
                        />
                      </div>
                    )}
                  </For>
                  <h3 class="font-medium text-13 text-text-2">{t('integrations.notes')}</h3>
                  <ul class="flex list-disc flex-col gap-1 pl-5 text-13 text-text-2">
                    <For each={shown().notes}>{(note) => <li class="wrap-anywhere">{t(note)}</li>}</For>
                  </ul>
                </section>
                <Writer client={shown()} place={place()} hasKey={hasKey()} />
              </Show>
            </div>
          )}
        </Show>
      </div>
    </>
  )
}

function Warnings(props: { client: Client; place: Place }) {
  const { t } = useI18n()
  const meta = useQuery(() => queries.meta())
  const reached = () => dataOf(meta)?.reached
  return (
    <>
      <Show when={props.client.id === 'cursor' && isOutOfReach(props.place.origin)}>
        <Banner tone="warning">{t('integrations.cursorPrivate', { url: props.place.origin })}</Banner>
      </Show>
      <Show when={isOpenOnTheWay(props.place.origin)}>
        <Banner tone="warning">{t('integrations.plainHttp')}</Banner>
      </Show>
      <Show when={reached()?.disbelieved}>
        <Banner tone="warning">{t('integrations.disbelieved', { url: reached()?.url ?? '' })}</Banner>
      </Show>
      <Show when={reached()?.by_proxy}>
        <Banner tone="info">{t('integrations.proxyBuffers')}</Banner>
      </Show>
    </>
  )
}

/** As a client would: the address, the key, and what it may ask for. */
function KeyTest(props: { key: string | undefined }) {
  const { t, format } = useI18n()
  const reason = createUniqueId()
  const test = useMutation(() => ({ mutationFn: (key: string) => tryKey(key) }))
  // What was said of one key says nothing of the next.
  const isOfThis = (): boolean => props.key !== undefined && test.variables === props.key
  return (
    <div class="flex flex-wrap items-center gap-3">
      <Button
        icon={PlugZap}
        disabled={props.key === undefined}
        aria-describedby={reason}
        busy={test.isPending}
        onClick={() => props.key !== undefined && test.mutate(props.key)}
      >
        {t('integrations.test')}
      </Button>
      <p id={reason} role="status" class="text-13">
        <Show when={props.key === undefined}>
          <span class="text-text-3">{t('integrations.needsKey')}</span>
        </Show>
        <Show when={isOfThis() && test.data !== undefined}>
          <span class="text-success">{t('integrations.testOk', { count: format().number(test.data ?? 0) })}</span>
        </Show>
        <Show when={isOfThis() && test.error}>
          {(error) => (
            <span class="text-danger">
              {error() instanceof ApiError && (error() as ApiError).status === 401
                ? t('integrations.testKey')
                : `${t('integrations.testFailed')} ${errorText(error(), t)}`}
            </span>
          )}
        </Show>
      </p>
    </div>
  )
}

/** Only in a browser on the server's own machine, for those who may change things. */
function Writer(props: { client: Client; place: Place; hasKey: boolean }) {
  const meta = useQuery(() => queries.meta())
  const mayChange = createMayChange()
  const tool = () => (props.client.id === 'claude-code' || props.client.id === 'droid' ? props.client.id : undefined)
  return (
    <Show when={mayChange() && dataOf(meta)?.features?.same_host && tool()} keyed>
      {(shown) => <ToolWriter tool={shown} place={props.place} hasKey={props.hasKey} />}
    </Show>
  )
}
