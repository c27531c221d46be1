import { useNavigate } from '@solidjs/router'
import { useMutation, useQuery, useQueryClient } from '@tanstack/solid-query'
import LogOut from 'lucide-solid/icons/log-out'
import { createSignal, Show } from 'solid-js'
import type { SignedInView } from '../../../../server/admin/contract/operators.ts'
import { care, careQueries } from '../../api/care.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { deviceName, personText } from './device.ts'
import { Listed } from './listed.tsx'
import { Part } from './part.tsx'
import { Tag } from './setting-row.tsx'

/** Who is signed in, and from where; each can be ended. */
export function SignIns() {
  const { t, format } = useI18n()
  const navigate = useNavigate()
  const client = useQueryClient()
  const now = createClock(30_000)
  const list = useQuery(() => careQueries.signIns())
  const [asking, setAsking] = createSignal(false)
  const reread = (): Promise<void> => client.invalidateQueries({ queryKey: ['sign-ins'] })
  const nameOf = (one: SignedInView): string => deviceName(one.userAgent) ?? t('settings.sessions.unknownDevice')
  const end = useMutation(() => ({
    mutationFn: (one: SignedInView) => care.endSignIn(one.id),
    onSuccess: (_answer, one) => showToast({ tone: 'info', text: t('settings.sessions.ended', { name: nameOf(one) }) }),
    onError: (error) =>
      showToast({ tone: 'error', text: t('settings.sessions.endFailed'), detail: errorText(error, t) }),
    onSettled: reread,
  }))
  const endOthers = useMutation(() => ({
    mutationFn: api.endOtherSessions,
    onSuccess: () => {
      setAsking(false)
      showToast({ tone: 'info', text: t('settings.sessions.othersEnded') })
    },
    onSettled: reread,
  }))
  const sessions = (): readonly SignedInView[] => dataOf(list)?.sessions ?? []
  const Device = (props: { readonly one: SignedInView }) => (
    <span class="inline-flex flex-wrap items-center gap-2">
      <span title={props.one.userAgent}>{nameOf(props.one)}</span>
      <Show when={props.one.current}>
        <Tag tone="accent" text={t('settings.sessions.this')} />
      </Show>
      <Show when={sessions().some(({ user }) => user !== sessions()[0]?.user)}>
        <span class="text-12 text-text-3">{personText(props.one.user, t)}</span>
      </Show>
    </span>
  )
  const End = (props: { readonly one: SignedInView }) => (
    <Show when={!props.one.current}>
      <Button
        look="quiet"
        icon={LogOut}
        aria-label={t('settings.sessions.endNamed', {
          name: nameOf(props.one),
          address: props.one.address,
          time: format().exact(Date.parse(props.one.signedInAt)),
        })}
        busy={end.isPending && end.variables?.id === props.one.id}
        onClick={() => end.mutate(props.one)}
      >
        {t('settings.sessions.end')}
      </Button>
    </Show>
  )
  return (
    <Part
      title={t('settings.sessions.title')}
      lead={t('settings.sessions.lead')}
      action={
        <>
          <Button onClick={() => navigate('/password')}>{t('settings.sessions.password')}</Button>
          <Button
            onClick={() => {
              endOthers.reset()
              setAsking(true)
            }}
          >
            {t('settings.sessions.endOthers')}
          </Button>
        </>
      }
    >
      <Listed read={list} rows={2} failed={t('settings.sessions.failed')}>
        <DataTable
          items={sessions()}
          columns={[
            { text: t('settings.sessions.column.device') },
            { text: t('settings.sessions.column.address') },
            { text: t('settings.sessions.column.since'), value: ({ signedInAt }) => signedInAt },
            { text: t('settings.sessions.column.seen'), value: ({ lastSeenAt }) => lastSeenAt },
          ]}
          actions={t('settings.sessions.column.actions')}
          cells={(one) => (
            <>
              <td class="px-3">
                <Device one={one} />
              </td>
              <td class="numbers px-3">{one.address}</td>
              <td class="px-3">
                <TimeAgo at={one.signedInAt} now={now} never="" />
              </td>
              <td class="px-3">
                <TimeAgo at={one.lastSeenAt} now={now} never="" />
              </td>
              <td class="px-3 text-right">
                <End one={one} />
              </td>
            </>
          )}
          card={(one) => (
            <div class="flex items-start justify-between gap-2">
              <div class="min-w-0">
                <Device one={one} />
                <p class="numbers text-12 text-text-3">
                  {one.address} · <TimeAgo at={one.lastSeenAt} now={now} never="" />
                </p>
              </div>
              <End one={one} />
            </div>
          )}
        />
      </Listed>
      <ConfirmDialog
        open={asking()}
        onClose={() => setAsking(false)}
        title={t('settings.sessions.endOthersTitle')}
        text={t('settings.sessions.endOthersText')}
        action={t('settings.sessions.endOthers')}
        busy={endOthers.isPending}
        error={endOthers.error ? errorText(endOthers.error, t) : undefined}
        onConfirm={() => endOthers.mutate()}
      />
    </Part>
  )
}
