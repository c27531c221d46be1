import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import type { LimitsPatch } from '../../../../server/admin/contract/limits.ts'
import type { UserView } from '../../../../server/admin/contract/users.ts'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { type AccessValues, accessFaults, accessValues, sentAccess } from './access-set.ts'
import { localTime, sentTime } from './amount.ts'
import { type LimitValues, limitValues, sentLimits } from './limit-values.ts'

/** What the forms of users and keys hold, as typed. A key has no e-mail and no priority; one user has no count. */
export type FormValues = LimitValues &
  AccessValues & {
    readonly name: string
    readonly expires_at: string
    readonly notes: string
    readonly email: string
    readonly priority: string
    readonly count: string
    /** Of keys alone, as the next two. */
    readonly compression: string
    readonly repair: string
    readonly dry_run: string
  }

/** A user or a key as a form has it; undefined: a new one. `models`: those that can be picked. */
export const formValues = (held: UserView | KeyView | undefined, models: readonly string[]): FormValues => ({
  name: held?.name ?? '',
  email: held && 'email' in held ? (held.email ?? '') : '',
  priority: held && 'priority' in held ? String(held.priority) : '0',
  count: '10',
  ...limitValues(held),
  ...accessValues(held, models),
  expires_at: localTime(held?.expires_at ?? null),
  notes: held?.notes ?? '',
  compression: held && 'compression' in held ? held.compression : 'inherit',
  repair: held && 'repair' in held && held.repair !== null ? String(held.repair) : 'inherit',
  dry_run: String(held !== undefined && 'dry_run' in held && held.dry_run),
})

/** What is sent of a key. What is empty takes away. */
export const sentKey = (values: FormValues) => ({
  ...sentBoth(values),
  compression: values.compression,
  repair: values.repair === 'inherit' ? null : values.repair === 'true',
  dry_run: values.dry_run === 'true',
})

const sentBoth = (values: FormValues) => ({
  name: values.name.trim(),
  expires_at: sentTime(values.expires_at),
  notes: values.notes.trim(),
  ...sentAccess(values),
  ...(sentLimits(values) as LimitsPatch),
})

export const sentUser = (values: FormValues) => ({
  ...sentBoth(values),
  email: values.email.trim(),
  priority: Number(values.priority),
})

/** What something new need not be told: what is empty or nothing. */
export const filledOf = (body: object): object =>
  Object.fromEntries(
    Object.entries(body).filter(
      ([name, value]) =>
        name === 'name' ||
        !(
          value === '' ||
          value === 0 ||
          value === null ||
          value === 'inherit' ||
          (Array.isArray(value) && value.length === 0)
        ),
    ),
  )

/** Only what differs from how it was, so that nobody's change of something else is undone. */
export const changesOf = <Body extends object>(body: Body, before: Body): Partial<Body> =>
  Object.fromEntries(
    Object.entries(body).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof Body]),
    ),
  ) as Partial<Body> // members of the body

/** What the server's schema cannot say. */
export function faultTexts(
  values: FormValues,
  t: (key: PlainKey) => string,
): Readonly<Record<string, string | undefined>> {
  const { account_ids, models } = accessFaults(values)
  return {
    ...(values.name.trim() === '' ? { name: t('common.required') } : {}),
    ...(account_ids === undefined ? {} : { account_ids: t(account_ids) }),
    ...(models === undefined ? {} : { models: t(models) }),
  }
}
