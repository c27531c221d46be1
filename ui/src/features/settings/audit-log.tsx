import { useMutation, useQuery } from '@tanstack/solid-query'
import { createSignal, For, type JSX, Show } from 'solid-js'
import type { AuditView } from '../../../../server/admin/contract/audit.ts'
import { care, careQueries } from '../../api/care.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Drawer } from '../../components/dialog.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { Time } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { choiceParam, numberParam, textParam } from '../../lib/url-params.ts'
import { createUrlState } from '../../lib/url-state.ts'
import { abouts, knownAction, settingTitle, subjectOf } from './audit-words.ts'
import { Listed } from './listed.tsx'
import { Part } from './part.tsx'

const filters = {
  about: choiceParam(['', ...abouts.map((about) => `/${about}` as const)], ''),
  actor: textParam,
  before: numberParam(0),
} as const

type Row = AuditView & { readonly id: string }

/** Who changed what, from where; and whether the log is whole. */
export default function AuditLog() {
  const { t, format } = useI18n()
  const url = createUrlState(filters)
  const before = (): number | undefined => url.value.before || undefined
  const [open, setOpen] = createSignal(false)
  const [subject, setSubject] = createSignal<AuditView>()
  const list = useQuery(() =>
    careQueries.audit({ actor: url.value.actor.trim(), action: url.value.about, before: before() }),
  )
  const verify = useMutation(() => ({ mutationFn: care.verifyAudit }))
  const rows = (): readonly Row[] => (dataOf(list)?.entries ?? []).map((entry) => ({ ...entry, id: String(entry.seq) }))
  const done = ({ action }: AuditView): string => {
    const known = knownAction(action)
    return known === undefined ? action : t(`audit.do.${known}`)
  }
  const who = ({ actor: { kind, name } }: AuditView): string =>
    kind === 'owner' || kind === 'command-line'
      ? t(`audit.by.${kind}`)
      : kind === 'link'
        ? t('audit.by.link', { name: name.replace(/^link for /, '') })
        : name
  const titleOf = (name: string): string => settingTitle(name, t)
  const Done = (props: { readonly entry: AuditView }) => (
    <span class="wrap-anywhere" title={props.entry.action}>
      {done(props.entry)}
      <Show when={subjectOf(props.entry, (names) => format().list(names.map(titleOf)))}>
        {(name) => <span class="text-text-2"> · {name()}</span>}
      </Show>
    </span>
  )
  const Details = (props: { readonly entry: AuditView }) => (
    <Button
      look="quiet"
      aria-label={t('settings.audit.detailsNamed', { seq: props.entry.seq })}
      onClick={() => {
        setSubject(props.entry)
        setOpen(true)
      }}
    >
      {t('settings.audit.details')}
    </Button>
  )
  return (
    <Part
      title={t('settings.audit.title')}
      lead={t('settings.audit.lead')}
      action={
        <Button busy={verify.isPending} onClick={() => verify.mutate()}>
          {t('settings.audit.verify')}
        </Button>
      }
    >
      <Show when={verify.error}>
        <Banner tone="danger">{errorText(verify.error, t)}</Banner>
      </Show>
      <Show when={verify.data}>
        {(found) => (
          <Banner tone={found().ok ? 'success' : 'danger'}>
            {found().ok
              ? t('settings.audit.whole', { count: format().number(found().entries) })
              : t('settings.audit.broken', { seq: found().seq ?? 0 })}
          </Banner>
        )}
      </Show>
      <div class="grid gap-3 md:grid-cols-2 lg:max-w-xl">
        <SelectField
          label={t('settings.audit.action')}
          value={url.value.about}
          options={[
            { value: '', text: t('audit.about.any') },
            ...abouts.map((about) => ({ value: `/${about}`, text: t(`audit.about.${about}`) })),
          ]}
          onChange={(about) => url.set({ about: filters.about.read(about), before: undefined })}
        />
        <TextField
          label={t('settings.audit.actor')}
          value={url.value.actor}
          onInput={(event) => url.set({ actor: event.currentTarget.value, before: undefined }, { typed: true })}
        />
      </div>
      <Listed
        read={list}
        rows={3}
        failed={t('settings.audit.failed')}
        empty={rows().length === 0 && t(url.count() > 0 ? 'settings.audit.noMatch' : 'settings.audit.empty')}
      >
        <DataTable
          items={rows()}
          columns={[
            { text: t('settings.audit.column.time') },
            { text: t('settings.audit.column.actor') },
            { text: t('settings.audit.column.action') },
            { text: t('settings.audit.column.address') },
          ]}
          actions={t('settings.audit.column.actions')}
          cells={(entry) => (
            <>
              <td class="numbers whitespace-nowrap px-3">
                <Moment at={entry.timestamp} />
              </td>
              <td class="wrap-anywhere px-3">{who(entry)}</td>
              <td class="px-3">
                <Done entry={entry} />
              </td>
              <td class="numbers px-3">{entry.client_ip}</td>
              <td class="px-3 text-right">
                <Details entry={entry} />
              </td>
            </>
          )}
          card={(entry) => (
            <div class="flex items-start justify-between gap-2">
              <div class="min-w-0">
                <Done entry={entry} />
                <p class="numbers text-12 text-text-3">
                  <Moment at={entry.timestamp} /> · {who(entry)}
                </p>
              </div>
              <Details entry={entry} />
            </div>
          )}
        />
      </Listed>
      <div class="flex gap-2">
        <Show when={before() !== undefined}>
          <Button onClick={() => url.set({ before: undefined })}>{t('settings.audit.newest')}</Button>
        </Show>
        <Show when={dataOf(list)?.next}>
          {(next) => <Button onClick={() => url.set({ before: next() })}>{t('settings.audit.older')}</Button>}
        </Show>
      </div>
      <Drawer
        open={open()}
        onClose={() => setOpen(false)}
        title={t('settings.audit.entry', { seq: subject()?.seq ?? 0 })}
      >
        <Show when={subject()}>
          {(entry) => (
            <dl class="flex flex-col gap-3">
              <Term term={t('settings.audit.column.time')}>
                <Time at={entry().timestamp}>{format().exact(parseTime(entry().timestamp) ?? 0)}</Time>
              </Term>
              <Term term={t('settings.audit.column.actor')}>{who(entry())}</Term>
              <Term term={t('settings.audit.column.action')}>
                {done(entry())}
                <span class="block font-mono text-12 text-text-2">{entry().action}</span>
              </Term>
              <Show when={entry().target}>{(target) => <Term term={t('settings.audit.target')}>{target()}</Term>}</Show>
              <Term term={t('settings.audit.column.address')}>{entry().client_ip}</Term>
              <Term term={t('settings.audit.client')}>{entry().user_agent}</Term>
              <For each={['before', 'after'] as const}>
                {(side) => (
                  <Show when={entry()[side] !== null}>
                    <Term term={t(`settings.audit.${side}`)}>
                      <Values value={entry()[side]} titleOf={titleOf} />
                    </Term>
                  </Show>
                )}
              </For>
              <Term term={t('settings.audit.hash')}>
                <span class="break-all font-mono text-12">{entry().hash}</span>
              </Term>
            </dl>
          )}
        </Show>
      </Drawer>
    </Part>
  )
}

/** To the second: entries of one moment are told apart by it. */
function Moment(props: { readonly at: string }) {
  const { format } = useI18n()
  return <Time at={props.at}>{format().second(parseTime(props.at) ?? 0)}</Time>
}

/** What was recorded, a member a line; what is no such record stays as it is. */
function Values(props: { readonly value: unknown; readonly titleOf: (name: string) => string }) {
  const { t } = useI18n()
  const members = (): readonly (readonly [string, unknown])[] | undefined =>
    typeof props.value === 'object' && props.value !== null && !Array.isArray(props.value)
      ? Object.entries(props.value)
      : undefined
  const text = (value: unknown): string =>
    typeof value === 'boolean'
      ? t(value ? 'audit.yes' : 'audit.no')
      : value === null || value === ''
        ? '–'
        : typeof value === 'object'
          ? JSON.stringify(value, null, 2)
          : String(value)
  return (
    <Show
      when={members()}
      fallback={
        <pre class="overflow-x-auto rounded-md bg-code-bg p-2 font-mono text-12">
          {JSON.stringify(props.value, null, 2)}
        </pre>
      }
    >
      {(shown) => (
        <dl class="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 rounded-md bg-code-bg p-2 text-12">
          <For each={shown()}>
            {([name, value]) => (
              <>
                <dt class={props.titleOf(name) === name ? 'font-mono text-text-2' : 'text-text-2'} title={name}>
                  {props.titleOf(name)}
                </dt>
                <dd class="wrap-anywhere whitespace-pre-wrap font-mono">{text(value)}</dd>
              </>
            )}
          </For>
        </dl>
      )}
    </Show>
  )
}

function Term(props: { readonly term: string; readonly children: JSX.Element }) {
  return (
    <div>
      <dt class="text-12 text-text-3">{props.term}</dt>
      <dd class="wrap-anywhere numbers">{props.children}</dd>
    </div>
  )
}
