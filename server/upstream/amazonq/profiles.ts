import type { GatewayError } from '../../conversation/error.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { type ControlDeps, type ControlFault, callControlPages } from './control-call.ts'
import type { Access } from './credentials.ts'
import { controlUrl, profileRegions, regionOfArn } from './endpoint.ts'
import { membersOf, textOf } from './json-call.ts'

/** A company's subscription the sign-in belongs to; its ARN decides the API region. */
export type Profile = { readonly arn: string; readonly name: string; readonly region: string; readonly active: boolean }

const operation = { name: 'ListAvailableProfiles', method: 'POST', path: '/ListAvailableProfiles' } as const

/** `isBuilderId`: the provider says that this sign-in is one, which has no profiles. */
export type ProfileAnswer = { readonly profiles: readonly Profile[]; readonly isBuilderId: boolean }

/** The profiles of both regions; a Builder ID has none, which is no error. */
export async function listProfiles(
  deps: ControlDeps,
  access: Access,
): Promise<Result<readonly Profile[], GatewayError>> {
  const answer = await askForProfiles(deps, access)
  return answer.ok ? ok(answer.value.profiles) : answer
}

/** The same, and whether it is a Builder ID. A region that fails counts only when the other one knew no profile. */
export async function askForProfiles(deps: ControlDeps, access: Access): Promise<Result<ProfileAnswer, GatewayError>> {
  // One base URL may stand for both regions (UPSTREAM_Q_URL): then it is asked once.
  const regions = [...new Map(profileRegions.map((region) => [controlUrl(deps.settings, region), region])).values()]
  const answers = await Promise.all(
    regions.map((region) => callControlPages(deps, access, region, operation, { maxResults: 10 })),
  )
  const profiles = answers
    .flatMap((answer) => (answer.ok ? answer.value : []))
    .flatMap((page) => (Array.isArray(page.profiles) ? page.profiles : []))
    .flatMap(profileOf)
  const found = [...new Map(profiles.map((profile) => [profile.arn, profile])).values()]
  if (found.length > 0) return ok({ profiles: found, isBuilderId: false })
  const fault = answers.map((answer) => (answer.ok ? undefined : answer.error)).find((one) => one && !isBuilderId(one))
  if (fault !== undefined) return err(fault.error)
  return ok({ profiles: [], isBuilderId: answers.some((answer) => !answer.ok && isBuilderId(answer.error)) })
}

/** The profile to use without asking: an active one, rather on the continent the person signs in on. */
export function chooseProfile(profiles: readonly Profile[], identityRegion: string): Profile | undefined {
  const near = identityRegion.startsWith('eu-') ? 'eu-central-1' : 'us-east-1'
  const active = profiles.filter((profile) => profile.active)
  return active.find((profile) => profile.region === near) ?? active[0]
}

const isBuilderId = ({ status, text }: ControlFault): boolean => status === 403 && /builder id/i.test(text)

function profileOf(value: unknown): readonly Profile[] {
  const { arn, profileName, status } = membersOf(value)
  const text = textOf(arn)
  const region = regionOfArn(text)
  if (text === undefined || region === undefined || text.length > 950) return []
  return [{ arn: text, name: textOf(profileName) ?? text, region, active: status === undefined || status === 'ACTIVE' }]
}
