import { useSearchParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import Plus from 'lucide-solid/icons/plus'
import Route from 'lucide-solid/icons/route'
import { createEffect, createSignal, Match, Show, Switch } from 'solid-js'
import type { ProxyView } from '../../../server/admin/contract/proxies.ts'
import { errorText } from '../api/error-text.ts'
import { createMayChange, MayChange } from '../api/may-change.tsx'
import { dataOf, queries } from '../api/queries.ts'
import { Button } from '../components/button.tsx'
import { ConfirmDialog } from '../components/dialog.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { usePaletteActions } from '../components/palette-actions.tsx'
import { focusRow } from '../components/row-keys.ts'
import { EmptyState, ErrorState, Skeleton } from '../components/states.tsx'
import { OutboundSettings } from '../features/proxies/outbound.tsx'
import { createProxyActions } from '../features/proxies/proxy-actions.tsx'
import { ProxyDialog } from '../features/proxies/proxy-dialog.tsx'
import { ProxyListView } from '../features/proxies/proxy-list.tsx'
import { useI18n } from '../i18n/i18n.tsx'

/** Do the outgoing ways work, and who uses which? */
export default function ProxiesPage() {
  const { t, format } = useI18n()
  const session = useQuery(() => queries.session())
  const list = useQuery(() => queries.proxies())
  const settings = useQuery(() => queries.settings())
  const data = () => dataOf(list)
  const actions = createProxyActions()
  const [open, setOpen] = createSignal<'form' | 'off' | 'remove'>()
  // Kept when its dialog closes: the text must not change while the dialog fades away.
  const [subject, setSubject] = createSignal<ProxyView>()
  const show = (dialog: 'form' | 'off' | 'remove', proxy: ProxyView | undefined): void => {
    setSubject(proxy)
    setOpen(dialog)
  }
  const close = (): void => {
    setOpen(undefined)
  }
  const named = () => ({ name: subject()?.name ?? '' })
  const users = (): number => subject()?.account_count ?? 0
  const counted = () => ({ count: format().number(users()) })
  const usable = (): number | undefined => data()?.proxies.filter(({ enabled }) => enabled).length

  const answer = (): string => {
    const proxies = data()?.proxies ?? []
    if (proxies.length === 0) return t('proxies.lead')
    const up = proxies.filter(({ enabled, state }) => enabled && state === 'up').length
    return t('proxies.answer', { up: format().number(up), total: format().number(proxies.length) })
  }
  const enable = (proxy: ProxyView, enabled: boolean): void => {
    if (!enabled && proxy.account_count > 0) show('off', proxy)
    else actions.enable.mutate({ proxy, enabled })
  }
  const [sought, setSought] = useSearchParams<{ proxy?: string }>()
  createEffect(() => {
    const { proxy } = sought
    if (!proxy || !data()) return
    setSought({ proxy: undefined }, { replace: true })
    focusRow(proxy)
  })
  const mayChange = createMayChange()
  usePaletteActions(() =>
    mayChange()
      ? [
          {
            id: 'proxies.add',
            writes: true,
            text: t('proxies.add'),
            icon: Plus,
            keys: 'n',
            run: () => show('form', undefined),
          },
        ]
      : [],
  )
  const add = (
    <Button look="primary" icon={Plus} onClick={() => show('form', undefined)}>
      {t('proxies.add')}
    </Button>
  )
  return (
    <>
      <PageHeader title={t('proxies.title')} app={dataOf(session)?.name ?? ''} answer={answer()}>
        <MayChange>{add}</MayChange>
      </PageHeader>
      <Switch>
        <Match when={settings.isPending}>
          <Skeleton rows={2} label={t('common.loading')} />
        </Match>
        <Match when={!dataOf(settings) && settings.error}>
          <ErrorState
            text={t('proxies.settingsFailed')}
            detail={errorText(settings.error, t)}
            retry={t('common.retry')}
            busy={settings.isFetching}
            onRetry={() => void settings.refetch()}
          />
        </Match>
        <Match when={dataOf(settings)}>{(shown) => <OutboundSettings settings={shown()} usable={usable()} />}</Match>
      </Switch>
      <Show when={list.error}>
        <ErrorState
          text={t('proxies.failed')}
          detail={errorText(list.error, t)}
          retry={t('common.retry')}
          busy={list.isFetching}
          onRetry={() => void list.refetch()}
        />
      </Show>
      <Switch>
        <Match when={list.isPending}>
          <Skeleton rows={3} label={t('common.loading')} />
        </Match>
        <Match when={data()?.proxies.length === 0}>
          <EmptyState icon={Route} text={t('proxies.empty')} />
        </Match>
        <Match when={data()}>
          {(shown) => (
            <ProxyListView
              proxies={shown().proxies}
              actions={actions}
              onEnable={enable}
              onEdit={(proxy) => show('form', proxy)}
              onRemove={(proxy) => {
                actions.remove.reset()
                show('remove', proxy)
              }}
            />
          )}
        </Match>
      </Switch>
      <ProxyDialog open={open() === 'form'} proxy={subject()} onClose={close} />
      <ConfirmDialog
        open={open() === 'off'}
        onClose={close}
        title={t('proxies.offTitle', named())}
        text={t(`proxies.offText.${format().form(users())}`, counted())}
        action={t('proxies.offAction')}
        onConfirm={() => {
          const proxy = subject()
          close()
          if (proxy) actions.enable.mutate({ proxy, enabled: false })
        }}
      />
      <ConfirmDialog
        open={open() === 'remove'}
        onClose={close}
        title={t('proxies.removeTitle', named())}
        text={
          users() === 0 ? t('proxies.removeText.none') : t(`proxies.removeText.${format().form(users())}`, counted())
        }
        action={t('proxies.removeAction')}
        busy={actions.remove.isPending}
        error={
          actions.remove.error
            ? `${t('proxies.removeFailed', named())} ${errorText(actions.remove.error, t)}`
            : undefined
        }
        onConfirm={() => {
          const proxy = subject()
          if (proxy) actions.remove.mutate(proxy, { onSuccess: close })
        }}
      />
    </>
  )
}
