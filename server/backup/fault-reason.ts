import type { RefusalReason } from '../admin/contract/refusal-reasons.ts'

/** What the readers of backups say, by what tells one sentence from another; the first that fits. */
const reasons: readonly (readonly [said: RegExp, reason: RefusalReason])[] = [
  [/^The passphrase needs/, 'passphrase-short'],
  [/is decided already/, 'restore-decided'],
  [/newer version of this program/, 'backup-newer'],
  [/made without secrets|is masked: such an export/, 'backup-masked'],
  [/database of the original/, 'backup-original'],
  [/another program|not the header of a backup|no backup at all|no such file/, 'backup-foreign'],
  [/holds none of what|is no JSON object|^(?:.*: )?backup_version/, 'backup-other'],
  [/all of its parts are empty/, 'backup-hollow'],
  [/(?:is|file is) empty/, 'backup-empty'],
  [/damaged|was cut|not those it was made of|follows its last line|changed or cut/, 'backup-damaged'],
]

/** Why a backup is refused, as a stable word; undefined where only the sentence says it. */
export const faultReason = (message: string): RefusalReason | undefined =>
  reasons.find(([said]) => said.test(message))?.[1]
