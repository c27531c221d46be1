import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { Show } from 'solid-js'
import type { ModelList } from '../../../../server/admin/contract/models.ts'
import { dataOf, queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Checkbox, SelectField, TextArea, TextField } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { fullName } from '../accounts/status.ts'
import { apiNames, apis, type ChatSettings, efforts } from './chat.ts'
import { bounds, type SettingsFaults } from './request.ts'

type Props = {
  readonly settings: ChatSettings
  readonly faults: SettingsFaults
  readonly models: ModelList['models'] | undefined
  /** The one that is asked now. */
  readonly model: string | undefined
  readonly onChange: (part: Partial<ChatSettings>) => void
}

/** What a chat asks, and how. */
export function SettingsPanel(props: Props) {
  const { t } = useI18n()
  const fault = (name: keyof SettingsFaults): string | undefined => {
    const key = props.faults[name]
    return key && t(key)
  }
  const every = useQuery(() => queries.everyAccount())
  const accounts = () => (dataOf(every) ?? []).map((account) => ({ value: account.id, text: fullName(account) }))
  const model = () => props.models?.find(({ id }) => id === props.model)
  return (
    <div class="flex flex-col gap-4">
      <SelectField
        label={t('playground.model')}
        help={model()?.description || undefined}
        options={(props.models ?? []).map(({ id }) => ({ value: id, text: id }))}
        value={props.model ?? ''}
        onChange={(value) => props.onChange({ model: value })}
      />
      <Show when={props.models?.length === 0}>
        <Banner tone="warning" action={<A href="/accounts">{t('nav.accounts')}</A>}>
          {t('playground.modelsEmpty')}
        </Banner>
      </Show>
      <SelectField
        label={t('playground.api')}
        options={apis.map((api) => ({ value: api, text: apiNames[api] }))}
        value={props.settings.api}
        onChange={(value) => {
          const api = apis.find((known) => known === value)
          if (api) props.onChange({ api })
        }}
      />
      <SelectField
        label={t('playground.account')}
        options={[{ value: '', text: t('playground.accountAny') }, ...accounts()]}
        value={props.settings.account}
        onChange={(account) => props.onChange({ account })}
      />
      <TextArea
        label={t('playground.system')}
        optional
        rows={3}
        spellcheck
        value={props.settings.system}
        onInput={(event) => props.onChange({ system: event.currentTarget.value })}
        error={fault('system')}
      />
      <div class="grid grid-cols-2 gap-3">
        <TextField
          label={t('playground.maxTokens')}
          type="number"
          inputmode="numeric"
          min={bounds.maxTokens[0]}
          max={bounds.maxTokens[1]}
          value={numberText(props.settings.maxTokens)}
          onInput={(event) => props.onChange({ maxTokens: event.currentTarget.valueAsNumber })}
          error={fault('maxTokens')}
        />
        <TextField
          label={t('playground.temperature')}
          type="number"
          inputmode="decimal"
          min={bounds.temperature[0]}
          max={bounds.temperature[1]}
          step={0.1}
          placeholder={t('playground.temperatureOwn')}
          help={t('playground.temperatureHelp')}
          disabled={props.settings.thinking}
          value={props.settings.thinking ? '' : numberText(props.settings.temperature)}
          onInput={(event) => {
            const { value, valueAsNumber } = event.currentTarget
            props.onChange({ temperature: value === '' ? null : valueAsNumber })
          }}
          error={fault('temperature')}
        />
      </div>
      <div class="flex flex-col gap-2">
        <Checkbox
          label={t('playground.think')}
          checked={props.settings.thinking}
          onChange={(thinking) => props.onChange({ thinking })}
        />
        <Show when={props.settings.thinking}>
          <Show when={model()?.thinking === false}>
            <p class="text-12 text-warning">{t('playground.thinkNot')}</p>
          </Show>
          <Show
            when={props.settings.api === 'messages'}
            fallback={
              <SelectField
                label={t('playground.effort')}
                options={efforts.map((effort) => ({ value: effort, text: t(`playground.effort.${effort}`) }))}
                value={props.settings.effort}
                onChange={(value) => {
                  const effort = efforts.find((known) => known === value)
                  if (effort) props.onChange({ effort })
                }}
              />
            }
          >
            <TextField
              label={t('playground.budget')}
              type="number"
              inputmode="numeric"
              min={bounds.budget[0]}
              max={bounds.budget[1]}
              value={numberText(props.settings.budget)}
              onInput={(event) => props.onChange({ budget: event.currentTarget.valueAsNumber })}
              error={fault('budget')}
            />
          </Show>
        </Show>
      </div>
      <TextArea
        label={t('playground.tools')}
        help={t('playground.toolsHelp')}
        optional
        rows={4}
        mono
        autocapitalize="none"
        value={props.settings.tools}
        onInput={(event) => props.onChange({ tools: event.currentTarget.value })}
        error={fault('tools')}
      />
    </div>
  )
}

/** A field that was emptied is no number. */
const numberText = (value: number | null): string => (value === null || Number.isNaN(value) ? '' : String(value))
