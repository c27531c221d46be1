import { type JSX, Match, Switch } from 'solid-js'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

type Read<Data> = {
  readonly isPending: boolean
  readonly isFetching: boolean
  readonly error: unknown
  readonly data: Data | undefined
  readonly refetch: () => unknown
}

/** A list of the settings in its four states: on its way, not to be had, empty, full. */
export function Listed<Data>(props: {
  readonly read: Read<Data>
  readonly rows: number
  readonly failed: string
  /** Said in place of a list without entries. */
  readonly empty?: string | false
  readonly children: JSX.Element
}) {
  const { t } = useI18n()
  return (
    <Switch>
      <Match when={props.read.isPending}>
        <Skeleton rows={props.rows} label={t('common.loading')} />
      </Match>
      <Match when={!dataOf(props.read) && props.read.error}>
        <ErrorState
          text={props.failed}
          detail={errorText(props.read.error, t)}
          retry={t('common.retry')}
          busy={props.read.isFetching}
          onRetry={() => void props.read.refetch()}
        />
      </Match>
      <Match when={props.empty}>
        <p class="text-text-3">{props.empty}</p>
      </Match>
      <Match when={dataOf(props.read)}>{props.children}</Match>
    </Switch>
  )
}
