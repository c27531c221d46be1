import { type ImportItem, parseItem } from './import-item.ts'
import { membersOf, parseJson, textOf } from './json-call.ts'

/** Rows of a command-line client's database: table `auth_kv` and table `state`, both as text by key. */
export type CliRows = { readonly auth: ReadonlyMap<string, string>; readonly state: ReadonlyMap<string, string> }

const prefixes = ['codewhisperer', 'kirocli'] as const
// The first spelling is the clients' own mistake and the one in use.
const protocols = ['odic', 'oidc'] as const

/** The sign-ins in an Amazon Q CLI or kiro-cli database. An empty list when nobody is signed in there. */
export function parseCliRows({ auth, state }: CliRows): readonly ImportItem[] {
  const objectAt = (rows: ReadonlyMap<string, string>, key: string): Readonly<Record<string, unknown>> | undefined => {
    const text = rows.get(key)
    return text === undefined ? undefined : membersOf(parseJson(text))
  }
  const profileArn = objectAt(state, 'api.codewhisperer.profile')?.arn
  const found = prefixes.flatMap((prefix) => {
    const oidc = protocols.flatMap((protocol) => {
      const token = objectAt(auth, `${prefix}:${protocol}:token`)
      if (token === undefined) return []
      const registration = [protocol, ...protocols]
        .map((one) => objectAt(auth, `${prefix}:${one}:device-registration`))
        .find((one) => one !== undefined)
      return [
        {
          ...token,
          method: 'idc',
          client_id: registration?.client_id,
          client_secret: registration?.client_secret,
          client_secret_expires_at: registration?.client_secret_expires_at,
          region: token.region ?? registration?.region ?? jsonText(state.get('auth.idc.region')),
          start_url: token.start_url ?? jsonText(state.get('auth.idc.start-url')),
          profile_arn: token.profile_arn ?? profileArn,
        },
      ]
    })
    const social = objectAt(auth, `${prefix}:social:token`)
    const external = objectAt(auth, `${prefix}:external-idp:token`)
    return [
      ...oidc,
      ...(social === undefined ? [] : [{ ...social, method: 'social' }]),
      ...(external === undefined ? [] : [{ ...external, auth_method: 'external_idp', method: undefined }]),
    ]
  })
  return found.map((item, index) => parseItem(item, { index }))
}

const jsonText = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : (textOf(parseJson(text)) ?? textOf(text))
