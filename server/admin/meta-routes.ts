import { Elysia } from 'elysia'
import { productName } from '../config/build.ts'
import { deletedKeptMs } from '../store/deleted.ts'
import { maxImportBytes, maxImportItems } from '../upstream/amazonq/import.ts'
import { largestPage } from './account-list.ts'
import { maxBodyBytes } from './body.ts'
import { AccountBatch } from './contract/jobs.ts'
import type { MetaView } from './contract/meta.ts'
import { sessionIdOf } from './cookie.ts'
import type { AdminDeps } from './deps.ts'
import { mostStreams } from './event-streams.ts'
import { jobLimits } from './job-board.ts'
import { mostRows } from './log-query.ts'
import type { Operator } from './operator.ts'
import { askedOf, isAtTheMachine } from './origin.ts'
import { resetCommandOf } from './persons.ts'
import { reachedOf } from './reached.ts'
import { settingIn } from './settings-table.ts'

const languages = ['en', 'zh-cn']

/** What a client must know before it shows anything: openly what anybody may know, the rest to who is signed in. */
export function metaRoutes(deps: AdminDeps, operator: Operator) {
  const open = async (request: Request, signedIn: boolean): Promise<MetaView> => {
    const [from, asked] = [deps.peerOf(request), askedOf(request)]
    return {
      name: productName,
      languages,
      demo: deps.demo !== undefined,
      setup: {
        open: await deps.passwords.isFirst(),
        code_required: !signedIn && (await operator.needsSetupCode(from, asked)),
      },
      named_sign_in: (await deps.store.operators.list()).some(({ enabled }) => enabled),
      signed_in: signedIn,
      ...(deps.demo === undefined ? { reset_command: resetCommandOf(deps, request) } : {}),
    }
  }
  const whole = async (request: Request): Promise<MetaView> => {
    const stored = await deps.store.settings.all()
    const { loopback, forwarded } = deps.peerOf(request)
    return {
      ...(await open(request, true)),
      version: deps.version,
      features: {
        responses: true,
        same_host: loopback && !forwarded && isAtTheMachine(deps.peerOf(request), askedOf(request)),
        soft_delete: true,
        schedule: false,
        test_chat: deps.testChat !== undefined,
        test_mode: deps.testMode !== undefined,
      },
      time_zone: String(settingIn(stored, 'timezone')),
      system_time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      time_zones: Intl.supportedValuesOf('timeZone'),
      limits: {
        body_bytes: maxBodyBytes,
        import_bytes: maxImportBytes,
        import_items: maxImportItems,
        batch_items: AccountBatch.properties.ids.maxItems ?? 0,
        accounts: Number(settingIn(stored, 'max_accounts')),
        page_rows: largestPage,
        log_rows: mostRows,
        jobs: jobLimits.running,
        streams: mostStreams,
        deleted_days: deletedKeptMs / 86_400_000,
      },
      locked_settings: ['port'],
      reached: reachedOf(request, deps.peerOf(request), deps.lanUrls?.() ?? []),
    }
  }
  return new Elysia()
    .get('/api/meta', async ({ request }): Promise<MetaView> => {
      const known = await operator.bySession(sessionIdOf(request.headers.get('cookie')))
      return known === undefined || known.session.mustChangePassword ? open(request, false) : whole(request)
    })
    .get('/v2/meta', ({ request }) => whole(request))
}
