import { useMutation } from '@tanstack/solid-query'
import Plus from 'lucide-solid/icons/plus'
import { Show } from 'solid-js'
import type { MetaView } from '../../../../server/admin/contract/meta.ts'
import type { ModelList } from '../../../../server/admin/contract/models.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { MayChange } from '../../api/may-change.tsx'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { Choice, PasswordField, SelectField, TextField } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { type Client, type System, systems } from './client.ts'
import { addresses, addressFault, keyPlace, otherAddress, type PlaceForm } from './place.ts'
import { isPlainKey } from './spelling.ts'

type Props = {
  readonly form: PlaceForm
  readonly client: Client
  readonly reached: MetaView['reached']
  readonly models: ModelList['models'] | undefined
  readonly model: string
  readonly onChange: (part: Partial<PlaceForm>) => void
}

/** What the snippets are filled in with. */
export function PlaceFields(props: Props) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const create = useMutation(() => ({
    mutationFn: (name: string) => api.createKey({ name }),
    onSuccess: async ({ key, name }) => {
      props.onChange({ key, keyName: name })
      await refresh('keys')
    },
  }))
  const fault = (): string | undefined => {
    const key = addressFault(props.form)
    return key && t(key)
  }
  return (
    <div class="flex flex-col gap-4">
      <div class="grid items-start gap-4 md:grid-cols-2">
        <SelectField
          label={t('integrations.address')}
          options={[
            ...addresses(location.origin, props.reached).map(({ url, from }) => ({
              value: url,
              text: `${url} (${t(from)})`,
            })),
            { value: otherAddress, text: t('integrations.addressOther') },
          ]}
          value={props.form.address}
          onChange={(address) => props.onChange({ address })}
        />
        <SelectField
          label={t('integrations.model')}
          options={
            (props.models ?? []).length === 0
              ? [{ value: props.model, text: props.model }]
              : (props.models ?? []).map(({ id }) => ({ value: id, text: id }))
          }
          value={props.model}
          onChange={(model) => props.onChange({ model })}
        />
      </div>
      <Show when={props.form.address === otherAddress}>
        <TextField
          label={t('integrations.addressOwn')}
          help={t('integrations.addressOwnHelp')}
          mono
          type="url"
          autocapitalize="none"
          value={props.form.own}
          onInput={(event) => props.onChange({ own: event.currentTarget.value })}
          error={fault()}
        />
      </Show>
      <Show
        when={props.form.keyName}
        fallback={
          <div class="flex flex-wrap items-start gap-3">
            <div class="min-w-60 flex-1">
              <PasswordField
                label={t('integrations.key')}
                help={t('integrations.keyHelp', { place: keyPlace })}
                optional
                mono
                value={props.form.key}
                onInput={(event) => props.onChange({ key: event.currentTarget.value })}
                error={props.form.key !== '' && !isPlainKey(props.form.key) ? t('integrations.keyOdd') : undefined}
              />
            </div>
            <MayChange>
              <Button icon={Plus} class="mt-6" busy={create.isPending} onClick={() => create.mutate(props.client.name)}>
                {t('integrations.keyCreate')}
              </Button>
            </MayChange>
          </div>
        }
      >
        {(name) => (
          <Banner tone="success" action={<CopyButton text={props.form.key} label={t('integrations.keyCopy')} />}>
            {t('integrations.keyCreated', { name: name() })}
          </Banner>
        )}
      </Show>
      <Show when={create.error}>
        <Banner tone="danger">
          {t('integrations.keyFailed')} {errorText(create.error, t)}
        </Banner>
      </Show>
      <Show when={props.models?.length === 0}>
        <Banner tone="warning">{t('integrations.modelsEmpty')}</Banner>
      </Show>
      <Show when={props.client.bySystem}>
        <Choice<System>
          label={t('integrations.system')}
          value={props.form.system}
          options={systems.map((system) => ({ value: system, text: t(`integrations.system.${system}`) }))}
          onChange={(system) => props.onChange({ system })}
        />
      </Show>
    </div>
  )
}
