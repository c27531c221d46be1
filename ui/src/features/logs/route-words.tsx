import { createMemo, For, Show } from 'solid-js'
import type { RequestDetail } from '../../../../server/admin/contract/logs.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { accountCalled } from '../../lib/account-name.ts'
import { byKey, isAble, verdictText } from '../routing/words.ts'
import { Section } from './section.tsx'

/** Why this account was chosen, and why the others were not: the route record in plain words. */
export function RouteWords(props: { readonly request: RequestDetail }) {
  const { t, format } = useI18n()
  const route = () => props.request.route
  const nameOf = (id: string): string => accountCalled(props.request.account_names[id], id)
  const chosen = () => route().considered.find(({ verdict }) => verdict === 'chosen')
  const others = createMemo(() => {
    const groups = Map.groupBy(
      route().considered.filter(({ verdict }) => verdict !== 'chosen'),
      ({ verdict }) => verdict,
    )
    // Those that could have served first: they are what "why not" is about.
    return [...groups].toSorted(
      ([a, one], [b, two]) => Number(isAble(b)) - Number(isAble(a)) || two.length - one.length,
    )
  })
  const why = (): string => {
    const winner = chosen()
    const key = byKey(route().by)
    if (winner === undefined) return route().considered.length === 0 ? t('logs.why.nobodyAsked') : t('logs.why.nobody')
    const name = nameOf(winner.accountId)
    return key === undefined ? t('logs.why.chosen', { name }) : t('logs.why.because', { name, reason: t(key) })
  }
  const left = () => route().left ?? []
  return (
    <Section title={t('logs.section.why')}>
      <p>{why()}</p>
      <Show when={movedOn(props.request)}>
        <p class="text-text-2">{t('logs.why.moved')}</p>
      </Show>
      <Groups
        groups={others()}
        nameOf={nameOf}
        title={t('logs.why.others', { count: format().number(countOf(others())) })}
      />
      <Show when={left().length > 0}>
        <Groups
          groups={[...Map.groupBy(left(), ({ verdict }) => verdict)]}
          nameOf={nameOf}
          title={t('logs.why.left')}
        />
      </Show>
    </Section>
  )
}

/** An attempt failed and another account was asked: further turns of the model are no such thing. */
const movedOn = ({ route }: RequestDetail): boolean =>
  route.attempts.slice(0, -1).some(({ outcome }) => outcome !== 'ok')

type Group = readonly [verdict: string, accounts: readonly { readonly accountId: string }[]]
const countOf = (groups: readonly Group[]): number => groups.reduce((sum, [, accounts]) => sum + accounts.length, 0)
const mostNamed = 6

function Groups(props: {
  readonly groups: readonly Group[]
  readonly nameOf: (id: string) => string
  readonly title: string
}) {
  const { t, format } = useI18n()
  const names = (accounts: Group[1]): string => {
    const shown = accounts.slice(0, mostNamed).map(({ accountId }) => props.nameOf(accountId))
    const more = accounts.length - shown.length
    return format().list(more > 0 ? [...shown, t('logs.why.more', { count: format().number(more) })] : shown)
  }
  return (
    <Show when={props.groups.length > 0}>
      <details class="text-13">
        <summary class="control inline-flex cursor-pointer items-center text-accent-text">{props.title}</summary>
        <dl class="mt-1 flex flex-col gap-1.5">
          <For each={props.groups}>
            {([verdict, accounts]) => (
              <div>
                <dt class="numbers">
                  {format().number(accounts.length)} · {verdictText(verdict, t)}
                </dt>
                <dd class="wrap-anywhere text-12 text-text-2">{names(accounts)}</dd>
              </div>
            )}
          </For>
        </dl>
      </details>
    </Show>
  )
}
