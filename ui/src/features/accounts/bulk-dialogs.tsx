import { createSignal } from 'solid-js'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { noProxy, type ProxyChoice } from './proxy-choice.ts'
import { ProxySelect } from './proxy-select.tsx'

type Props = {
  readonly open: 'proxy' | 'weight' | undefined
  readonly count: number
  readonly proxies: readonly ProxyChoice[]
  readonly onClose: () => void
  readonly onProxy: (id: string | null) => void
  readonly onWeight: (weight: number) => void
}

/** One value for all that are chosen. */
export default function BulkDialogs(props: Props) {
  const { t, format } = useI18n()
  const [proxy, setProxy] = createSignal<string>(noProxy)
  const [weight, setWeight] = createSignal('1')
  const [tried, setTried] = createSignal(false)
  const number = (): number | undefined => {
    const value = Number(weight())
    return Number.isInteger(value) && value >= 1 && value <= 100 ? value : undefined
  }
  const count = () => ({ count: format().number(props.count) })
  return (
    <>
      <Dialog open={props.open === 'proxy'} onClose={props.onClose} title={t('accounts.bulk.proxyTitle', count())}>
        <form
          class="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            props.onProxy(proxy() === noProxy ? null : proxy())
          }}
        >
          <ProxySelect proxies={props.proxies} value={proxy()} onChange={setProxy} />
          <FormActions submit={t('common.save')} busy={false} onCancel={props.onClose} />
        </form>
      </Dialog>
      <Dialog open={props.open === 'weight'} onClose={props.onClose} title={t('accounts.bulk.weightTitle', count())}>
        <form
          class="flex flex-col gap-4"
          novalidate
          onSubmit={(event) => {
            event.preventDefault()
            setTried(true)
            const value = number()
            if (value !== undefined) props.onWeight(value)
          }}
        >
          <TextField
            label={t('accounts.weight')}
            help={t('accounts.weightHelp')}
            inputmode="numeric"
            value={weight()}
            onInput={(event) => setWeight(event.currentTarget.value.trim())}
            error={tried() && number() === undefined ? t('accounts.weightFault') : undefined}
          />
          <FormActions submit={t('common.save')} busy={false} onCancel={props.onClose} />
        </form>
      </Dialog>
    </>
  )
}
