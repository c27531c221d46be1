import CircleCheck from 'lucide-solid/icons/circle-check'
import CirclePause from 'lucide-solid/icons/circle-pause'
import Hourglass from 'lucide-solid/icons/hourglass'
import OctagonX from 'lucide-solid/icons/octagon-x'
import { type Accessor, For, type JSX, Show } from 'solid-js'
import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import { createMayChange, MayChange } from '../../api/may-change.tsx'
import { Badge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import type { Icon } from '../../components/icon.ts'
import { Switch } from '../../components/switch.tsx'
import { Time } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { removedName } from './access-field.tsx'
import { type AccountChoice, servedByNobody, splitSet } from './access-set.ts'
import type { KeyActions } from './key-actions.tsx'
import { keyMask } from './key-mask.ts'
import { limitFields } from './limit-values.ts'
import { StandingMeter } from './standing-meter.tsx'
import { amountShown } from './standing-text.ts'
import { isPast, type KeyState, keyState, standingNow } from './user-state.ts'

export type KeyHandlers = {
  readonly actions: KeyActions
  readonly onEdit: (item: KeyView) => void
  readonly onRotate: (item: KeyView) => void
  readonly onHandOver: (item: KeyView) => void
  readonly onRevoke: (item: KeyView) => void
}
type Props = KeyHandlers & {
  readonly item: KeyView
  readonly now: Accessor<number>
  /** To name those of a key; undefined while they are not known. */
  readonly accounts: readonly AccountChoice[] | undefined
  /** The gateway's own: nobody holds it, so there is nothing to hand over, rotate or revoke. */
  readonly internal?: boolean
}

const icons = {
  active: CircleCheck,
  disabled: CirclePause,
  expired: Hourglass,
  reached: OctagonX,
} as const satisfies Record<KeyState, Icon>
const tones = { active: 'success', disabled: 'neutral', expired: 'warning', reached: 'danger' } as const

/** All that is known of one key, and what can be done to it. */
export function KeyCard(props: Props) {
  const { t, format } = useI18n()
  const mayChange = createMayChange()
  const state = () => keyState(props.item, props.now())
  const when = (at: string): string => format().dateTime(parseTime(at) ?? 0)
  return (
    <li class="flex flex-col gap-2 rounded-lg border border-border p-3" data-key={props.item.id}>
      <div class="flex items-start justify-between gap-2">
        <div class="min-w-0">
          <p class="wrap-anywhere font-medium">{props.item.name}</p>
          <Show when={!props.internal}>
            <p class="font-mono text-12 text-text-2">{keyMask(props.item)}</p>
          </Show>
        </div>
        <div class="flex shrink-0 items-center gap-1">
          <Badge tone={tones[state()]} icon={icons[state()]} text={t(`keys.state.${state()}`)} />
          <Switch
            label={t('keys.on', { name: props.item.name })}
            checked={props.item.enabled}
            disabled={!mayChange()}
            onChange={(enabled) => props.actions.enable.mutate({ item: props.item, enabled })}
          />
        </div>
      </div>
      <p class="text-12 text-text-3">
        <Dotted>
          <Time at={props.item.created_at}>
            {t('keys.created', { time: format().relative(parseTime(props.item.created_at) ?? 0, props.now()) })}
          </Time>
          <Show when={props.item.last_used_at} fallback={t('keys.neverUsed')}>
            {(at) => (
              <Time at={at()}>
                {t('keys.lastUsed', { time: format().relative(parseTime(at()) ?? 0, props.now()) })}
              </Time>
            )}
          </Show>
          <Show when={props.item.expires_at}>
            {(at) => <Time at={at()}>{t('keys.expires', { time: when(at()) })}</Time>}
          </Show>
        </Dotted>
      </p>
      <Rights {...props} />
      <For each={props.item.standings}>
        {(standing) => <StandingMeter standing={standingNow(standing, props.now())} now={props.now()} />}
      </For>
      <Show when={props.item.previous_until !== null && !isPast(props.item.previous_until, props.now())}>
        <Note
          text={
            <Time at={props.item.previous_until}>
              {t('keys.previous', { time: when(props.item.previous_until ?? '') })}
            </Time>
          }
        >
          <MayChange>
            <Button
              look="quiet-danger"
              busy={props.actions.endPrevious.isPending}
              onClick={() => props.actions.endPrevious.mutate(props.item)}
            >
              {t('keys.endPrevious')}
              <span class="sr-only">: {props.item.name}</span>
            </Button>
          </MayChange>
        </Note>
      </Show>
      <LinkNote {...props} />
      <MayChange>
        <KeyTools {...props} />
      </MayChange>
    </li>
  )
}

function Dotted(props: { children: JSX.Element }) {
  const parts = (): readonly JSX.Element[] => (Array.isArray(props.children) ? props.children : [props.children])
  return (
    <For each={parts()}>
      {(part, index) => (
        <span class="before:content-['·'] before:mx-1.5 empty:hidden" classList={{ 'before:hidden': index() === 0 }}>
          {part}
        </span>
      )}
    </For>
  )
}

function Note(props: { text: JSX.Element; children: JSX.Element }) {
  return (
    <div class="flex items-center justify-between gap-x-3 rounded-md bg-surface-2 py-1 pr-1 pl-3 text-12">
      <span class="min-w-0 py-1">{props.text}</span>
      {props.children}
    </div>
  )
}

function LinkNote(props: Props) {
  const { t, format } = useI18n()
  return (
    <Show when={props.item.hand_over}>
      {(link) => (
        <Show
          when={link().opened_at === null}
          fallback={
            <p class="text-12 text-text-3">
              <Time at={link().opened_at}>
                {t('keys.linkOpened', {
                  time: format().relative(parseTime(link().opened_at) ?? 0, props.now()),
                })}
              </Time>
            </p>
          }
        >
          <Note
            text={
              <Time at={link().expires_at}>
                {isPast(link().expires_at, props.now())
                  ? t('keys.linkExpired')
                  : t('keys.linkOpen', { time: format().dateTime(parseTime(link().expires_at) ?? 0) })}
              </Time>
            }
          >
            <MayChange>
              <Button
                look="quiet-danger"
                busy={props.actions.withdraw.isPending}
                onClick={() => props.actions.withdraw.mutate(props.item)}
              >
                {t('keys.withdraw')}
                <span class="sr-only">: {props.item.name}</span>
              </Button>
            </MayChange>
          </Note>
        </Show>
      )}
    </Show>
  )
}

/** A longer set is cut; the whole of it is in the title and in the dialog. */
const mostNamed = 3

/** What holds for this key alone: models, accounts, and limits that are not of a day or a month. */
function Rights(props: Props) {
  const { t, format } = useI18n()
  const accountNames = (): readonly string[] => {
    const { present, removed } = splitSet(props.item.account_ids, props.accounts ?? [])
    const sorted = present.map(({ name }) => name).toSorted(format().compare)
    return [...sorted, ...removed.map((id) => removedName(id, t))]
  }
  const cut = (names: readonly string[]): string =>
    names.length <= mostNamed
      ? format().list(names)
      : t('keys.accountsMore', {
          names: names.slice(0, mostNamed).join(t('common.separator')),
          count: format().number(names.length - mostNamed),
        })
  const plain = () =>
    limitFields.filter((name) => (name === 'rate_limit_rpm' || name === 'concurrency') && props.item[name] > 0)
  return (
    <dl class="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-12 empty:hidden">
      <Show when={props.item.models.length > 0}>
        <dt class="text-text-3">{t('users.models')}</dt>
        <dd class="wrap-anywhere" title={format().list(props.item.models)}>
          {cut(props.item.models)}
        </dd>
      </Show>
      <Show when={props.item.account_ids.length > 0}>
        <dt class="text-text-3">{t('users.accounts')}</dt>
        <dd class="wrap-anywhere" title={props.accounts && format().list(accountNames())}>
          {props.accounts === undefined
            ? t('keys.accountsCount', { count: format().number(props.item.account_ids.length) })
            : cut(accountNames())}
          <Show when={servedByNobody(props.item.account_ids, props.accounts)}>
            <span class="block text-warning">{t('keys.servedByNobody')}</span>
          </Show>
        </dd>
      </Show>
      <For each={plain()}>
        {(name) => (
          <>
            <dt class="text-text-3">{t(`users.limit.${name}`)}</dt>
            <dd class="numbers">{amountShown('request_quota', props.item[name], format())}</dd>
          </>
        )}
      </For>
      <Show when={props.item.notes}>
        {(notes) => (
          <>
            <dt class="text-text-3">{t('users.notes')}</dt>
            <dd class="wrap-anywhere">{notes()}</dd>
          </>
        )}
      </Show>
    </dl>
  )
}

/** Buttons, not a menu: the drawer around them keeps the focus to itself. */
function KeyTools(props: Props) {
  const { t } = useI18n()
  return (
    <div class="-mx-2 flex flex-wrap gap-x-1">
      <Tool text={t('users.edit')} name={props.item.name} onClick={() => props.onEdit(props.item)} />
      <Show when={!props.internal}>
        <Tool text={t('keys.rotate')} name={props.item.name} onClick={() => props.onRotate(props.item)} />
        <Tool text={t('keys.handOver')} name={props.item.name} onClick={() => props.onHandOver(props.item)} />
        <Tool text={t('keys.revoke')} name={props.item.name} danger onClick={() => props.onRevoke(props.item)} />
      </Show>
    </div>
  )
}

function Tool(props: { text: string; name: string; danger?: boolean; onClick: () => void }) {
  return (
    <Button
      look={props.danger ? 'quiet-danger' : 'quiet'}
      class="px-2 text-13"
      aria-label={`${props.text}: ${props.name}`}
      onClick={() => props.onClick()}
    >
      {props.text}
    </Button>
  )
}
