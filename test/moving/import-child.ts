// One start on a data folder, to be killed at any moment: what `serve` does before it serves. Usage: import-child.ts FOLDER
import path from 'node:path'
import { openCore } from '../../server/app/core.ts'
import { resolveConfig } from '../../server/config/resolve.ts'
import { realEffects } from '../../server/lib/effects.ts'
import { ok } from '../../server/lib/result.ts'
import { createLogger } from '../../server/observe/log.ts'

const [folder = ''] = process.argv.slice(2)
const resolved = resolveConfig(['--data-dir', path.resolve(folder)], {}, () => ok(undefined), '/')
if (!resolved.ok) throw new Error(resolved.error.message)
const log = createLogger({ level: 'error', format: 'json', write: () => {}, now: realEffects.now })
process.stdout.write('begun\n')
const core = await openCore(resolved.value.config, realEffects, log, '0.0.0')
if (!core.ok) throw new Error(core.error.message)
await core.value.close()
process.stdout.write('done\n')
