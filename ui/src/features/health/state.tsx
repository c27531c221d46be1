import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import CircleAlert from 'lucide-solid/icons/circle-alert'
import CircleCheck from 'lucide-solid/icons/circle-check'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import { For, type JSX, Match, Show, Switch } from 'solid-js'
import type { HealthView } from '../../../../server/admin/contract/health.ts'
import { careQueries } from '../../api/care.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf, queries } from '../../api/queries.ts'
import { Badge } from '../../components/badge.tsx'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { Meter } from '../../components/meter.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { Time } from '../../components/time-ago.tsx'
import type { Key, PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { parseTime } from '../../lib/format.ts'
import { type Check, clockCheck, providerCheck, remedyOf, worstFirst } from './checks.ts'

const badges = {
  pass: { tone: 'success', icon: CircleCheck },
  warn: { tone: 'warning', icon: TriangleAlert },
  fail: { tone: 'danger', icon: CircleAlert },
} as const

/** All that is looked at: the server's own, the clock, and the way to the provider. */
export function createChecks() {
  const health = useQuery(() => careQueries.health())
  const latency = useQuery(() => queries.latency())
  const checks = (): readonly Check[] => {
    const view = dataOf(health)
    if (!view) return []
    return worstFirst([...view.checks, providerCheck(dataOf(latency)), clockCheck(view.now, health.dataUpdatedAt)])
  }
  return { health, latency, checks }
}

export function HealthState() {
  const { t } = useI18n()
  const { health, latency, checks } = createChecks()
  return (
    <Switch>
      <Match when={health.isPending}>
        <Skeleton rows={5} label={t('common.loading')} />
      </Match>
      <Match when={!dataOf(health) && health.error}>
        <ErrorState
          text={t('health.failed')}
          detail={errorText(health.error, t)}
          retry={t('common.retry')}
          busy={health.isFetching}
          onRetry={() => void health.refetch()}
        />
      </Match>
      <Match when={dataOf(health)}>
        {(view) => (
          <>
            <Block
              title={t('health.checks')}
              action={
                <Button writes={false} busy={latency.isFetching} onClick={() => void latency.refetch()}>
                  {t('health.test')}
                </Button>
              }
            >
              <ul class="rounded-lg border border-border bg-surface">
                <For each={checks()}>{(check) => <CheckRow check={check} />}</For>
              </ul>
            </Block>
            <Facts view={view()} />
            <Sizes view={view()} />
            <Places view={view()} />
            <Configuration view={view()} />
          </>
        )}
      </Match>
    </Switch>
  )
}

function CheckRow(props: { readonly check: Check }) {
  const { t, format } = useI18n()
  const found = (): string => {
    const { name, reason, params } = props.check
    const shown = Object.fromEntries(
      Object.entries(params).map(([key, value]) => [
        key,
        typeof value !== 'number' ? value : key === 'bytes' ? format().bytes(value) : format().number(value),
      ]),
    )
    // Every reason of the server has its words (test/ui/health.test.ts).
    const key = `health.found.${name}.${reason}` as Key
    return (t as (key: Key, params: Readonly<Record<string, string>>) => string)(key, shown as Record<string, string>)
  }
  return (
    <li class="flex flex-wrap items-center gap-x-3 gap-y-1 border-border border-b px-3 py-2 last:border-b-0">
      <span class="w-28 shrink-0 font-medium">{t(`health.check.${props.check.name}`)}</span>
      <Badge {...badges[props.check.level]} text={t(`health.level.${props.check.level}`)} />
      <span class="numbers min-w-0 text-13 text-text-2">{found()}</span>
      <Show when={props.check.level !== 'pass' && remedyOf(props.check)}>
        {(remedy) => (
          <A href={remedy().href} class="text-13 text-accent-text underline finger-link">
            {t(remedy().text)}
          </A>
        )}
      </Show>
    </li>
  )
}

function Block(props: {
  readonly title: string
  readonly lead?: string
  readonly action?: JSX.Element
  readonly children: JSX.Element
}) {
  return (
    <section class="flex flex-col gap-2">
      <div class="flex flex-wrap items-end justify-between gap-2">
        <div>
          <h2 class="font-semibold text-16">{props.title}</h2>
          <Show when={props.lead}>
            <p class="text-13 text-text-2">{props.lead}</p>
          </Show>
        </div>
        {props.action}
      </div>
      {props.children}
    </section>
  )
}

function Facts(props: { readonly view: HealthView }) {
  const { t, format } = useI18n()
  const now = createClock(10_000)
  const started = (): number => parseTime(props.view.started_at) ?? now()
  const disk = (): string => {
    const { free_bytes: free, total_bytes: total } = props.view.disk
    if (free === null) return t('common.unknown')
    if (total === null) return format().bytes(free)
    return t('health.fact.diskOf', { free: format().bytes(free), total: format().bytes(total) })
  }
  const builtFrom = (): string => {
    const { commit, commit_date: date, runtime } = props.view
    return commit === null ? runtime : [commit, ...(date === null ? [] : [date.slice(0, 10)])].join(' · ')
  }
  return (
    <dl class="grid grid-cols-2 gap-3 xl:grid-cols-4">
      <Fact term={t('health.fact.version')} more={builtFrom()}>
        {props.view.version}
      </Fact>
      <Fact term={t('health.fact.uptime')} more={<Time at={started()} />}>
        {format().relative(started(), now())}
      </Fact>
      <Fact
        term={t('health.fact.memory')}
        more={t('health.fact.heap', { bytes: format().bytes(props.view.heap_bytes) })}
      >
        {format().bytes(props.view.memory_bytes)}
      </Fact>
      <Fact
        term={t('health.fact.requests')}
        more={`${t('health.fact.streams')}: ${t('health.fact.ofLimit', {
          value: format().number(props.view.streams.open),
          limit: format().number(props.view.streams.limit),
        })}`}
      >
        {t('health.fact.inFlight', {
          running: format().number(props.view.pool.in_flight),
          waiting: format().number(props.view.pool.waiting),
        })}
      </Fact>
      <Fact
        term={t('health.fact.database')}
        more={props.view.database.bytes === null ? '' : format().bytes(props.view.database.bytes)}
      >
        {`${props.view.database.engine} ${props.view.database.version}`}
      </Fact>
      <Fact term={t('health.fact.disk')}>{disk()}</Fact>
      <Fact
        term={t('health.fact.system')}
        more={[
          props.view.runtime,
          t('health.fact.cpus', { count: format().number(props.view.cpus) }),
          t('health.fact.pid', { pid: props.view.pid }),
        ].join(' · ')}
      >
        {props.view.system}
      </Fact>
    </dl>
  )
}

function Fact(props: { readonly term: string; readonly more?: JSX.Element; readonly children: JSX.Element }) {
  return (
    <div class="min-w-0 rounded-lg border border-border bg-surface p-3">
      <dt class="text-12 text-text-3">{props.term}</dt>
      <dd class="wrap-anywhere numbers mt-1 font-medium">
        {props.children}
        <Show when={props.more}>
          <span class="block font-normal text-12 text-text-3">{props.more}</span>
        </Show>
      </dd>
    </div>
  )
}

/** They stand among the facts. */
const aboveSizes = new Set(['resident_memory_bytes', 'heap_bytes', 'uptime_seconds'])

const isNearlyFull = ({ value, limit }: HealthView['sizes'][number]): boolean =>
  Boolean(limit) && value >= (limit ?? 0) * 0.9

function Sizes(props: { readonly view: HealthView }) {
  const { t, format } = useI18n()
  const sizes = () => props.view.sizes.filter(({ name }) => !aboveSizes.has(name))
  // A figure of a later server has no words yet.
  const nameOf = (name: string): string => {
    const key = `health.size.${name}` as PlainKey
    const text = t(key)
    return text === key ? name : text
  }
  const full = (): readonly string[] =>
    sizes()
      .filter(isNearlyFull)
      .map(({ name }) => nameOf(name))
  const shown = (name: string, value: number): string =>
    name.endsWith('_bytes') ? format().bytes(value) : format().number(value)
  return (
    <Block title={t('health.sizes')} lead={t('health.sizesLead')}>
      <Show when={full().length > 0}>
        <Banner tone="warning">{t('health.sizesFull', { names: format().list(full()) })}</Banner>
      </Show>
      <details class="overflow-x-auto rounded-lg border border-border bg-surface">
        <summary class="control cursor-pointer px-3 py-2 text-13">
          {t('health.sizesShow', { count: format().number(sizes().length) })}
        </summary>
        <table class="w-full text-13">
          <thead>
            <tr class="text-12 text-text-2">
              <th class="bg-surface-2 px-3 py-1.5 text-left font-medium">{t('health.sizes.name')}</th>
              <th class="bg-surface-2 px-3 py-1.5 text-right font-medium">{t('health.sizes.value')}</th>
              <th class="bg-surface-2 px-3 py-1.5 text-right font-medium">{t('health.sizes.limit')}</th>
              <td class="w-28 bg-surface-2 px-3 py-1.5 max-md:hidden" />
            </tr>
          </thead>
          <tbody>
            <For each={sizes()}>
              {(size) => (
                <tr class="border-border border-t">
                  <td class="wrap-anywhere px-3 py-1.5" title={size.name}>
                    {nameOf(size.name)}
                  </td>
                  <td class="numbers whitespace-nowrap px-3 py-1.5 text-right">{shown(size.name, size.value)}</td>
                  <td class="numbers whitespace-nowrap px-3 py-1.5 text-right text-text-3">
                    {size.limit === null ? '–' : shown(size.name, size.limit)}
                  </td>
                  <td class="px-3 py-1.5 max-md:hidden">
                    <Show when={size.limit}>
                      {(limit) => (
                        <Meter
                          ratio={size.value / limit()}
                          level={isNearlyFull(size) ? 'warning' : 'normal'}
                          label={`${nameOf(size.name)}: ${format().percent(size.value / limit())}`}
                        />
                      )}
                    </Show>
                  </td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </details>
    </Block>
  )
}

function Places(props: { readonly view: HealthView }) {
  const { t } = useI18n()
  return (
    <Block title={t('health.places')}>
      <dl class="flex flex-col gap-3 rounded-lg border border-border bg-surface p-3">
        <Place term={t('health.places.data')} value={props.view.data_dir} />
        <Place term={t('health.places.database')} value={props.view.database.place} />
        <Show when={props.view.reset_command}>
          {(command) => <Place term={t('health.places.reset')} value={command()} />}
        </Show>
      </dl>
    </Block>
  )
}

function Place(props: { readonly term: string; readonly value: string }) {
  return (
    <div class="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3">
      <dt class="text-12 text-text-3">{props.term}</dt>
      <dd class="wrap-anywhere col-start-1 font-mono text-13">{props.value}</dd>
      <dd class="col-start-2 row-span-2 row-start-1">
        <CopyButton text={props.value} look="quiet" about={props.term} />
      </dd>
    </div>
  )
}

function Configuration(props: { readonly view: HealthView }) {
  const { t } = useI18n()
  const rows = () => props.view.configuration.filter(({ from }) => from !== 'default')
  return (
    <Block title={t('health.config')} lead={t('health.configLead')}>
      <Show when={rows().length > 0} fallback={<p class="text-text-3">{t('health.configNone')}</p>}>
        <div class="overflow-x-auto rounded-lg border border-border bg-surface">
          <table class="w-full text-13">
            <tbody>
              <For each={rows()}>
                {(row) => (
                  <tr class="border-border border-t first:border-t-0 max-md:block max-md:py-1.5">
                    <th
                      scope="row"
                      class="px-3 py-1.5 text-left font-mono font-normal text-12 max-md:block max-md:py-0.5"
                    >
                      {row.key}
                    </th>
                    <td class="wrap-anywhere px-3 py-1.5 font-mono text-12 max-md:block max-md:py-0.5">
                      {row.value === '(set)' ? t('common.isSet') : row.value}
                    </td>
                    <td class="wrap-anywhere px-3 py-1.5 text-12 text-text-3 max-md:block max-md:py-0.5">
                      {row.where ?? row.from}
                    </td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </div>
      </Show>
      <p class="text-13">
        <A href="/settings/advanced" class="text-accent-text underline">
          {t('health.configAll')}
        </A>
      </p>
    </Block>
  )
}
