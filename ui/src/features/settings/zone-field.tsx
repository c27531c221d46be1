import { useQuery } from '@tanstack/solid-query'
import { dataOf, queries } from '../../api/queries.ts'
import { Combobox, type Option } from '../../components/combobox.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { zoneNamed } from './zone.ts'

/** A time zone by its name; empty: that of the server's system, which is named. */
export default function ZoneField(props: {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly disabled: boolean
}) {
  const { t } = useI18n()
  const meta = useQuery(() => queries.meta())
  const option = (zone: string): Option => ({ value: zone, text: zone })
  const options = (): readonly Option[] => {
    const known = dataOf(meta)?.time_zones ?? []
    return (props.value === '' || known.includes(props.value) ? known : [props.value, ...known]).map(option)
  }
  return (
    <Combobox
      label={props.label}
      quiet
      placeholder={t('settings.zoneSystem', { zone: dataOf(meta)?.system_time_zone ?? '…' })}
      options={options()}
      own={(typed) => {
        const zone = zoneNamed(typed)
        return zone === undefined ? undefined : option(zone)
      }}
      value={props.value || undefined}
      onChange={(zone) => props.onChange(zone ?? '')}
      disabled={props.disabled}
    />
  )
}
