import { Show } from 'solid-js'
import { SelectField, TextArea, TextField } from '../../components/field.tsx'
import type { Form } from '../../components/form.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { AccessFields, type Accounts } from './access-field.tsx'
import { LimitFields } from './limit-fields.tsx'
import { priorityOptions } from './priority.ts'
import type { FormValues } from './user-values.ts'

/** What the fields need besides the form. */
export type Choices = { readonly accounts: Accounts; readonly models: readonly string[] }
type Props = Choices & { readonly form: Form<FormValues> }

/** Everything that can be set of a user but its name. `many`: of users who have no address of their own. */
export function UserFields(props: Props & { readonly many?: boolean }) {
  const { t } = useI18n()
  return (
    <>
      <Show when={!props.many}>
        <TextField label={t('users.email')} type="email" optional {...props.form.text('email')} />
      </Show>
      <LimitFields form={props.form} legend={t('users.limits')} help={t('users.limitsHelp')} />
      <SelectField
        label={t('users.priority')}
        help={t('users.priorityHelp')}
        value={props.form.values.priority}
        options={priorityOptions(t)}
        onChange={(value) => props.form.set('priority', value)}
      />
      <Access {...props} />
      <Ends {...props} />
    </>
  )
}

/** The same of a key. */
export function KeyFields(props: Props) {
  const { t } = useI18n()
  return (
    <>
      <Access {...props} />
      <LimitFields form={props.form} legend={t('keys.limitsOwn')} help={t('keys.limitsHelp')} />
      <SelectField
        label={t('keys.compression')}
        help={t('keys.compressionHelp')}
        value={props.form.values.compression}
        options={compressions.map((value) => ({ value, text: t(`keys.compression.${value}`) }))}
        onChange={(value) => props.form.set('compression', value)}
      />
      <SelectField
        label={t('keys.repair')}
        help={t('keys.repairHelp')}
        value={props.form.values.repair}
        options={repairs.map((value) => ({ value, text: t(`keys.repair.${value}`) }))}
        onChange={(value) => props.form.set('repair', value)}
      />
      <SelectField
        label={t('keys.dryRun')}
        help={t('keys.dryRunHelp')}
        value={props.form.values.dry_run}
        options={[
          { value: 'false', text: t('keys.dryRun.no') },
          { value: 'true', text: t('keys.dryRun.yes') },
        ]}
        onChange={(value) => props.form.set('dry_run', value)}
      />
      <Ends {...props} />
    </>
  )
}

const compressions = ['inherit', 'off', 'overflow', 'share'] as const
const repairs = ['inherit', 'true', 'false'] as const

function Access(props: Props) {
  return (
    <AccessFields
      values={props.form.values}
      accounts={props.accounts}
      models={props.models}
      error={props.form.error}
      onChange={({ onlyAccounts, account_ids, onlyModels, models, patterns }) => {
        if (onlyAccounts !== undefined) props.form.set('onlyAccounts', onlyAccounts)
        if (account_ids !== undefined) props.form.set('account_ids', account_ids)
        if (onlyModels !== undefined) props.form.set('onlyModels', onlyModels)
        if (models !== undefined) props.form.set('models', models)
        if (patterns !== undefined) props.form.set('patterns', patterns)
      }}
    />
  )
}

function Ends(props: Props) {
  const { t } = useI18n()
  return (
    <>
      <TextField
        label={t('users.expires')}
        help={t('users.expiresHelp')}
        type="datetime-local"
        optional
        {...props.form.text('expires_at')}
      />
      <TextArea label={t('users.notes')} rows={2} optional {...props.form.text('notes')} />
    </>
  )
}
