import { useMutation, useQueryClient } from '@tanstack/solid-query'
import Download from 'lucide-solid/icons/download'
import EllipsisVertical from 'lucide-solid/icons/ellipsis-vertical'
import RotateCcw from 'lucide-solid/icons/rotate-ccw'
import Trash2 from 'lucide-solid/icons/trash'
import { createSignal } from 'solid-js'
import type { BackupFileView } from '../../../../server/admin/contract/backup.ts'
import { care } from '../../api/care.ts'
import { errorText } from '../../api/error-text.ts'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { Glyph } from '../../components/glyph.tsx'
import { Menu, MenuItem } from '../../components/menu.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { saveFrom } from '../../lib/save-file.ts'
import { useFreshPassword } from '../fresh-password/fresh-password.tsx'

type Row = BackupFileView & { readonly id: string }

/** What lies on the server: to be fetched, restored, deleted. */
export function Copies(props: {
  readonly copies: readonly BackupFileView[]
  readonly onRestore: (copy: BackupFileView) => void
}) {
  const { t, format } = useI18n()
  const client = useQueryClient()
  const confirmed = useFreshPassword()
  const now = createClock(30_000)
  const [open, setOpen] = createSignal(false)
  const [subject, setSubject] = createSignal<BackupFileView>()
  const rows = (): readonly Row[] => props.copies.map((copy) => ({ ...copy, id: copy.name }))
  const remove = useMutation(() => ({
    mutationFn: (copy: BackupFileView) => care.removeCopy(copy.name),
    onSuccess: (_answer, { name }) => {
      setOpen(false)
      showToast({ tone: 'info', text: t('backup.deleted', { name }) })
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['backup'] }),
  }))
  const fetchCopy = async (copy: BackupFileView): Promise<void> => {
    try {
      if (await confirmed()) saveFrom(care.copyAddress(copy.name), copy.name)
    } catch (error) {
      showToast({ tone: 'error', text: t('backup.downloadFailed'), detail: errorText(error, t) })
    }
  }
  const Actions = (row: { readonly copy: BackupFileView }) => (
    <div class="inline-flex items-center gap-1">
      <Button
        look="quiet"
        icon={RotateCcw}
        aria-label={t('backup.restoreNamed', { name: row.copy.name })}
        onClick={() => props.onRestore(row.copy)}
      >
        {t('backup.restoreThis')}
      </Button>
      <Menu
        label={t('common.more', { name: row.copy.name })}
        triggerClass="control-square inline-flex items-center justify-center rounded-md text-text-2 hover:bg-surface-2"
        trigger={<Glyph icon={EllipsisVertical} size={16} />}
      >
        <MenuItem icon={Download} text={t('backup.download')} onSelect={() => void fetchCopy(row.copy)} />
        <MenuItem
          icon={Trash2}
          text={t('backup.delete')}
          danger
          onSelect={() => {
            remove.reset()
            setSubject(row.copy)
            setOpen(true)
          }}
        />
      </Menu>
    </div>
  )
  return (
    <>
      <DataTable
        items={rows()}
        main
        columns={[
          { text: t('backup.column.time'), value: ({ created_at }) => created_at },
          { text: t('backup.column.kind') },
          { text: t('backup.column.size'), class: 'text-right', value: ({ bytes }) => bytes },
        ]}
        actions={t('backup.column.actions')}
        cells={(copy) => (
          <>
            <td class="px-3">
              <TimeAgo at={copy.created_at} now={now} never="" />
              <span class="wrap-anywhere block font-mono text-12 text-text-3">{copy.name}</span>
            </td>
            <td class="px-3">{t(`backup.kind.${copy.kind}`)}</td>
            <td class="numbers whitespace-nowrap px-3 text-right">{format().bytes(copy.bytes)}</td>
            <td class="px-3 text-right">
              <Actions copy={copy} />
            </td>
          </>
        )}
        card={(copy) => (
          <>
            <div>
              <TimeAgo at={copy.created_at} now={now} never="" />
              <span class="wrap-anywhere block font-mono text-12 text-text-3">{copy.name}</span>
              <p class="numbers text-12 text-text-3">
                {t(`backup.kind.${copy.kind}`)} · {format().bytes(copy.bytes)}
              </p>
            </div>
            <Actions copy={copy} />
          </>
        )}
      />
      <ConfirmDialog
        open={open()}
        onClose={() => setOpen(false)}
        title={t('backup.deleteTitle')}
        text={t('backup.deleteText', { name: subject()?.name ?? '' })}
        action={t('backup.deleteAction')}
        busy={remove.isPending}
        error={remove.error ? `${t('backup.deleteFailed')} ${errorText(remove.error, t)}` : undefined}
        onConfirm={() => {
          const copy = subject()
          if (copy) remove.mutate(copy)
        }}
      />
    </>
  )
}
