import Pencil from 'lucide-solid/icons/pencil'
import Plus from 'lucide-solid/icons/plus'
import { For, Show } from 'solid-js'
import type { ModelList } from '../../../../server/admin/contract/models.ts'
import { MayChange } from '../../api/may-change.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { Priced } from './price-dialog.tsx'
import type { Overrides } from './prices.ts'

type Props = {
  readonly prices: ModelList['prices']
  readonly models: ModelList['models']
  readonly overrides: Overrides
  readonly onEdit: (priced: Priced) => void
}

/** Where the prices are from, and those of one's own for names that stand in no row of the list. */
export function PriceList(props: Props) {
  const { t, format } = useI18n()
  const others = () => Object.entries(props.overrides).filter(([name]) => !props.models.some(({ id }) => id === name))
  const asOf = (): string => {
    const [year = 0, month = 1] = props.prices.as_of.split('-').map(Number)
    return format().month(Date.UTC(year, month - 1, 15))
  }
  return (
    <div class="flex flex-col gap-2 text-13 text-text-2">
      <p>
        {t('models.pricesLead', { date: asOf() })}{' '}
        <a
          href={props.prices.source}
          target="_blank"
          rel="noopener noreferrer nofollow"
          class="wrap-anywhere text-accent-text underline"
        >
          {props.prices.source}
        </a>
      </p>
      <Show when={others().length > 0}>
        <ul class="flex flex-wrap gap-2">
          <For each={others()}>
            {([name, price]) => (
              <li class="forced-border inline-flex items-center gap-2 rounded-md border border-border bg-surface pl-3">
                <span class="wrap-anywhere font-mono text-12">{name}</span>
                <span class="numbers">
                  {format().price(price[0])} / {format().price(price[1])}
                </span>
                <MayChange>
                  <IconButton
                    icon={Pencil}
                    label={t('models.priceTitle', { name })}
                    onClick={() => props.onEdit({ name, price, isOwn: true })}
                  />
                </MayChange>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <MayChange>
        <Button
          icon={Plus}
          class="self-start"
          onClick={() => props.onEdit({ name: '', price: undefined, isOwn: false })}
        >
          {t('models.priceAdd')}
        </Button>
      </MayChange>
    </div>
  )
}
