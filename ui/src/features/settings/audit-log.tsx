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
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { abouts, knownAction, subjectOf } from './audit-words.ts'
import { Listed } from './listed.tsx'
import { Part } from './part.tsx'

type Row = AuditView & { readonly id: string }

/** Who changed what, from where; and whether the log is whole. */
export default function AuditLog() {
  const { t, format } = useI18n()
  const [actor, setActor] = createSignal('')
  const [action, setAction] = createSignal('')
  const [before, setBefore] = createSignal<number>()
  const [open, setOpen] = createSignal(false)
  const [subject, setSubject] = createSignal<AuditView>()
  const list = useQuery(() => careQueries.audit({ actor: actor().trim(), action: action().trim(), before: before() }))
  const verify = useMutation(() => ({ mutationFn: care.verifyAudit }))
  const rows = (): readonly Row[] => (dataOf(list)?.entries ?? []).map((entry) => ({ ...entry, id: String(entry.seq) }))
  const time = (text: string): string => {
    const at = parseTime(text)
    return at === undefined ? '' : format().dateTime(at)
  }
  const isFiltered = (): boolean => actor() !== '' || action() !== '' || before() !== undefined
  const done = ({ action }: AuditView): string => {
    const known = knownAction(action)
    return known === undefined ? action : t(`audit.do.${known}`)
  }
  const who = ({ actor: { kind, name } }: AuditView): string =>
    kind === 'owner' || kind === 'command-line' ? t(`audit.by.${kind}`) : name
  const Done = (props: { readonly entry: AuditView }) => (
    <span class="wrap-anywhere" title={props.entry.action}>
      {done(props.entry)}
      <Show when={subjectOf(props.entry)}>{(name) => <span class="text-text-2"> · {name()}</span>}</Show>
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
          value={action()}
          options={[
            { value: '', text: t('audit.about.any') },
            ...abouts.map((about) => ({ value: `/${about}`, text: t(`audit.about.${about}`) })),
          ]}
          onChange={(value) => {
            setAction(value)
            setBefore(undefined)
          }}
        />
        <TextField
          label={t('settings.audit.actor')}
          value={actor()}
          onInput={(event) => {
            setActor(event.currentTarget.value)
            setBefore(undefined)
          }}
        />
      </div>
      <Listed
        read={list}
        rows={3}
        failed={t('settings.audit.failed')}
        empty={rows().length === 0 && t(isFiltered() ? 'settings.audit.noMatch' : 'settings.audit.empty')}
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
              <td class="numbers whitespace-nowrap px-3">{time(entry.timestamp)}</td>
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
                  {time(entry.timestamp)} · {who(entry)}
                </p>
              </div>
              <Details entry={entry} />
            </div>
          )}
        />
      </Listed>
      <div class="flex gap-2">
        <Show when={before() !== undefined}>
          <Button onClick={() => setBefore(undefined)}>{t('settings.audit.newest')}</Button>
        </Show>
        <Show when={dataOf(list)?.next}>
          {(next) => <Button onClick={() => setBefore(next())}>{t('settings.audit.older')}</Button>}
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
              <Term term={t('settings.audit.column.time')}>{time(entry().timestamp)}</Term>
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
                      <pre class="overflow-x-auto rounded-md bg-code-bg p-2 font-mono text-12">
                        {JSON.stringify(entry()[side], null, 2)}
                      </pre>
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

function Term(props: { readonly term: string; readonly children: JSX.Element }) {
  return (
    <div>
      <dt class="text-12 text-text-3">{props.term}</dt>
      <dd class="wrap-anywhere numbers">{props.children}</dd>
    </div>
  )
}
